// Periodic encoding as plain loops: the f64 oracle, the same-dtype yardstick of the error rule, and
// the CPU implementation of f64.
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>

#include "kernels/periodic_encoding/periodic_encoding.h"

namespace ebb::kernels::reference {

template <class T>
void periodic_encoding(const PeriodicEncodingForward& p) {
  const std::int64_t features = p.input.shape[1];
  const std::int64_t k = p.frequencies.shape[1];
  for (std::int64_t i = 0; i < p.input.elements(); ++i) {
    const T x = p.input.as<T>()[i];
    const T* frequencies = p.frequencies.as<T>() + i % features * k;
    T* output = p.output.as<T>() + i * (2 * k + 1);
    for (std::int64_t j = 0; j < k; ++j) {
      const T turns = frequencies[j] * x;
      const T angle = 2 * std::numbers::pi_v<T> * (turns - std::round(turns));
      output[j] = std::sin(angle);
      output[k + j] = std::cos(angle);
    }
    output[2 * k] = 1;
  }
}

template <class T>
void periodic_encoding_backward(const PeriodicEncodingBackward& p) {
  const std::int64_t features = p.input.shape[1];
  const std::int64_t k = p.frequencies.shape[1];
  T* grad_frequencies = p.grad_frequencies.as<T>();
  if (p.grad_frequencies.present() && !p.accumulate) {
    for (std::int64_t j = 0; j < features * k; ++j) grad_frequencies[j] = 0;
  }
  for (std::int64_t i = 0; i < p.input.elements(); ++i) {
    const std::int64_t first = i % features * k;
    const T x = p.input.as<T>()[i];
    const T* output = p.output.as<T>() + i * (2 * k + 1);
    const T* grad_output = p.grad_output.as<T>() + i * (2 * k + 1);
    T grad_input = 0;
    for (std::int64_t j = 0; j < k; ++j) {
      const T derivative = 2 * std::numbers::pi_v<T> *
                           (grad_output[j] * output[k + j] - grad_output[k + j] * output[j]);
      if (p.grad_frequencies.present()) grad_frequencies[first + j] += x * derivative;
      grad_input += p.frequencies.as<T>()[first + j] * derivative;
    }
    if (p.grad_input.present()) p.grad_input.as<T>()[i] = grad_input;
  }
}

}  // namespace ebb::kernels::reference
