// The gradient's norm as plain loops: the oracle.
#pragma once

#include <algorithm>
#include <cstdint>

#include "kernels/gradient_norm/gradient_norm_backends.h"

namespace ebb::kernels::reference {

template <class T>
void gradient_norm(const GradientNorm& p) {
  const std::int64_t n = p.gradient.elements();
  const std::int64_t size = gradient_norm_part_size(n);
  for (std::int64_t part = 0; part < p.squares.elements(); ++part) {
    double sum = 0.0;
    for (std::int64_t i = part * size; i < std::min(n, (part + 1) * size); ++i) {
      const auto value = static_cast<double>(p.gradient.as<T>()[i]);
      sum += value * value;
    }
    p.squares.as<double>()[part] = sum;
  }
}

}  // namespace ebb::kernels::reference
