// Operands of kernel tests: reproducible inputs, outputs with guard bands.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "kernels/common/philox.h"
#include "kernels/common/view.h"

namespace ebb::testing {

/// A dense tensor of `T` between guard bands. Filled with NaN (or -1) until written, so that a
/// kernel that leaves an element out is caught; a write outside fails the test at destruction.
template <class T>
class Buffer {
 public:
  explicit Buffer(const Shape& shape)
      : shape_(shape),
        memory_(static_cast<std::size_t>(shape.elements()) + 2 * kGuard, unwritten()) {
    for (std::size_t i = 0; i < kGuard; ++i) memory_[i] = memory_[memory_.size() - 1 - i] = kMark;
  }
  Buffer(const Shape& shape, const std::vector<T>& values) : Buffer(shape) {
    for (std::size_t i = 0; i < values.size(); ++i) memory_[kGuard + i] = values[i];
  }
  Buffer(const Buffer&) = default;
  Buffer& operator=(const Buffer&) = default;
  ~Buffer() {
    for (std::size_t i = 0; i < kGuard; ++i) {
      EXPECT_EQ(memory_[i], kMark) << "write before the start of " << to_string(shape_);
      EXPECT_EQ(memory_[memory_.size() - 1 - i], kMark) << "write past " << to_string(shape_);
    }
  }

  const Shape& shape() const { return shape_; }
  std::size_t size() const { return static_cast<std::size_t>(shape_.elements()); }
  T* data() { return memory_.data() + kGuard; }
  const T* data() const { return memory_.data() + kGuard; }
  T& operator[](std::size_t i) { return data()[i]; }
  const T& operator[](std::size_t i) const { return data()[i]; }
  std::vector<T> values() const { return {data(), data() + size()}; }

  View view() { return {data(), dtype_of<T>, shape_}; }
  ConstView view() const { return {data(), dtype_of<T>, shape_}; }

 private:
  static constexpr std::size_t kGuard = 32;
  static constexpr T kMark = static_cast<T>(77);
  static T unwritten() {
    if constexpr (std::numeric_limits<T>::has_quiet_NaN) {
      return std::numeric_limits<T>::quiet_NaN();
    } else {
      return static_cast<T>(-1);
    }
  }

  Shape shape_;
  std::vector<T> memory_;
};

/// Standard normal numbers (Box-Muller over Philox), the same for every T up to rounding to f32.
template <class T>
Buffer<T> random_normal(const Shape& shape, std::uint64_t seed, double scale = 1.0) {
  Buffer<T> buffer(shape);
  for (std::size_t i = 0; i < buffer.size(); ++i) {
    const auto words = philox({.seed = seed, .step = 0, .stream = 0}, i);
    const double radius = std::sqrt(-2.0 * std::log((words[0] + 1.0) / 4294967297.0));
    const double angle = 6.283185307179586 * words[1] / 4294967296.0;
    buffer[i] = static_cast<T>(static_cast<float>(scale * radius * std::cos(angle)));
  }
  return buffer;
}

/// The same values in another precision.
template <class To, class From>
Buffer<To> converted(const Buffer<From>& from) {
  Buffer<To> to(from.shape());
  for (std::size_t i = 0; i < from.size(); ++i) to[i] = static_cast<To>(from[i]);
  return to;
}

/// The transpose of a matrix, without a copy.
inline ConstView transposed(const ConstView& view) {
  return {view.data, view.dtype, Shape{view.shape[1], view.shape[0]},
          Shape{view.strides[1], view.strides[0]}};
}

}  // namespace ebb::testing
