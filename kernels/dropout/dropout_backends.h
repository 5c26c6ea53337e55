// What each backend of dropout provides; operands are checked already.
#pragma once

#include "kernels/dropout/dropout.h"

namespace ebb::kernels::cpu {

void dropout(Context& context, const Dropout& parameters);

}  // namespace ebb::kernels::cpu

namespace ebb::kernels::cuda {

void dropout(Context& context, const Dropout& parameters);

}  // namespace ebb::kernels::cuda
