// Clipping a gradient by its global norm, where the gradient lies: optimisers take the partial sums
// that kernels/gradient_norm/ left there, so that on CUDA the host reads nothing.
#pragma once

#include <cmath>

#include "kernels/common/check.h"
#include "kernels/common/view.h"

namespace ebb {

/// The factor that limits a gradient of `norm` to `limit`; 1 when it is shorter, or limit is 0, or
/// norm is NaN.
constexpr double clipping_scale(double norm, double limit) {
  return limit > 0.0 && norm > limit ? limit / norm : 1.0;
}

namespace kernels {

/// With g = gradient * gradient_scale and norm = gradient_scale * sqrt(sum of squares), g is
/// multiplied by clipping_scale(norm, limit) too. Without squares nothing is clipped.
struct Clipping {
  ConstView squares;   // f64 [any], optional: what gradient_norm() made of the gradient
  double limit = 0.0;  // 0: none
  View norm;           // f64 [1], optional, overwritten: the norm before clipping
};

inline void check_clipping(const OperandCheck& check, const Clipping& clipping) {
  const Shape& shape = clipping.squares.shape;
  if (clipping.squares.present()) {
    check.dense("squares", clipping.squares, DType::f64, shape, "any length");
  }
  if (clipping.norm.present()) {
    check.present("squares", clipping.squares);
    check.dense("norm", clipping.norm, DType::f64, {1}, "one number");
  }
}

/// What gradients are multiplied by, gradient_scale included; writes clipping.norm. On the host.
inline double clipped_scale(const Clipping& clipping, double gradient_scale) {
  if (!clipping.squares.present()) return gradient_scale;
  double sum = 0.0;
  for (std::int64_t i = 0; i < clipping.squares.elements(); ++i) {
    sum += clipping.squares.as<double>()[i];
  }
  const double norm = gradient_scale * std::sqrt(sum);
  if (clipping.norm.present()) *clipping.norm.as<double>() = norm;
  return gradient_scale * clipping_scale(norm, clipping.limit);
}

}  // namespace kernels
}  // namespace ebb
