// Tensors: a shape and strides over shared storage, and a place on a tape where a gradient is
// wanted.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/tensor/storage.h"
#include "kernels/common/view.h"

namespace ebb {

/// Names the gradient of one tensor on one recording of one tape; index 0 names none.
struct GradientSlot {
  std::uint32_t index = 0;
  std::uint32_t recording = 0;

  explicit operator bool() const { return index != 0; }
  bool operator==(const GradientSlot&) const = default;
};

/// A handle: copies share the data. A default-made tensor is undefined.
class Tensor {
 public:
  Tensor() = default;

  /// Uninitialised, row-major.
  static Tensor empty(const Shape& shape, DType dtype = DType::f32, Device device = {});
  static Tensor zeros(const Shape& shape, DType dtype = DType::f32, Device device = {});
  /// Every element `value`, converted to `dtype` as by Cast (kernels/elementwise/elementwise.h).
  static Tensor full(const Shape& shape, double value, DType dtype = DType::f32,
                     Device device = {});
  /// A copy of host values in row-major order. Throws Error when their number does not fit.
  template <class T>
  static Tensor from_values(const Shape& shape, std::span<const T> values, Device device = {}) {
    return from_bytes(shape, dtype_of<T>, std::as_bytes(values), device);
  }
  template <class T>
  static Tensor from_values(const Shape& shape, const std::vector<T>& values, Device device = {}) {
    return from_values(shape, std::span<const T>(values), device);
  }
  static Tensor from_bytes(const Shape& shape, DType dtype, std::span<const std::byte> bytes,
                           Device device = {});
  /// Row-major, in memory that others may see too, from byte `offset` of `storage`.
  static Tensor in_storage(const Storage& storage, std::size_t offset, const Shape& shape,
                           DType dtype);

  bool defined() const { return storage_.defined(); }
  const Shape& shape() const { return view_.shape; }
  const Shape& strides() const { return view_.strides; }
  /// The extent of dimension `i`; a negative `i` counts from the last.
  std::int64_t extent(int i) const { return view_.shape[i]; }
  int rank() const { return view_.shape.rank(); }
  std::int64_t elements() const { return view_.shape.elements(); }
  DType dtype() const { return view_.dtype; }
  Device device() const { return storage_.device(); }
  bool contiguous() const { return view_.contiguous(); }

  /// What kernels take. The view of an undefined tensor is absent.
  const View& view() const { return view_; }

  /// The first element of a CPU tensor. Throws Error on another dtype, and on another device: to()
  /// gives what the host can read.
  template <class T>
  T* data() const {
    require_readable(dtype_of<T>);
    return view_.as<T>();
  }
  /// The elements of a contiguous CPU tensor. Throws Error as data() does, and with gaps.
  template <class T>
  std::span<T> values() const {
    require_contiguous("values");
    return {data<T>(), static_cast<std::size_t>(elements())};
  }
  /// The value of an f32 or f64 tensor of one element. On another device than the CPU it waits for
  /// all work given to it.
  double item() const;

  /// The same values on `device`: this tensor if it is there, else a copy with the same strides,
  /// off any tape. A copy to the CPU waits for all work given to the tensor's device; it moves the
  /// gaps of a strided tensor too.
  Tensor to(Device device) const;

  /// Views of the same data; none is recorded on a tape (see engine/operations/views.h for those
  /// that are). Throws Error on a shape of another size, or on a view with gaps.
  Tensor reshape(const Shape& shape) const;
  /// Swaps two dimensions.
  Tensor transpose(int first, int second) const;
  /// Elements [begin, begin + count) of dimension `dimension`.
  Tensor slice(int dimension, std::int64_t begin, std::int64_t count) const;

  /// Whether no other tensor sees this one's storage.
  bool owns_storage_alone() const { return storage_.unique(); }

  GradientSlot slot() const { return slot_; }
  /// The same data, seen as the tensor of `slot`; a default-made slot detaches it from its tape.
  Tensor with_slot(GradientSlot slot) const {
    Tensor tensor = *this;
    tensor.slot_ = slot;
    return tensor;
  }

 private:
  void require_readable(DType dtype) const;
  void require_contiguous(std::string_view what) const;
  Tensor with_view(const Shape& shape, const Shape& strides, std::int64_t offset) const;

  Storage storage_;
  View view_;
  GradientSlot slot_;
};

/// Copies all elements into a tensor of the same shape and dtype, on any device. Both contiguous.
/// Throws Error when they do not fit. Waits for the device when `to` is on the CPU and `from` not.
void copy_values(const Tensor& from, const Tensor& to);

}  // namespace ebb
