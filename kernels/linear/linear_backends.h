// What each backend of the linear layer provides; operands are checked already.
#pragma once

#include "kernels/linear/linear.h"

namespace ebb::kernels::cpu {

void linear(Context& context, const LinearForward& parameters);
void linear_backward(Context& context, const LinearBackward& parameters);

/// The products of the backward direction in bf16. `gradient` is that of pre_activation.
void linear_backward_bf16(Context& context, const LinearBackward& parameters,
                          const ConstView& gradient);
/// The product of a block of rows in bf16, into pre_activation or else output.
void linear_product_bf16(Context& context, const LinearForward& block);

}  // namespace ebb::kernels::cpu
