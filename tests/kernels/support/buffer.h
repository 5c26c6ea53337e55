// Operands of kernel tests: reproducible inputs, outputs with guard bands.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "kernels/common/philox.h"
#include "kernels/common/view.h"
#include "tests/kernels/support/numbers.h"
#include "tests/support/test_device.h"

namespace ebb::testing {

/// A dense tensor of `T` in memory of the tested device, which the host reaches too. Filled with
/// NaN (or -1) until written, so that a kernel that leaves an element out is caught. On the CPU
/// guard bands around it fail the test at destruction after a write outside; on CUDA the memory is
/// exact, and who watches the device (the virtual GPU, compute-sanitizer) reports accesses outside.
template <class T>
class Buffer {
 public:
  explicit Buffer(const Shape& shape)
      : shape_(shape),
        guard_(test_device().is_cuda() ? 0 : kGuard),
        memory_(test_memory((size() + 2 * guard_) * sizeof(T))) {
    std::fill_n(start(), size() + 2 * guard_, unwritten());
    std::fill_n(start(), guard_, mark());
    std::fill_n(data() + size(), guard_, mark());
  }
  Buffer(const Shape& shape, const std::vector<T>& values) : Buffer(shape) {
    std::copy(values.begin(), values.end(), data());
  }
  Buffer(const Buffer& other) : Buffer(other.shape_) { std::copy_n(other.data(), size(), data()); }
  Buffer& operator=(const Buffer& other) {
    std::copy_n(other.data(), size(), data());
    return *this;
  }
  ~Buffer() {
    for (std::size_t i = 0; i < guard_; ++i) {
      EXPECT_TRUE(same_bits(start()[i], mark()))
          << "write before the start of " << to_string(shape_);
      EXPECT_TRUE(same_bits(data()[size() + i], mark())) << "write past " << to_string(shape_);
    }
  }

  const Shape& shape() const { return shape_; }
  std::size_t size() const { return static_cast<std::size_t>(shape_.elements()); }
  T* data() { return start() + guard_; }
  const T* data() const { return start() + guard_; }
  T& operator[](std::size_t i) { return data()[i]; }
  const T& operator[](std::size_t i) const { return data()[i]; }
  std::vector<T> values() const { return {data(), data() + size()}; }

  View view() { return {data(), dtype_of<T>, shape_}; }
  ConstView view() const { return {data(), dtype_of<T>, shape_}; }

 private:
  static constexpr std::size_t kGuard = 32;
  static T mark() { return to_number<T>(77); }
  static T unwritten() {
    if constexpr (std::is_integral_v<T>) {
      return static_cast<T>(-1);
    } else {
      return to_number<T>(std::numeric_limits<double>::quiet_NaN());
    }
  }
  static bool same_bits(const T& a, const T& b) { return std::memcmp(&a, &b, sizeof(T)) == 0; }
  T* start() const { return reinterpret_cast<T*>(memory_.get()); }

  Shape shape_;
  std::size_t guard_;
  TestMemory memory_;
};

/// Standard normal numbers (Box-Muller over Philox), the same for every T up to rounding to f32,
/// and such as the InputGrid in force can hold.
template <class T>
Buffer<T> random_normal(const Shape& shape, std::uint64_t seed, double scale = 1.0) {
  Buffer<T> buffer(shape);
  for (std::size_t i = 0; i < buffer.size(); ++i) {
    const auto words = philox({.seed = seed, .step = 0, .stream = 0}, i);
    const double radius = std::sqrt(-2.0 * std::log((words[0] + 1.0) / 4294967297.0));
    const double angle = 6.283185307179586 * words[1] / 4294967296.0;
    const auto value = static_cast<float>(scale * radius * std::cos(angle));
    buffer[i] = to_number<T>(InputGrid::rounded(value));
  }
  return buffer;
}

/// The same values in another precision.
template <class To, class From>
Buffer<To> converted(const Buffer<From>& from) {
  Buffer<To> to(from.shape());
  for (std::size_t i = 0; i < from.size(); ++i) to[i] = to_number<To>(to_double(from[i]));
  return to;
}

/// The transpose of a matrix, without a copy.
inline ConstView transposed(const ConstView& view) {
  return {view.data, view.dtype, Shape{view.shape[1], view.shape[0]},
          Shape{view.strides[1], view.strides[0]}};
}

}  // namespace ebb::testing
