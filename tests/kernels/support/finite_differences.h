// Central differences in f64: what the gradients of f64 kernels are checked with.
#pragma once

#include <algorithm>
#include <cmath>
#include <string_view>

#include <gtest/gtest.h>

#include "tests/kernels/support/buffer.h"

namespace ebb::testing {

/// Compares `gradient` with the central differences of `loss()`, which reads `input`, in every
/// element. Step and tolerance balance truncation (h^2) against rounding (2^-52 / h).
template <class Loss>
void expect_gradient(std::string_view name, const Buffer<double>& gradient, Buffer<double>& input,
                     Loss&& loss) {
  for (std::size_t i = 0; i < input.size(); ++i) {
    const double value = input[i];
    const double step = 1e-5 * std::max(1.0, std::fabs(value));
    input[i] = value + step;
    const double above = loss();
    input[i] = value - step;
    const double below = loss();
    input[i] = value;
    EXPECT_NEAR(gradient[i], (above - below) / (2.0 * step), 1e-9) << name << "[" << i << "]";
  }
}

}  // namespace ebb::testing
