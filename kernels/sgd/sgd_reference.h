// Gradient descent as a plain loop: the f64 oracle, the same-dtype yardstick of the error rule, and
// the CPU implementation of f64.
#pragma once

#include <cstdint>

#include "kernels/sgd/sgd.h"

namespace ebb::kernels::reference {

template <class T>
void sgd(const SgdUpdate& p) {
  const T momentum = static_cast<T>(p.momentum);
  for (const Segment& segment : p.segments) {
    const T weight_decay = static_cast<T>(segment.weight_decay);
    for (std::int64_t i = segment.begin; i < segment.begin + segment.count; ++i) {
      T& parameter = p.parameters.as<T>()[i];
      const T gradient =
          p.gradients.as<T>()[i] * static_cast<T>(p.gradient_scale) + weight_decay * parameter;
      T direction = gradient;
      if (momentum != 0) {
        T& buffer = p.momentum_buffer.as<T>()[i];
        buffer = momentum * buffer + gradient;
        direction = p.nesterov ? gradient + momentum * buffer : buffer;
      }
      parameter -= static_cast<T>(p.learning_rate) * direction;
      if (p.average.present()) {
        T& average = p.average.as<T>()[i];
        average += static_cast<T>(1.0 - p.average_decay) * (parameter - average);
      }
    }
  }
}

}  // namespace ebb::kernels::reference
