// A linear layer with its epilogue fused in:
//
//   output     = factor activation(input · weightᵀ + bias)      factor: dropout's
//   derivative = factor activation'(input · weightᵀ + bias)     kept for the backward direction
//
// On the CPU the epilogue runs on blocks of rows while they are in cache, and a row of an f32
// output has the same bits whatever rows stand beside it. On CUDA the epilogue runs within our
// kernels of matrix products; with cuBLASLt in its product where it is a bias alone, else as a
// second pass: see matrix_product.h, also for what runs where. Accumulated in f32 (f64 for f64).
// Results do not depend on the number of threads.
//
// With a packed weight, f32 operands are multiplied in bf16 (see bf16_product.h): the input, the
// weight and the gradient of pre_activation are rounded, everything else is as it is in f32.
#pragma once

#include "kernels/activation/activation.h"
#include "kernels/bf16_product/bf16_product.h"
#include "kernels/common/context.h"
#include "kernels/common/philox.h"
#include "kernels/common/view.h"

namespace ebb::kernels {

/// Operands of the forward direction. All dense, of one dtype: f32 or f64; on CUDA f32, bf16 or
/// f16.
struct LinearForward {
  ConstView input;   // [rows, in]
  ConstView weight;  // [out, in]
  ConstView bias;    // [out], optional
  Activation activation = Activation::identity;
  DropoutSpec dropout;
  View derivative;  // [rows, out]; optional, needed by the backward direction unless all ones
  View output;      // [rows, out]
  const PackedMatrix* packed_weight = nullptr;  // weightᵀ, [in, out]: multiply in bf16
  View rounded_input;  // bf16 [rows, in]; optional with packed_weight: the backward one's input
};

/// Operands of the backward direction. Gradients that are absent are not computed.
struct LinearBackward {
  ConstView input;                // [rows, in]; with packed_weight the rounded one, in bf16
  ConstView weight;               // [out, in]
  ConstView derivative;           // [rows, out]; absent: the identity without dropout
  ConstView grad_output;          // [rows, out]
  View grad_pre_activation;       // [rows, out]; scratch, needed with a derivative
  View grad_input;                // [rows, in]
  View grad_weight;               // [out, in]
  View grad_bias;                 // [out]
  bool accumulate_input = false;  // add to the gradient instead of overwriting it, and so on
  bool accumulate_weight = false;
  bool accumulate_bias = false;
  const PackedMatrix* packed_weight = nullptr;  // weight, [out, in]: multiply in bf16
};

/// Empty when the device can run a linear layer on `dtype`, else the reason why not.
std::string linear_unsupported(Device device, DType dtype);

/// Throws Error on operands that do not fit, UnsupportedError where linear_unsupported says so. On
/// CUDA they need workspace for what is rounded to bf16, for products (matrix_product.h), and with
/// cuBLASLt for 4 bytes per element of an output whose epilogue is more than a bias.
void linear(Context& context, const LinearForward& parameters);
void linear_backward(Context& context, const LinearBackward& parameters);

}  // namespace ebb::kernels
