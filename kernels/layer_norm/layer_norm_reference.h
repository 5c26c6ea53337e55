// Layer normalisation as plain loops: the f64 oracle, the same-dtype yardstick of the error rule,
// and the CPU implementation of f64.
#pragma once

#include <cmath>
#include <cstdint>

#include "kernels/layer_norm/layer_norm.h"

namespace ebb::kernels::reference {

template <class T>
void layer_norm(const LayerNormForward& p) {
  const std::int64_t columns = p.input.shape[-1];
  const std::int64_t rows = columns == 0 ? 0 : p.input.elements() / columns;
  const T* gamma = p.gamma.as<T>();
  const T* beta = p.beta.as<T>();
  for (std::int64_t row = 0; row < rows; ++row) {
    const std::int64_t start = row * columns;
    const T* x = p.input.as<T>() + start;
    if (p.residual.present()) {
      const T* residual = p.residual.as<T>() + start;
      T* sum = p.sum.as<T>() + start;
      for (std::int64_t i = 0; i < columns; ++i) {
        const T factor =
            p.dropout.active() ? static_cast<T>(dropout_factor(p.dropout, start + i)) : T{1};
        sum[i] = residual[i] + factor * x[i];
      }
      x = sum;
    }
    T mean = 0;
    for (std::int64_t i = 0; i < columns; ++i) mean += x[i];
    mean /= static_cast<T>(columns);
    T variance = 0;
    for (std::int64_t i = 0; i < columns; ++i) variance += (x[i] - mean) * (x[i] - mean);
    variance /= static_cast<T>(columns);
    const T inverse_deviation = 1 / std::sqrt(variance + static_cast<T>(p.epsilon));
    T* output = p.output.as<T>() + start;
    for (std::int64_t i = 0; i < columns; ++i) {
      output[i] = (x[i] - mean) * inverse_deviation * gamma[i] + beta[i];
    }
    if (p.mean.present()) p.mean.as<T>()[row] = mean;
    if (p.inverse_deviation.present()) p.inverse_deviation.as<T>()[row] = inverse_deviation;
  }
}

template <class T>
void layer_norm_backward(const LayerNormBackward& p) {
  const std::int64_t columns = p.sum.shape[-1];
  const std::int64_t rows = columns == 0 ? 0 : p.sum.elements() / columns;
  const T* gamma = p.gamma.as<T>();
  T* grad_gamma = p.grad_gamma.as<T>();
  T* grad_beta = p.grad_beta.as<T>();
  for (std::int64_t i = 0; i < columns; ++i) {
    if (!p.accumulate_gamma) grad_gamma[i] = 0;
    if (!p.accumulate_beta) grad_beta[i] = 0;
  }
  for (std::int64_t row = 0; row < rows; ++row) {
    const std::int64_t start = row * columns;
    const T* x = p.sum.as<T>() + start;
    const T* grad_output = p.grad_output.as<T>() + start;
    const T mean = p.mean.as<T>()[row];
    const T inverse_deviation = p.inverse_deviation.as<T>()[row];
    T mean_g = 0;
    T mean_gn = 0;
    for (std::int64_t i = 0; i < columns; ++i) {
      const T normalized = (x[i] - mean) * inverse_deviation;
      const T g = grad_output[i] * gamma[i];
      mean_g += g;
      mean_gn += g * normalized;
      grad_gamma[i] += grad_output[i] * normalized;
      grad_beta[i] += grad_output[i];
    }
    mean_g /= static_cast<T>(columns);
    mean_gn /= static_cast<T>(columns);
    for (std::int64_t i = 0; i < columns; ++i) {
      const T normalized = (x[i] - mean) * inverse_deviation;
      T gradient = inverse_deviation * (grad_output[i] * gamma[i] - mean_g - normalized * mean_gn);
      if (p.grad_sum.present()) gradient += p.grad_sum.as<T>()[start + i];
      p.grad_residual.as<T>()[start + i] = gradient;
      if (p.dropout.active()) {
        p.grad_input.as<T>()[start + i] =
            gradient * static_cast<T>(dropout_factor(p.dropout, start + i));
      }
    }
  }
}

}  // namespace ebb::kernels::reference
