// AdamW as a plain loop: the f64 oracle, the same-dtype yardstick of the error rule, and the CPU
// implementation of f64.
#pragma once

#include <cmath>
#include <cstdint>

#include "kernels/adamw/adamw.h"

namespace ebb::kernels::reference {

/// What is constant over the elements of a step, computed in f64.
template <class T>
struct AdamWFactors {
  explicit AdamWFactors(const AdamWUpdate& p) {
    const StepScalars s = p.device_scalars != nullptr ? *p.device_scalars : adamw_scalars(p);
    learning_rate = s.learning_rate;
    gradient_scale = static_cast<T>(clipped_scale(p.clipping, s.gradient_scale));
    first_share = static_cast<T>(1.0 - p.beta1);
    second_kept = static_cast<T>(p.beta2);
    second_share = static_cast<T>(1.0 - p.beta2);
    step_size = static_cast<T>(s.learning_rate / s.first_correction);
    inverse_correction = static_cast<T>(1.0 / std::sqrt(s.second_correction));
    epsilon = static_cast<T>(p.epsilon);
    average_share = static_cast<T>(1.0 - s.average_decay);
  }

  T gradient_scale, first_share, second_kept, second_share, step_size, inverse_correction, epsilon,
      average_share;
  double learning_rate;
};

template <class T>
void adamw(const AdamWUpdate& p) {
  const AdamWFactors<T> f(p);
  for (const Segment& segment : p.segments) {
    const T decay = static_cast<T>(f.learning_rate * static_cast<double>(segment.weight_decay));
    for (std::int64_t i = segment.begin; i < segment.begin + segment.count; ++i) {
      T& parameter = p.parameters.as<T>()[i];
      T& first = p.first_moment.as<T>()[i];
      T& second = p.second_moment.as<T>()[i];
      const T gradient = p.gradients.as<T>()[i] * f.gradient_scale;
      parameter -= decay * parameter;
      first += f.first_share * (gradient - first);
      second = f.second_kept * second + f.second_share * gradient * gradient;
      parameter -= f.step_size * first / (std::sqrt(second) * f.inverse_correction + f.epsilon);
      if (p.average.present()) {
        T& average = p.average.as<T>()[i];
        average += f.average_share * (parameter - average);
      }
    }
  }
}

}  // namespace ebb::kernels::reference
