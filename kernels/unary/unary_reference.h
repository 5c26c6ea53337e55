// Unary functions and their derivatives, one element at a time: the oracle and the CPU
// implementation of both dtypes.
#pragma once

#include <cmath>

#include "kernels/unary/unary.h"

namespace ebb::kernels::reference {

template <class T>
T unary(UnaryFunction function, T x) {
  switch (function) {
    case UnaryFunction::exponential:
      return std::exp(x);
    case UnaryFunction::logarithm:
      return std::log(x);
    case UnaryFunction::square_root:
      return std::sqrt(x);
    case UnaryFunction::reciprocal:
      return 1 / x;
  }
  return x;
}

/// The derivative at `x`, where the function is `y`.
template <class T>
T unary_derivative(UnaryFunction function, T x, T y) {
  switch (function) {
    case UnaryFunction::exponential:
      return y;
    case UnaryFunction::logarithm:
      return 1 / x;
    case UnaryFunction::square_root:
      return 1 / (2 * y);
    case UnaryFunction::reciprocal:
      return -y * y;
  }
  return x;
}

}  // namespace ebb::kernels::reference
