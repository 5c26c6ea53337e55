#include "engine/tensor/tensor.h"

#include <algorithm>

#include "engine/tensor/transfer.h"
#include "kernels/elementwise/elementwise_reference.h"

namespace ebb {
namespace {

int checked_dimension(const Shape& shape, int dimension) {
  const int positive = dimension < 0 ? dimension + shape.rank() : dimension;
  if (positive < 0 || positive >= shape.rank()) {
    fail("dimension {} is outside of a tensor {}", dimension, to_string(shape));
  }
  return positive;
}

}  // namespace

Tensor Tensor::empty(const Shape& shape, DType dtype, Device device) {
  for (const std::int64_t extent : shape) {
    if (extent < 0) fail("tensor {} has a negative extent", to_string(shape));
  }
  Tensor tensor;
  tensor.storage_ = Storage(static_cast<std::size_t>(shape.elements()) * size_of(dtype), device);
  tensor.view_ = View(tensor.storage_.data(), dtype, shape);
  return tensor;
}

Tensor Tensor::zeros(const Shape& shape, DType dtype, Device device) {
  Tensor tensor = empty(shape, dtype, device);
  fill_with_zeros(tensor.view_.data, device, tensor.storage_.bytes());
  return tensor;
}

Tensor Tensor::full(const Shape& shape, double value, DType dtype, Device device) {
  if (device.is_cuda()) return full(shape, value, dtype).to(device);
  Tensor tensor = empty(shape, dtype, device);
  const auto fill = [&]<class T>(T element) {
    std::fill_n(tensor.view_.as<T>(), tensor.elements(), element);
  };
  switch (dtype) {
    case DType::f32:
      fill(static_cast<float>(value));
      break;
    case DType::f64:
      fill(value);
      break;
    case DType::bf16:
      fill(to_bfloat16(static_cast<float>(value)));
      break;
    case DType::f16:
      fill(to_float16(static_cast<float>(value)));
      break;
    case DType::i32:
      fill(kernels::reference::convert<std::int32_t>(value));
      break;
    case DType::i64:
      fill(kernels::reference::convert<std::int64_t>(value));
      break;
    case DType::u8:
      fill(kernels::reference::convert<std::uint8_t>(value));
      break;
  }
  return tensor;
}

Tensor Tensor::from_bytes(const Shape& shape, DType dtype, std::span<const std::byte> bytes,
                          Device device) {
  Tensor tensor = empty(shape, dtype, device);
  if (bytes.size() != tensor.storage_.bytes()) {
    fail("tensor {} of {} takes {} values, got {}", to_string(shape), name_of(dtype),
         shape.elements(), bytes.size() / size_of(dtype));
  }
  transfer(tensor.view_.data, device, bytes.data(), {}, bytes.size());
  return tensor;
}

Tensor Tensor::in_storage(const Storage& storage, std::size_t offset, const Shape& shape,
                          DType dtype) {
  const std::size_t bytes = static_cast<std::size_t>(shape.elements()) * size_of(dtype);
  if (!storage.defined() || offset + bytes > storage.bytes()) {
    fail("tensor {} of {} ends outside of its storage", to_string(shape), name_of(dtype));
  }
  Tensor tensor;
  tensor.storage_ = storage;
  tensor.view_ = View(storage.data() + offset, dtype, shape);
  return tensor;
}

double Tensor::item() const {
  if (!defined() || elements() != 1) {
    fail("item() wants a tensor of one element, got {}", to_string(shape()));
  }
  if (dtype() != DType::f32 && dtype() != DType::f64) {
    fail("item() wants a tensor of f32 or f64, got {}", name_of(dtype()));
  }
  double exact = 0.0;
  float single = 0.0F;
  const bool is_f64 = dtype() == DType::f64;
  void* value = is_f64 ? static_cast<void*>(&exact) : &single;
  transfer(value, {}, view_.data, device(), size_of(dtype()));
  return is_f64 ? exact : static_cast<double>(single);
}

Tensor Tensor::to(Device device) const {
  if (!defined()) fail("an undefined tensor was read");
  if (device == this->device()) return *this;
  // One past the last element, counted from the first.
  std::int64_t end = elements() == 0 ? 0 : 1;
  for (int i = 0; i < rank() && elements() > 0; ++i) end += (extent(i) - 1) * strides()[i];
  const Tensor span = empty({end}, dtype(), device);
  transfer(span.view_.data, device, view_.data, this->device(), span.storage_.bytes());
  return span.with_view(shape(), strides(), 0);
}

void copy_values(const Tensor& from, const Tensor& to) {
  if (!from.contiguous() || !to.contiguous() || from.shape() != to.shape() ||
      from.dtype() != to.dtype()) {
    fail("copy_values: {} {} cannot be copied into {} {}", name_of(from.dtype()),
         to_string(from.shape()), name_of(to.dtype()), to_string(to.shape()));
  }
  transfer(to.view().data, to.device(), from.view().data, from.device(),
           static_cast<std::size_t>(from.elements()) * size_of(from.dtype()));
}

Tensor Tensor::reshape(const Shape& shape) const {
  require_contiguous("reshape");
  if (shape.elements() != elements()) {
    fail("reshape: {} has {} elements, {} has {}", to_string(this->shape()), elements(),
         to_string(shape), shape.elements());
  }
  return with_view(shape, contiguous_strides(shape), 0);
}

Tensor Tensor::transpose(int first, int second) const {
  first = checked_dimension(shape(), first);
  second = checked_dimension(shape(), second);
  Shape extents = shape();
  Shape steps = strides();
  std::swap(extents[first], extents[second]);
  std::swap(steps[first], steps[second]);
  return with_view(extents, steps, 0);
}

Tensor Tensor::slice(int dimension, std::int64_t begin, std::int64_t count) const {
  dimension = checked_dimension(shape(), dimension);
  if (begin < 0 || count < 0 || begin + count > extent(dimension)) {
    fail("slice: [{}, {}) is outside of dimension {} of {}", begin, begin + count, dimension,
         to_string(shape()));
  }
  Shape extents = shape();
  extents[dimension] = count;
  return with_view(extents, strides(), begin * strides()[dimension]);
}

void Tensor::require_readable(DType dtype) const {
  if (!defined()) fail("an undefined tensor was read");
  if (device().is_cuda()) {
    fail("tensor {} is on {}, where the host cannot read it; copy it with to(Device())",
         to_string(shape()), to_string(device()));
  }
  if (this->dtype() != dtype) {
    fail("tensor {} holds {}, but was read as {}", to_string(shape()), name_of(this->dtype()),
         name_of(dtype));
  }
}

void Tensor::require_contiguous(std::string_view what) const {
  if (!contiguous()) {
    fail("{}: tensor {} with strides {} is not contiguous; copy it first", what, to_string(shape()),
         to_string(strides()));
  }
}

Tensor Tensor::with_view(const Shape& shape, const Shape& strides, std::int64_t offset) const {
  Tensor tensor;
  tensor.storage_ = storage_;
  auto* start = static_cast<std::byte*>(view_.data) +
                offset * static_cast<std::int64_t>(size_of(view_.dtype));
  tensor.view_ = View(start, view_.dtype, shape, strides);
  return tensor;
}

}  // namespace ebb
