// Layer normalisation, with the residual addition and dropout that precede it fused in.
//
//   sum    = residual + dropout(input)            (sum = input without a residual)
//   output = (sum - mean) / sqrt(variance + epsilon) * gamma + beta
//
// per row of the last dimension, with the biased variance, found in two passes over the row.
// Source: Ba, Kiros, Hinton, "Layer Normalization", 2016.
//
// Statistics accumulate in f32 (f64 for f64 operands). Results do not depend on the number of
// threads: rows are independent, and the sums over rows of grad_gamma and grad_beta are taken over
// fixed blocks of rows, which are added in order.
#pragma once

#include "kernels/common/context.h"
#include "kernels/common/philox.h"
#include "kernels/common/view.h"

namespace ebb::kernels {

/// Operands of the forward direction. All dense, of one dtype: f32 or f64, on CUDA f32, bf16 or
/// f16; mean and inverse_deviation in f32 beside bf16 and f16.
struct LayerNormForward {
  ConstView input;      // [..., columns]
  ConstView residual;   // optional, as input
  DropoutSpec dropout;  // of input, before the residual is added; needs a residual
  ConstView gamma;      // [columns]
  ConstView beta;       // [columns]
  double epsilon = 1e-5;
  View sum;     // as input; needed exactly when there is a residual
  View output;  // as input; may not overlap the others
  View mean;    // [rows], rows = elements / columns; optional, what the backward direction needs
  View inverse_deviation;  // [rows]; optional, 1 / sqrt(variance + epsilon)
};

/// Operands of the backward direction. All dense, of the dtypes of the forward one.
///
///   n = (sum - mean) * inverse_deviation,  g = grad_output * gamma
///   grad_sum_total = grad_sum + inverse_deviation * (g - mean(g) - n * mean(g * n))
struct LayerNormBackward {
  ConstView sum;  // [..., columns]: what was normalised
  ConstView gamma;
  ConstView mean;
  ConstView inverse_deviation;
  ConstView grad_output;  // as sum
  ConstView grad_sum;     // optional, as sum: gradient that reaches the sum on its other path
  DropoutSpec dropout;    // as in the forward direction
  View grad_residual;     // as sum: gradient of the sum, which is also that of the residual
  View grad_input;        // as sum; needed exactly when dropout is active: gradient of the input
  View grad_gamma;        // [columns]
  View grad_beta;         // [columns]
  bool accumulate_gamma = false;  // add to grad_gamma instead of overwriting it
  bool accumulate_beta = false;   // likewise
};

/// Empty when the device can run layer normalisation on `dtype`, else the reason why not.
std::string layer_norm_unsupported(Device device, DType dtype);

/// Throws Error on operands that do not fit, UnsupportedError where layer_norm_unsupported says so.
void layer_norm(Context& context, const LayerNormForward& parameters);
void layer_norm_backward(Context& context, const LayerNormBackward& parameters);

}  // namespace ebb::kernels
