// Reproducible tensors and comparisons for tests of the engine.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numbers>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "engine/autograd/gradient_check.h"
#include "engine/tensor/tensor.h"

namespace ebb::testing {

/// Standard normal numbers times `scale`; f32 holds the rounded values of f64.
inline Tensor random_tensor(const Shape& shape, std::uint64_t seed, DType dtype = DType::f64,
                            double scale = 1.0) {
  Tensor tensor = Tensor::empty(shape, dtype);
  for (std::int64_t i = 0; i < tensor.elements(); ++i) {
    const auto words =
        philox({.seed = seed, .step = 0, .stream = 0}, static_cast<std::uint64_t>(i));
    const double radius = std::sqrt(-2.0 * std::log((words[0] + 1.0) / 4294967297.0));
    const double angle = 2.0 * std::numbers::pi * words[1] / 4294967296.0;
    const auto value = static_cast<float>(scale * radius * std::cos(angle));
    if (dtype == DType::f64) {
      tensor.data<double>()[i] = static_cast<double>(value);
    } else {
      tensor.data<float>()[i] = value;
    }
  }
  return tensor;
}

inline double element(const Tensor& tensor, std::int64_t i) {
  return tensor.dtype() == DType::f64 ? tensor.data<double>()[i]
                                      : static_cast<double>(tensor.data<float>()[i]);
}

/// The largest difference relative to the largest magnitude of `expected`; infinite on other shapes
/// and on NaN. Contiguous tensors only.
inline double relative_difference(const Tensor& actual, const Tensor& expected) {
  if (!actual.defined() || !expected.defined() || actual.shape() != expected.shape()) {
    return std::numeric_limits<double>::infinity();
  }
  double difference = 0.0;
  double magnitude = 1e-30;
  for (std::int64_t i = 0; i < expected.elements(); ++i) {
    const double off = std::fabs(element(actual, i) - element(expected, i));
    if (std::isnan(off)) return std::numeric_limits<double>::infinity();
    difference = std::max(difference, off);
    magnitude = std::max(magnitude, std::fabs(element(expected, i)));
  }
  return difference / magnitude;
}

/// Bit for bit.
inline bool same_bits(const Tensor& first, const Tensor& second) {
  return first.shape() == second.shape() && first.dtype() == second.dtype() &&
         std::memcmp(first.view().data, second.view().data,
                     static_cast<std::size_t>(first.elements()) * size_of(first.dtype())) == 0;
}

/// The gradients of `function` must agree with finite differences.
inline void expect_gradients(const CheckedFunction& function, const std::vector<Tensor>& inputs,
                             const ParameterSet* parameters = nullptr,
                             const PassSettings& settings = {}) {
  Context context({}, 1);
  const GradientCheck check =
      check_gradients(context, function, inputs, parameters, {.settings = settings});
  EXPECT_EQ(check.failure, "") << "largest relative error " << check.largest_error;
  EXPECT_GT(check.checked, 0);
}

/// The output of a computation and the gradients of its inputs under a fixed upstream gradient.
struct Found {
  Tensor output;
  std::vector<Tensor> gradients;
};

/// What is found lies on the CPU, wherever it was computed. `function` must take the device of its
/// own tensors from its pass.
Found run_with_gradients(const CheckedFunction& function, const std::vector<Tensor>& inputs,
                         int threads = 1, Device device = {}, const PassSettings& settings = {});

/// The values in f32.
Tensor as_f32(const Tensor& tensor);

/// Two computations of the same inputs must agree in output and gradients: to 1e-12 in f64, to
/// rounding in f32. `inputs` are f64.
void expect_equal_computations(const CheckedFunction& fused, const CheckedFunction& composed,
                               const std::vector<Tensor>& inputs);

}  // namespace ebb::testing
