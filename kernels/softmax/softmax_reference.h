// Softmax as plain loops: the f64 oracle, the same-dtype yardstick of the error rule, and the CPU
// implementation of f64.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "kernels/softmax/softmax.h"

namespace ebb::kernels::reference {

template <class T>
void softmax(const SoftmaxForward& p) {
  const std::int64_t columns = p.input.shape[-1];
  const std::int64_t rows = columns == 0 ? 0 : p.input.elements() / columns;
  for (std::int64_t row = 0; row < rows; ++row) {
    const T* input = p.input.as<T>() + row * columns;
    T* output = p.output.as<T>() + row * columns;
    // The order in which std::max_element skips NaN is of no matter: its exponential is NaN.
    const T largest = *std::max_element(input, input + columns);
    T total = 0;
    for (std::int64_t i = 0; i < columns; ++i) {
      output[i] = std::exp(input[i] - largest);
      total += output[i];
    }
    for (std::int64_t i = 0; i < columns; ++i) output[i] /= total;
  }
}

template <class T>
void softmax_backward(const SoftmaxBackward& p) {
  const std::int64_t columns = p.output.shape[-1];
  const std::int64_t rows = columns == 0 ? 0 : p.output.elements() / columns;
  for (std::int64_t row = 0; row < rows; ++row) {
    const T* output = p.output.as<T>() + row * columns;
    const T* grad_output = p.grad_output.as<T>() + row * columns;
    T* grad_input = p.grad_input.as<T>() + row * columns;
    T mean = 0;
    for (std::int64_t i = 0; i < columns; ++i) mean += grad_output[i] * output[i];
    for (std::int64_t i = 0; i < columns; ++i) grad_input[i] = output[i] * (grad_output[i] - mean);
  }
}

}  // namespace ebb::kernels::reference
