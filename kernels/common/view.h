// What kernels see of a tensor: a pointer with its element type, extents and strides.
#pragma once

#include <cstdint>
#include <type_traits>

#include "kernels/common/dtype.h"
#include "kernels/common/shape.h"

namespace ebb {

/// A non-owning view. `Pointer` is `void*` (View) or `const void*` (ConstView). A default-made view
/// is absent: kernels take one where a parameter is optional.
template <class Pointer>
struct BasicView {
  Pointer data = nullptr;
  DType dtype = DType::f32;
  Shape shape;
  Shape strides;  // elements between neighbours of each dimension

  BasicView() = default;
  BasicView(Pointer pointer, DType type, const Shape& extents)
      : BasicView(pointer, type, extents, contiguous_strides(extents)) {}
  BasicView(Pointer pointer, DType type, const Shape& extents, const Shape& steps)
      : data(pointer), dtype(type), shape(extents), strides(steps) {}

  /// A mutable view serves wherever a read-only one is asked for.
  template <class Other>
  requires(std::is_same_v<Other, void*>&& std::is_same_v<Pointer, const void*>)
      BasicView(const BasicView<Other>& other)  // NOLINT(google-explicit-constructor)
      : data(other.data), dtype(other.dtype), shape(other.shape), strides(other.strides) {}

  /// Whether the parameter was given.
  bool present() const { return data != nullptr; }

  std::int64_t elements() const { return shape.elements(); }

  /// Row-major without gaps; dimensions of one element may have any stride.
  bool contiguous() const {
    std::int64_t step = 1;
    for (int i = shape.rank() - 1; i >= 0; --i) {
      if (shape[i] != 1 && strides[i] != step) return false;
      step *= shape[i];
    }
    return true;
  }

  /// The first element as `T`. The caller has checked the dtype.
  template <class T>
  auto as() const {
    if constexpr (std::is_same_v<Pointer, void*>) {
      return static_cast<T*>(data);
    } else {
      return static_cast<const T*>(data);
    }
  }
};

using View = BasicView<void*>;
using ConstView = BasicView<const void*>;

}  // namespace ebb
