// Second rung of the ladder: a block computes a tile of 32 x 32 elements, each by one thread, from
// tiles of a and b in shared memory. Memory is read 32 times less than by the first rung; two reads
// of shared memory per multiply-add are now the limit.
//
// Threads read an operand along its lines, so that memory is read in whole lines whichever way they
// run; one column of padding keeps the transposed writes out of each other's banks.
#include "kernels/common/cuda/launch.h"
#include "kernels/common/cuda/storage.cuh"
#include "kernels/matrix_product/ladder/ladder.h"
#include "kernels/matrix_product/ladder/strided.cuh"

namespace ebb::kernels::gemm {
namespace {

constexpr int kTile = 32;
constexpr int kTileRows = 8;  // of threads: each computes 4 elements of a column

template <class T>
__global__ void __launch_bounds__(kTile* kTileRows) tiled_kernel(const StridedProblem<T> p) {
  __shared__ float tile_a[kTile][kTile + 1];  // [row][step]
  __shared__ float tile_b[kTile][kTile + 1];  // [step][column]
  const std::int64_t tiles_n = (p.n + kTile - 1) / kTile;
  const std::int64_t tiles = (p.m + kTile - 1) / kTile * tiles_n;
  const std::int64_t pair = blockIdx.x / tiles;
  const std::int64_t first_row = blockIdx.x % tiles / tiles_n * kTile;
  const std::int64_t first_column = blockIdx.x % tiles % tiles_n * kTile;
  const int x = static_cast<int>(threadIdx.x);
  const int y = static_cast<int>(threadIdx.y);

  float sums[kTile / kTileRows] = {};
  for (std::int64_t first_step = 0; first_step < p.k; first_step += kTile) {
    for (int line = y; line < kTile; line += kTileRows) {
      const int row = p.a.lines_along_columns ? line : x;
      const int step = p.a.lines_along_columns ? x : line;
      const bool inside = first_row + row < p.m && first_step + step < p.k;
      tile_a[row][step] = inside ? p.a.at(p.batch, pair, first_row + row, first_step + step) : 0.0F;
    }
    for (int line = y; line < kTile; line += kTileRows) {
      const int step = p.b.lines_along_columns ? line : x;
      const int column = p.b.lines_along_columns ? x : line;
      const bool inside = first_step + step < p.k && first_column + column < p.n;
      tile_b[step][column] =
          inside ? p.b.at(p.batch, pair, first_step + step, first_column + column) : 0.0F;
    }
    __syncthreads();
    for (int step = 0; step < kTile; ++step) {
#pragma unroll
      for (int i = 0; i < kTile / kTileRows; ++i) {
        sums[i] = fmaf(tile_a[y + i * kTileRows][step], tile_b[step][x], sums[i]);
      }
    }
    __syncthreads();
  }
#pragma unroll
  for (int i = 0; i < kTile / kTileRows; ++i) {
    const std::int64_t row = first_row + y + i * kTileRows;
    if (row < p.m && first_column + x < p.n) p.put(pair, row, first_column + x, sums[i]);
  }
}

}  // namespace

void tiled(const Context& context, const Problem& problem) {
  ebb::cuda::for_storage(problem.a.dtype, [&]<class T>(std::type_identity<T>) {
    const StridedProblem<T> p(problem);
    const std::int64_t blocks = p.pairs * blocks_of(p.m, kTile) * blocks_of(p.n, kTile);
    ebb::cuda::launch(context, {"matrix_product", blocks, dim3(kTile, kTileRows)}, tiled_kernel<T>,
                      p);
  });
}

}  // namespace ebb::kernels::gemm
