// Activation functions with the bias addition before them and the dropout after them fused in, in
// one pass over memory.
//
//   output     = factor kind(input + bias)       factor = dropout's: 0 or 1 / (share kept)
//   derivative = factor kind'(input + bias)      kept for the backward direction
//
//   identity(x) = x
//   relu(x)     = max(x, 0)
//   gelu(x)     = x (1 + erf(x / sqrt(2))) / 2       (Hendrycks, Gimpel 2016; the exact form)
//   silu(x)     = x / (1 + exp(-x))                  (Elfwing, Uchibe, Doya 2017)
//
// NaN gives NaN in every function and derivative; gelu and silu are 0 at -inf (their limit) and inf
// at inf. A dropped infinity gives NaN, since dropout multiplies.
//
// On CUDA all is computed in f32 and rounded once.
//
// Results do not depend on the number of threads: elements are independent, and the sum over rows
// of grad_bias is taken over blocks of rows that depend on the shape alone, which are added in
// order.
#pragma once

#include <string>
#include <string_view>

#include "kernels/common/context.h"
#include "kernels/common/philox.h"
#include "kernels/common/view.h"

namespace ebb::kernels {

enum class Activation { identity, relu, gelu, silu };

/// "identity", "relu", "gelu" or "silu".
std::string_view name_of(Activation kind);

/// The inverse of name_of. Throws DataError on another name.
Activation parse_activation(std::string_view name);

/// Operands of the forward direction. All dense, of one dtype: f32 or f64; on CUDA f32, bf16 or
/// f16.
struct ActivationForward {
  ConstView input;  // [..., columns]
  ConstView bias;   // [columns]; optional
  Activation kind = Activation::identity;
  DropoutSpec dropout;  // of the output
  View derivative;      // as input, which it may be; optional, what the backward direction needs
  View output;          // as input, which it may be unless derivative is input too
};

/// Operands of the backward direction. All dense, of one dtype, as forward.
///
///   grad_input = derivative * grad_output
///   grad_bias  = sum over rows of grad_input, before that is rounded to bf16 or f16
///
/// relu'(0) = 0.
struct ActivationBackward {
  ConstView derivative;     // as grad_output
  ConstView grad_output;    // [..., columns]
  View grad_input;          // as grad_output, which it may be
  View grad_bias;           // [columns]; optional
  bool accumulate = false;  // add to grad_bias instead of overwriting it
};

/// Empty when the device can run activations on `dtype`, else the reason why not.
std::string activation_unsupported(Device device, DType dtype);

/// Throws Error on operands that do not fit, UnsupportedError where activation_unsupported says so.
/// The backward direction needs 4 bytes of workspace per column and 256 rows when it has a
/// grad_bias; on CUDA per column and 64 to 256 rows, or 4 KiB per column if that is less.
void activation(Context& context, const ActivationForward& parameters);
void activation_backward(Context& context, const ActivationBackward& parameters);

}  // namespace ebb::kernels
