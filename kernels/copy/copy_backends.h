// What each backend of copy provides; operands are checked already.
#pragma once

#include "kernels/copy/copy.h"

namespace ebb::kernels::cpu {

void copy(Context& context, const Copy& parameters);

}  // namespace ebb::kernels::cpu

namespace ebb::kernels::cuda {

void copy(Context& context, const Copy& parameters);

}  // namespace ebb::kernels::cuda
