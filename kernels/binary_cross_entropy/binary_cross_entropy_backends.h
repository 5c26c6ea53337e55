// What each backend of binary cross-entropy provides; operands are checked already.
#pragma once

#include "kernels/binary_cross_entropy/binary_cross_entropy.h"

namespace ebb::kernels::cpu {

void binary_cross_entropy(Context& context, const BinaryCrossEntropy& parameters);

}  // namespace ebb::kernels::cpu

namespace ebb::kernels::cuda {

void binary_cross_entropy(Context& context, const BinaryCrossEntropy& parameters);

}  // namespace ebb::kernels::cuda
