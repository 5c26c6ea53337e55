// Elementwise operations as plain loops: the f64 oracle, the same-dtype yardstick of the error
// rule, and the CPU implementation of f64; of fill and cast the CPU implementation of every dtype.
#pragma once

#include <cstdint>
#include <limits>
#include <type_traits>

#include "kernels/elementwise/elementwise.h"

namespace ebb::kernels::reference {

template <class T>
void binary(const Binary& p) {
  const std::int64_t period = p.second.elements();
  for (std::int64_t i = 0; i < p.first.elements(); ++i) {
    const T a = p.first.as<T>()[i];
    const T b = p.second.as<T>()[i % period];
    const T results[] = {a + b, a - b, a * b};
    p.output.as<T>()[i] = results[static_cast<int>(p.operation)];
  }
}

template <class T>
void scale(const Scale& p) {
  const T factor = static_cast<T>(p.factor);
  for (std::int64_t i = 0; i < p.input.elements(); ++i) {
    p.output.as<T>()[i] = factor * p.input.as<T>()[i];
  }
}

template <class T>
void accumulate(const Accumulate& p) {
  const T alpha = static_cast<T>(p.alpha);
  for (std::int64_t i = 0; i < p.input.elements(); ++i) {
    p.output.as<T>()[i] += alpha * p.input.as<T>()[i];
  }
}

/// The conversion of one element that Cast documents.
template <class To, class From>
constexpr To convert(From value) {
  if constexpr (std::is_same_v<From, BFloat16> || std::is_same_v<From, Float16>) {
    return convert<To>(to_float(value));
  } else if constexpr (std::is_same_v<To, BFloat16>) {
    return to_bfloat16(static_cast<float>(value));
  } else if constexpr (std::is_same_v<To, Float16>) {
    return to_float16(static_cast<float>(value));
  } else if constexpr (std::is_floating_point_v<To>) {
    return static_cast<To>(value);
  } else {
    using Limits = std::numeric_limits<To>;
    // The largest i64 rounds up as a float, so what reaches the rounded bound saturates.
    if (value != value) return 0;
    if constexpr (std::is_floating_point_v<From>) {
      if (value >= static_cast<From>(Limits::max())) return Limits::max();
      if (value <= static_cast<From>(Limits::min())) return Limits::min();
    } else {
      if (static_cast<std::int64_t>(value) > static_cast<std::int64_t>(Limits::max())) {
        return Limits::max();
      }
      if (static_cast<std::int64_t>(value) < static_cast<std::int64_t>(Limits::min())) {
        return Limits::min();
      }
    }
    return static_cast<To>(value);
  }
}

}  // namespace ebb::kernels::reference
