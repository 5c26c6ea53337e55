// Mean squared error as a plain loop: the f64 oracle, the same-dtype yardstick of the error rule,
// and the CPU implementation of f64.
#pragma once

#include <cstdint>

#include "kernels/mean_squared_error/mean_squared_error.h"

namespace ebb::kernels::reference {

/// 1 / normalizer, or 0 when there are no elements.
inline double inverse_normalizer(const MeanSquaredError& p) {
  const double normalizer =
      p.normalizer == 0.0 ? static_cast<double>(p.prediction.elements()) : p.normalizer;
  return normalizer == 0.0 ? 0.0 : 1.0 / normalizer;
}

template <class T>
void mean_squared_error(const MeanSquaredError& p) {
  const auto scale = static_cast<T>(inverse_normalizer(p));
  T total = 0;
  for (std::int64_t i = 0; i < p.prediction.elements(); ++i) {
    const T difference = p.prediction.as<T>()[i] - p.target.as<T>()[i];
    total += difference * difference;
    if (p.grad_prediction.present()) p.grad_prediction.as<T>()[i] = 2 * scale * difference;
  }
  *p.loss.as<T>() = total * scale;
}

}  // namespace ebb::kernels::reference
