// Small helpers that operations share.
#pragma once

#include "engine/tensor/tensor.h"

namespace ebb {

/// An uninitialised, row-major tensor of the shape, dtype and device of `tensor`.
inline Tensor empty_like(const Tensor& tensor) {
  return Tensor::empty(tensor.shape(), tensor.dtype(), tensor.device());
}

/// The same with another shape.
inline Tensor empty_as(const Tensor& tensor, const Shape& shape) {
  return Tensor::empty(shape, tensor.dtype(), tensor.device());
}

}  // namespace ebb
