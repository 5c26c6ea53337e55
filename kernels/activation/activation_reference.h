// Activations as plain loops: the f64 oracle, the same-dtype yardstick of the error rule, and the
// CPU implementation of f64.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "kernels/activation/activation.h"

namespace ebb::kernels::reference {

template <class T>
T activate(Activation kind, T x) {
  switch (kind) {
    case Activation::identity:
      return x;
    case Activation::relu:
      return x < 0 ? T{0} : x;
    case Activation::gelu:
      // The products of an infinity with a function that has reached 0 would be NaN.
      if (std::isinf(x)) return x < 0 ? T{0} : x;
      return x * (1 + std::erf(x * static_cast<T>(0.70710678118654752))) / 2;
    case Activation::silu:
      if (std::isinf(x)) return x < 0 ? T{0} : x;
      return x / (1 + std::exp(-x));
  }
  return x;
}

template <class T>
T activation_derivative(Activation kind, T x) {
  switch (kind) {
    case Activation::identity:
      return 1;
    case Activation::relu:
      if (std::isnan(x)) return x;
      return x > 0 ? T{1} : T{0};
    case Activation::gelu: {
      if (std::isinf(x)) return x < 0 ? T{0} : T{1};
      const T density = static_cast<T>(0.39894228040143268) * std::exp(-x * x / 2);
      return (1 + std::erf(x * static_cast<T>(0.70710678118654752))) / 2 + x * density;
    }
    case Activation::silu: {
      if (std::isinf(x)) return x < 0 ? T{0} : T{1};
      const T sigmoid = 1 / (1 + std::exp(-x));
      return sigmoid * (1 + x * (1 - sigmoid));
    }
  }
  return 1;
}

template <class T>
void activation(const ActivationForward& p) {
  const std::int64_t count = p.input.elements();
  const std::int64_t columns = p.bias.present() ? p.bias.elements() : 1;
  for (std::int64_t i = 0; i < count; ++i) {
    T x = p.input.as<T>()[i];
    if (p.bias.present()) x += p.bias.as<T>()[i % columns];
    const T factor = p.dropout.active() ? static_cast<T>(dropout_factor(p.dropout, i)) : T{1};
    if (p.derivative.present()) {
      p.derivative.as<T>()[i] = factor * activation_derivative(p.kind, x);
    }
    p.output.as<T>()[i] = factor * activate(p.kind, x);
  }
}

template <class T>
void activation_backward(const ActivationBackward& p) {
  const std::int64_t count = p.grad_output.elements();
  const std::int64_t columns = p.grad_bias.present() ? p.grad_bias.elements() : 1;
  T* grad_bias = p.grad_bias.as<T>();
  if (p.grad_bias.present() && !p.accumulate) std::fill_n(grad_bias, columns, T{0});
  for (std::int64_t i = 0; i < count; ++i) {
    const T gradient = p.derivative.as<T>()[i] * p.grad_output.as<T>()[i];
    p.grad_input.as<T>()[i] = gradient;
    if (p.grad_bias.present()) grad_bias[i % columns] += gradient;
  }
}

}  // namespace ebb::kernels::reference
