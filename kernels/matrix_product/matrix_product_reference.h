// The matrix product as plain loops: the f64 oracle, the same-dtype yardstick of the error rule,
// and the CPU implementation of f64.
#pragma once

#include <cstdint>

#include "kernels/matrix_product/matrix_product.h"

namespace ebb::kernels {

/// The offset, in elements, of pair `index` of a batched view (its dimensions but the last two).
template <class Pointer>
std::int64_t batch_offset(const BasicView<Pointer>& view, std::int64_t index) {
  std::int64_t offset = 0;
  for (int i = view.shape.rank() - 3; i >= 0; --i) {
    offset += index % view.shape[i] * view.strides[i];
    index /= view.shape[i];
  }
  return offset;
}

/// The number of pairs in a batched view.
template <class Pointer>
std::int64_t batch_size(const BasicView<Pointer>& view) {
  std::int64_t size = 1;
  for (int i = 0; i < view.shape.rank() - 2; ++i) size *= view.shape[i];
  return size;
}

namespace reference {

template <class T>
void matrix_product(const MatrixProduct& p) {
  for (std::int64_t pair = 0; pair < batch_size(p.a); ++pair) {
    const T* a = p.a.as<T>() + batch_offset(p.a, pair);
    const T* b = p.b.as<T>() + batch_offset(p.b, pair);
    T* output = p.output.as<T>() + batch_offset(p.output, pair);
    for (std::int64_t i = 0; i < p.output.shape[-2]; ++i) {
      for (std::int64_t j = 0; j < p.output.shape[-1]; ++j) {
        T sum = 0;
        for (std::int64_t k = 0; k < p.a.shape[-1]; ++k) {
          sum += a[i * p.a.strides[-2] + k * p.a.strides[-1]] *
                 b[k * p.b.strides[-2] + j * p.b.strides[-1]];
        }
        T& element = output[i * p.output.strides[-2] + j];
        element = p.accumulate ? element + sum : sum;
      }
    }
  }
}

}  // namespace reference
}  // namespace ebb::kernels
