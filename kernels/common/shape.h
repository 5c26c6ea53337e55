// Extents and strides of a tensor, held in place: no allocation.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>

#include "kernels/common/error.h"

namespace ebb {

inline constexpr int kMaxRank = 6;

/// A short list of extents (elements per dimension, outermost first) or of strides (elements).
class Shape {
 public:
  constexpr Shape() = default;
  constexpr Shape(std::initializer_list<std::int64_t> extents)
      : Shape(std::span<const std::int64_t>(extents.begin(), extents.size())) {}
  constexpr explicit Shape(std::span<const std::int64_t> extents) {
    if (extents.size() > kMaxRank) {
      fail("shape has {} dimensions, at most {} are supported", extents.size(), kMaxRank);
    }
    for (const std::int64_t extent : extents) push_back(extent);
  }

  constexpr int rank() const { return rank_; }
  /// The extent of dimension `i`; a negative `i` counts from the last.
  constexpr std::int64_t operator[](int i) const {
    return extents_[static_cast<std::size_t>(i < 0 ? i + rank_ : i)];
  }
  constexpr std::int64_t& operator[](int i) {
    return extents_[static_cast<std::size_t>(i < 0 ? i + rank_ : i)];
  }
  constexpr void push_back(std::int64_t extent) {
    if (rank_ == kMaxRank) fail("shape would exceed {} dimensions", kMaxRank);
    extents_[static_cast<std::size_t>(rank_++)] = extent;
  }
  constexpr const std::int64_t* begin() const { return extents_.data(); }
  constexpr const std::int64_t* end() const { return extents_.data() + rank_; }

  /// Number of elements: the product of all extents, 1 for a scalar.
  constexpr std::int64_t elements() const {
    std::int64_t product = 1;
    for (const std::int64_t extent : *this) product *= extent;
    return product;
  }

  constexpr bool operator==(const Shape& other) const {
    if (rank_ != other.rank_) return false;
    for (int i = 0; i < rank_; ++i) {
      if ((*this)[i] != other[i]) return false;
    }
    return true;
  }

 private:
  std::array<std::int64_t, kMaxRank> extents_{};
  int rank_ = 0;
};

/// Row-major strides, in elements.
constexpr Shape contiguous_strides(const Shape& shape) {
  Shape strides = shape;
  std::int64_t step = 1;
  for (int i = shape.rank() - 1; i >= 0; --i) {
    strides[i] = step;
    step *= shape[i];
  }
  return strides;
}

/// "[32, 128]", for messages.
inline std::string to_string(const Shape& shape) {
  std::string text = "[";
  for (int i = 0; i < shape.rank(); ++i) {
    if (i != 0) text += ", ";
    text += std::to_string(shape[i]);
  }
  return text + "]";
}

}  // namespace ebb
