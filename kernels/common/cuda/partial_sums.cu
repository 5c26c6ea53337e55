// A block takes 32 columns: its 16 warps add every 16th row each, then the first warp adds the
// warps' sums in order. Loads of a warp are 128 neighbouring bytes. 4 bytes and one addition per
// element.
#include "kernels/common/blocks.h"
#include "kernels/common/cuda/launch.h"
#include "kernels/common/cuda/partial_sums.h"
#include "kernels/common/cuda/storage.cuh"

namespace ebb::cuda {
namespace {

constexpr int kColumns = 32;
constexpr int kRows = 16;

template <class T>
__global__ void __launch_bounds__(kColumns* kRows)
    sum_partial_rows_kernel(const float* partials, std::int64_t rows, std::int64_t columns,
                            T* output, bool accumulate) {
  __shared__ float sums[kRows][kColumns];
  const int lane = static_cast<int>(threadIdx.x);
  const int warp = static_cast<int>(threadIdx.y);
  const std::int64_t column = std::int64_t{blockIdx.x} * kColumns + lane;
  float sum = 0.0F;
  if (column < columns) {
    for (std::int64_t row = warp; row < rows; row += kRows) sum += partials[row * columns + column];
  }
  sums[warp][lane] = sum;
  __syncthreads();
  if (warp != 0 || column >= columns) return;
  for (int i = 1; i < kRows; ++i) sum += sums[i][lane];
  output[column] = from_f32<T>(accumulate ? to_f32(output[column]) + sum : sum);
}

}  // namespace

void sum_partial_rows(const Context& context, const float* partials, std::int64_t rows,
                      std::int64_t columns, const View& output, bool accumulate) {
  for_storage(output.dtype, [&]<class T>(std::type_identity<T>) {
    const std::int64_t blocks = blocks_of(columns, kColumns);
    launch(context, {"sum_partial_rows", blocks, {kColumns, kRows}}, sum_partial_rows_kernel<T>,
           partials, rows, columns, output.as<T>(), accumulate);
  });
}

}  // namespace ebb::cuda
