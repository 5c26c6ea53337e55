// What each backend of the unary functions provides; operands are checked already.
#pragma once

#include "kernels/unary/unary.h"

namespace ebb::kernels::cpu {

void unary(Context& context, const UnaryForward& parameters);
void unary_backward(Context& context, const UnaryBackward& parameters);

}  // namespace ebb::kernels::cpu

namespace ebb::kernels::cuda {

void unary(Context& context, const UnaryForward& parameters);
void unary_backward(Context& context, const UnaryBackward& parameters);

}  // namespace ebb::kernels::cuda
