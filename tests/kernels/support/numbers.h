// Element types of tests: conversion, and inputs that a storage type can hold.
#pragma once

#include <limits>
#include <type_traits>

#include "kernels/common/dtype.h"

namespace ebb::testing {

template <class T>
inline constexpr bool kIsStorage = std::is_same_v<T, BFloat16> || std::is_same_v<T, Float16>;

/// What statistics of T are kept in.
template <class T>
using Statistic = std::conditional_t<kIsStorage<T>, float, T>;

template <class T>
double to_double(T value) {
  if constexpr (kIsStorage<T>) {
    return static_cast<double>(to_float(value));
  } else {
    return static_cast<double>(value);
  }
}

/// `value` rounded to T.
template <class T>
T to_number(double value) {
  if constexpr (std::is_same_v<T, BFloat16>) {
    return to_bfloat16(static_cast<float>(value));
  } else if constexpr (std::is_same_v<T, Float16>) {
    return to_float16(static_cast<float>(value));
  } else {
    return static_cast<T>(value);
  }
}

/// The distance of 1 to the next number above it.
template <class T>
constexpr double epsilon_of() {
  if constexpr (std::is_same_v<T, BFloat16>) return 0x1p-7;
  if constexpr (std::is_same_v<T, Float16>) return 0x1p-10;
  if constexpr (std::is_floating_point_v<T>) return std::numeric_limits<T>::epsilon();
  return 0.0;
}

/// `value` rounded to what `dtype` can hold; as it is for other dtypes than bf16 and f16.
inline double rounded_to(DType dtype, double value) {
  if (dtype == DType::bf16) return to_double(to_number<BFloat16>(value));
  if (dtype == DType::f16) return to_double(to_number<Float16>(value));
  return value;
}

/// While it lives, random inputs of every precision are numbers that `dtype` can hold, so that the
/// oracle, the naive reference and a kernel on that storage type begin with the same values.
class InputGrid {
 public:
  explicit InputGrid(DType dtype) : before_(current()) { current() = dtype; }
  InputGrid(const InputGrid&) = delete;
  InputGrid& operator=(const InputGrid&) = delete;
  ~InputGrid() { current() = before_; }

  static double rounded(double value) { return rounded_to(current(), value); }

 private:
  static DType& current() {
    static DType dtype = DType::f32;
    return dtype;
  }
  DType before_;
};

}  // namespace ebb::testing
