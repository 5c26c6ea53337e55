// A linear layer with its epilogue fused in:
//
//   output     = factor activation(input · weightᵀ + bias)      factor: dropout's
//   derivative = factor activation'(input · weightᵀ + bias)     kept for the backward direction
//
// The epilogue runs on blocks of rows while they are in cache, so that activations pass through
// memory once. Accumulated in f32 (f64 for f64). Results do not depend on the number of threads.
#pragma once

#include "kernels/activation/activation.h"
#include "kernels/common/context.h"
#include "kernels/common/philox.h"
#include "kernels/common/view.h"

namespace ebb::kernels {

/// Operands of the forward direction. All dense, of one dtype: f32 or f64.
struct LinearForward {
  ConstView input;   // [rows, in]
  ConstView weight;  // [out, in]
  ConstView bias;    // [out], optional
  Activation activation = Activation::identity;
  DropoutSpec dropout;
  View derivative;  // [rows, out]; optional, needed by the backward direction unless all ones
  View output;      // [rows, out]
};

/// Operands of the backward direction. Gradients that are absent are not computed.
struct LinearBackward {
  ConstView input;                // [rows, in]
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
};

/// Empty when the device can run a linear layer on `dtype`, else the reason why not.
std::string linear_unsupported(Device device, DType dtype);

/// Throws Error on operands that do not fit, UnsupportedError where linear_unsupported says so.
void linear(Context& context, const LinearForward& parameters);
void linear_backward(Context& context, const LinearBackward& parameters);

}  // namespace ebb::kernels
