// What each backend of the linear layer provides; operands are checked already.
#pragma once

#include "kernels/linear/linear.h"

namespace ebb::kernels::cpu {

void linear(Context& context, const LinearForward& parameters);
void linear_backward(Context& context, const LinearBackward& parameters);

/// The products of the backward direction in bf16. `gradient` is that of pre_activation.
void linear_backward_bf16(Context& context, const LinearBackward& parameters,
                          const ConstView& gradient);
/// output = input · weightᵀ in f32, on the calling thread.
void linear_product(const ConstView& input, const ConstView& weight, const View& output);
/// output = the product of a block of rows in bf16.
void linear_product_bf16(Context& context, const LinearForward& block, const View& output);

}  // namespace ebb::kernels::cpu

namespace ebb::kernels::cuda {

void linear(Context& context, const LinearForward& parameters);
void linear_backward(Context& context, const LinearBackward& parameters);

}  // namespace ebb::kernels::cuda
