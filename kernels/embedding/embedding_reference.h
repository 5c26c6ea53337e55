// Embedding as plain loops: the oracle and the CPU implementation of f64. Indices are valid.
#pragma once

#include <algorithm>
#include <cstdint>

#include "kernels/embedding/embedding.h"

namespace ebb::kernels::reference {

/// Where row `index` (in the row-major order of all but the last dimension) of a view begins.
template <class Pointer>
std::int64_t row_offset(const BasicView<Pointer>& rows, std::int64_t index) {
  std::int64_t offset = 0;
  for (int i = rows.shape.rank() - 2; i >= 0; --i) {
    offset += index % rows.shape[i] * rows.strides[i];
    index /= rows.shape[i];
  }
  return offset;
}

template <class T>
void embedding(const EmbeddingForward& p) {
  const std::int64_t dim = p.table.shape[1];
  for (std::int64_t i = 0; i < p.indices.elements(); ++i) {
    const T* from = p.table.as<T>() + p.indices.as<std::int32_t>()[i] * dim;
    std::copy_n(from, dim, p.output.as<T>() + row_offset(p.output, i));
  }
}

template <class T>
void embedding_backward(const EmbeddingBackward& p) {
  const std::int64_t dim = p.grad_table.shape[1];
  T* grad_table = p.grad_table.as<T>();
  if (!p.accumulate) std::fill_n(grad_table, p.grad_table.elements(), T{0});
  for (std::int64_t i = 0; i < p.indices.elements(); ++i) {
    const T* gradient = p.grad_output.as<T>() + row_offset(p.grad_output, i);
    T* to = grad_table + p.indices.as<std::int32_t>()[i] * dim;
    for (std::int64_t column = 0; column < dim; ++column) to[column] += gradient[column];
  }
}

}  // namespace ebb::kernels::reference
