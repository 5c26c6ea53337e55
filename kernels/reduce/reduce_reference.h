// Reductions as plain loops: the f64 oracle, the same-dtype yardstick of the error rule, and the
// CPU implementation of f64.
#pragma once

#include <cstdint>

#include "kernels/reduce/reduce_backends.h"

namespace ebb::kernels::reference {

template <class T>
void reduce(const Reduce& p) {
  const ReduceExtents extents = reduce_extents(p.input.shape, p.dimension);
  for (std::int64_t outer = 0; outer < extents.outer; ++outer) {
    for (std::int64_t inner = 0; inner < extents.inner; ++inner) {
      const T* terms = p.input.as<T>() + outer * extents.n * extents.inner + inner;
      T total = 0;
      for (std::int64_t i = 0; i < extents.n; ++i) total += terms[i * extents.inner];
      if (p.operation == ReduceOperation::mean) total /= static_cast<T>(extents.n);
      T& output = p.output.as<T>()[outer * extents.inner + inner];
      output = p.accumulate ? output + total : total;
    }
  }
}

template <class T>
void sum_buffers(const SumBuffers& p) {
  for (std::int64_t i = 0; i < p.output.elements(); ++i) {
    T total = p.inputs[0].as<T>()[i];
    for (const ConstView& input : p.inputs.subspan(1)) total += input.as<T>()[i];
    p.output.as<T>()[i] = total;
  }
}

template <class T>
double sum_of_squares(const ConstView& input) {
  T total = 0;
  for (std::int64_t i = 0; i < input.elements(); ++i) {
    total += input.as<T>()[i] * input.as<T>()[i];
  }
  return static_cast<double>(total);
}

}  // namespace ebb::kernels::reference
