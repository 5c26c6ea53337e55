// Strided copy as a plain loop over the elements: the oracle of tests.
#pragma once

#include <cstdint>

#include "kernels/copy/copy.h"

namespace ebb::kernels::reference {

/// The place of element `index` (in row-major order of `shape`) in a view with `strides`.
inline std::int64_t offset_of(std::int64_t index, const Shape& shape, const Shape& strides) {
  std::int64_t offset = 0;
  for (int i = shape.rank() - 1; i >= 0; --i) {
    offset += index % shape[i] * strides[i];
    index /= shape[i];
  }
  return offset;
}

template <class T>
void copy(const Copy& p) {
  for (std::int64_t i = 0; i < p.input.elements(); ++i) {
    const T value = p.input.as<T>()[offset_of(i, p.input.shape, p.input.strides)];
    T& place = p.output.as<T>()[offset_of(i, p.output.shape, p.output.strides)];
    place = p.accumulate ? static_cast<T>(place + value) : value;
  }
}

}  // namespace ebb::kernels::reference
