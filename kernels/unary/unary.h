// Functions of one number, element by element. Composed references are built of them; no production
// path runs them, so they are plain loops of the standard library's functions, on CUDA of CUDA's.
//
//   exponential e^x,  logarithm ln x,  square_root x^(1/2),  reciprocal 1 / x
//
// Elements are independent: results do not depend on the number of threads.
#pragma once

#include <string>

#include "kernels/common/context.h"
#include "kernels/common/view.h"

namespace ebb::kernels {

enum class UnaryFunction { exponential, logarithm, square_root, reciprocal };

/// output = function(input). Dense, of one dtype: f32 or f64; on CUDA f32, bf16 or f16.
struct UnaryForward {
  UnaryFunction function = UnaryFunction::exponential;
  ConstView input;
  View output;  // as input, which it may be
};

/// grad_input = function'(input) * grad_output. Dense, of one dtype, as forward.
struct UnaryBackward {
  UnaryFunction function = UnaryFunction::exponential;
  ConstView input;
  ConstView output;  // what the forward direction gave
  ConstView grad_output;
  View grad_input;  // as input; may be grad_output
};

/// Empty when the device can compute these functions in `dtype`, else the reason why not.
std::string unary_unsupported(Device device, DType dtype);

/// Throws Error on operands that do not fit, UnsupportedError where unary_unsupported says so.
void unary(Context& context, const UnaryForward& parameters);
void unary_backward(Context& context, const UnaryBackward& parameters);

}  // namespace ebb::kernels
