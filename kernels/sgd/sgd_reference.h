// Gradient descent as a plain loop: the f64 oracle, the same-dtype yardstick of the error rule, and
// the CPU implementation of f64.
#pragma once

#include <cstdint>

#include "kernels/sgd/sgd.h"

namespace ebb::kernels::reference {

/// What is constant over the elements of a step, computed in f64.
template <class T>
struct SgdFactors {
  explicit SgdFactors(const SgdUpdate& p) {
    const StepScalars s = p.device_scalars != nullptr ? *p.device_scalars : sgd_scalars(p);
    gradient_scale = static_cast<T>(clipped_scale(p.clipping, s.gradient_scale));
    momentum = static_cast<T>(p.momentum);
    learning_rate = static_cast<T>(s.learning_rate);
    average_share = static_cast<T>(1.0 - s.average_decay);
  }

  T gradient_scale, momentum, learning_rate, average_share;
};

template <class T>
void sgd(const SgdUpdate& p) {
  const SgdFactors<T> f(p);
  for (const Segment& segment : p.segments) {
    const T weight_decay = static_cast<T>(segment.weight_decay);
    for (std::int64_t i = segment.begin; i < segment.begin + segment.count; ++i) {
      T& parameter = p.parameters.as<T>()[i];
      const T gradient = p.gradients.as<T>()[i] * f.gradient_scale + weight_decay * parameter;
      T direction = gradient;
      if (f.momentum != 0) {
        T& buffer = p.momentum_buffer.as<T>()[i];
        buffer = f.momentum * buffer + gradient;
        direction = p.nesterov ? gradient + f.momentum * buffer : buffer;
      }
      parameter -= f.learning_rate * direction;
      if (p.average.present()) {
        T& average = p.average.as<T>()[i];
        average += f.average_share * (parameter - average);
      }
    }
  }
}

}  // namespace ebb::kernels::reference
