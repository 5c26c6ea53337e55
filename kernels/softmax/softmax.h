// Softmax over the last dimension.
//
//   output = exp(input - max) / sum(exp(input - max))        per row
//   grad_input = output * (grad_output - sum(grad_output * output))
//
// A row of only -inf, with a +inf or with a NaN gives a row of NaN. Sums accumulate in f32 (f64 for
// f64 operands). Rows are independent, so results do not depend on the number of threads.
#pragma once

#include "kernels/common/context.h"
#include "kernels/common/view.h"

namespace ebb::kernels {

/// Operands of the forward direction. Dense, of one dtype: f32 or f64; on CUDA f32, bf16 or f16.
struct SoftmaxForward {
  ConstView input;  // [..., columns]
  View output;      // as input; may be the input's own memory
};

/// Operands of the backward direction. Dense, of one dtype: f32 or f64; on CUDA f32, bf16 or f16.
struct SoftmaxBackward {
  ConstView output;       // [..., columns]: what the forward direction gave
  ConstView grad_output;  // as output
  View grad_input;        // as output; may be grad_output's own memory
};

/// Empty when the device can run softmax on `dtype`, else the reason why not.
std::string softmax_unsupported(Device device, DType dtype);

/// Throws Error on operands that do not fit, UnsupportedError where softmax_unsupported says so.
void softmax(Context& context, const SoftmaxForward& parameters);
void softmax_backward(Context& context, const SoftmaxBackward& parameters);

}  // namespace ebb::kernels
