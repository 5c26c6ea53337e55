// What each backend of cross-entropy provides; operands are checked already, but for the range of
// the targets.
#pragma once

#include "kernels/cross_entropy/cross_entropy.h"

namespace ebb::kernels::cpu {

void cross_entropy(Context& context, const CrossEntropy& parameters);

}  // namespace ebb::kernels::cpu

namespace ebb::kernels::cuda {

void cross_entropy(Context& context, const CrossEntropy& parameters);

}  // namespace ebb::kernels::cuda
