// What each backend of the linear layer provides; operands are checked already.
#pragma once

#include "kernels/linear/linear.h"

namespace ebb::kernels::cpu {

void linear(Context& context, const LinearForward& parameters);
void linear_backward(Context& context, const LinearBackward& parameters);

}  // namespace ebb::kernels::cpu
