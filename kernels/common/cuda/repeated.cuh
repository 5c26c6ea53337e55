// An operand that repeats over the leading dimensions of another: a bias, a broadcast row.
#pragma once

#include <cstdint>

#include "kernels/common/cuda/storage.cuh"

namespace ebb::cuda {

/// The column of the elements that a thread is at. It is found by one division; each step of the
/// thread, a stride of the whole grid, then adds `step`.
struct Columns {
  std::int64_t period = 1;  // elements until the operand repeats
  std::int64_t step = 0;    // the elements of the grid's stride, modulo the period

  __device__ std::int64_t first(std::int64_t element) const { return element % period; }
  __device__ std::int64_t next(std::int64_t column) const {
    column += step;
    return column >= period ? column - period : column;
  }
};

/// The Columns of a grid that goes on by `stride` elements.
inline Columns columns_of(std::int64_t period, std::int64_t stride) {
  return {period, stride % period};
}

/// kCount neighbours from `column` on. `in_packs`: they lie in one row, aligned to their pack.
template <int kCount, class T>
__device__ inline void load_repeated(const T* operand, std::int64_t column, std::int64_t period,
                                     bool in_packs, float (&values)[kCount]) {
  if (in_packs) return load_pack(operand + column, values);
#pragma unroll
  for (int i = 0; i < kCount; ++i) {
    values[i] = to_f32(operand[column]);
    if (++column == period) column = 0;
  }
}

}  // namespace ebb::cuda
