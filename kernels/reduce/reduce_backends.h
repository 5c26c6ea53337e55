// What each backend of the reductions provides; operands are checked already.
#pragma once

#include "kernels/reduce/reduce.h"

namespace ebb::kernels {

/// A reduction seen as [outer, n, inner] -> [outer, inner].
struct ReduceExtents {
  std::int64_t outer = 1;
  std::int64_t n = 1;
  std::int64_t inner = 1;
};

inline ReduceExtents reduce_extents(const Shape& shape, std::optional<int> dimension) {
  if (!dimension) return {.outer = 1, .n = shape.elements(), .inner = 1};
  const int reduced = *dimension < 0 ? *dimension + shape.rank() : *dimension;
  ReduceExtents extents{.outer = 1, .n = shape[reduced], .inner = 1};
  for (int i = 0; i < reduced; ++i) extents.outer *= shape[i];
  for (int i = reduced + 1; i < shape.rank(); ++i) extents.inner *= shape[i];
  return extents;
}

namespace cpu {

void reduce(Context& context, const Reduce& parameters);
void sum_buffers(Context& context, const SumBuffers& parameters);
double sum_of_squares(Context& context, const ConstView& input);

}  // namespace cpu

namespace cuda {

void reduce(Context& context, const Reduce& parameters);
void sum_buffers(Context& context, const SumBuffers& parameters);

}  // namespace cuda
}  // namespace ebb::kernels
