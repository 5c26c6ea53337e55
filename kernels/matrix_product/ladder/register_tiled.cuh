// The production kernel of f32, third rung of the ladder: a block computes a tile of the output, a
// thread 4 x 8 or 8 x 8 elements of it in registers, from slices of a and b of 16 steps along k in
// shared memory.
//
// - Each thread reads 3 (or 4) 128-bit words of shared memory for 32 (or 64) multiply-adds.
// - Slices lie as [k][m] and [k][n], so that those reads are along a row. An operand whose lines
//   run along k is transposed on its way: a lane reads 4 steps of k and writes 4 rows. The column
//   is XORed with 8 (k / 4 mod 4), which moves the writes of the 4 lanes that share a line to
//   different banks and leaves quads whole: no conflicts in either direction.
// - Two buffers: the next slice is on its way from memory in registers while this one is
//   multiplied, one barrier each.
// - Lines that do not begin at multiples of 16 bytes, and ends, go element by element.
//
// Bytes: a is read n / (columns of a tile) times, b m / (rows of a tile) times, from the
// second-level cache mostly. Tiles are 64 x 64 (128 threads), or 128 x 128 (256 threads) where the
// output has enough of them; every element is one sum over ascending k in both, so the choice
// changes no bit. A long k is divided by split_of().
#pragma once

#include "kernels/matrix_product/ladder/epilogue.cuh"

namespace ebb::kernels::gemm {

/// What one launch needs besides the epilogue.
struct TileArguments {
  std::int64_t m, n, k;
  std::int64_t pairs, part_length;
  std::int64_t tiles_n, tiles;  // per row of tiles, per pair
  const float* a;
  const float* b;
  std::int64_t leading_a, leading_b;
  std::int64_t strides_a[kMaxBatchRank], strides_b[kMaxBatchRank];
  Batch batch;
  bool aligned_a, aligned_b;
};

inline constexpr int kSlice = 16;  // steps along k
inline constexpr int kWarpColumns = 64;

/// One operand's way into shared memory: `kOuter` of its rows (or columns), kSlice steps of k.
template <bool kLinesAlongK, int kOuter, int kThreads>
struct SliceLoader {
  static constexpr int kQuads = kOuter * kSlice / kQuad / kThreads;

  const float* from;  // the tile's first element at the slice's first step
  std::int64_t leading;
  int outer;  // how many rows are there
  bool aligned;
  float values[kQuads][kQuad];

  /// Step of k and row of the thread's quad i, which runs along the operand's lines.
  __device__ static int step_of(int i) {
    const int index = static_cast<int>(threadIdx.x) + i * kThreads;
    return kLinesAlongK ? index % (kSlice / kQuad) * kQuad : index / (kOuter / kQuad);
  }
  __device__ static int row_of(int i) {
    const int index = static_cast<int>(threadIdx.x) + i * kThreads;
    return kLinesAlongK ? index / (kSlice / kQuad) : index % (kOuter / kQuad) * kQuad;
  }

  /// Fetches a slice, of which `steps` are there, and goes on to the next.
  __device__ void fetch(int steps) {
#pragma unroll
    for (int i = 0; i < kQuads; ++i) {
      const int step = step_of(i);
      const int row = row_of(i);
      const bool inside = kLinesAlongK ? row < outer : step < steps;
      const int count = inside ? (kLinesAlongK ? steps - step : outer - row) : 0;
      const float* at = from + (kLinesAlongK ? row * leading + step : step * leading + row);
      load_quad(at, count, aligned && count >= kQuad, values[i]);
    }
    from += kLinesAlongK ? kSlice : kSlice * leading;
  }

  __device__ void store(float (&slice)[kSlice][kOuter]) const {
#pragma unroll
    for (int i = 0; i < kQuads; ++i) {
      const int step = step_of(i);
      const int column = row_of(i) ^ swizzle(step);
      if constexpr (kLinesAlongK) {
#pragma unroll
        for (int j = 0; j < kQuad; ++j) slice[step + j][column] = values[i][j];
      } else {
        ebb::cuda::store_pack(&slice[step][column], values[i]);
      }
    }
  }

  __device__ static int swizzle(int step) { return step / kQuad % 4 * 8; }
};

template <int kQuadsM, int kWarpsM, int kWarpsN>
struct Tile {
  static constexpr int kWarpRows = 16 * kQuadsM;
  static constexpr int kRows = kWarpRows * kWarpsM;
  static constexpr int kColumns = kWarpColumns * kWarpsN;
  static constexpr int kThreads = 32 * kWarpsM * kWarpsN;
};
using SmallTile = Tile<1, 4, 1>;  // 64 x 64
using LargeTile = Tile<2, 4, 2>;  // 128 x 128

template <class T, bool kAlongKA, bool kAlongKB, class Epilogue>
__global__ void __launch_bounds__(T::kThreads)
    register_tiled_kernel(const TileArguments p, Epilogue epilogue) {
  constexpr int kQuadsM = T::kWarpRows / 16;
  constexpr int kQuadsN = 2;
  __shared__ alignas(16) float slice_a[2][kSlice][T::kRows];
  __shared__ alignas(16) float slice_b[2][kSlice][T::kColumns];

  // Tiles of one row of tiles are neighbours: they share a's rows in the cache.
  const std::int64_t block = blockIdx.x;
  const std::int64_t tile = block % p.tiles;
  const std::int64_t pair = block / p.tiles % p.pairs;
  const std::int64_t part = block / p.tiles / p.pairs;
  const std::int64_t first_row = tile / p.tiles_n * T::kRows;
  const std::int64_t first_column = tile % p.tiles_n * T::kColumns;
  const std::int64_t first_step = part * p.part_length;
  const std::int64_t steps = min(p.part_length, p.k - first_step);
  const int rows = static_cast<int>(min(std::int64_t{T::kRows}, p.m - first_row));
  const int columns = static_cast<int>(min(std::int64_t{T::kColumns}, p.n - first_column));

  SliceLoader<kAlongKA, T::kRows, T::kThreads> a;
  a.leading = p.leading_a;
  a.from = p.a + p.batch.offset(pair, p.strides_a) +
           (kAlongKA ? first_row * p.leading_a + first_step : first_step * p.leading_a + first_row);
  a.outer = rows;
  a.aligned = p.aligned_a;
  SliceLoader<kAlongKB, T::kColumns, T::kThreads> b;
  b.leading = p.leading_b;
  b.from = p.b + p.batch.offset(pair, p.strides_b) +
           (kAlongKB ? first_column * p.leading_b + first_step
                     : first_step * p.leading_b + first_column);
  b.outer = columns;
  b.aligned = p.aligned_b;

  // A warp's lanes are 4 x 8; a lane's quads of rows are 16 apart, its quads of columns 32.
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const int warp = static_cast<int>(threadIdx.x) / 32;
  const int warps_n = T::kColumns / kWarpColumns;
  const int row = warp / warps_n * T::kWarpRows + lane / 8 * kQuad;
  const int column = warp % warps_n * kWarpColumns + lane % 8 * kQuad;
  float sums[kQuadsM * kQuad][kQuadsN][kQuad] = {};

  const auto multiply = [&](int buffer) {
#pragma unroll
    for (int step = 0; step < kSlice; ++step) {
      const int swizzle = step / kQuad % 4 * 8;
      float left[kQuadsM][kQuad];
      float right[kQuadsN][kQuad];
#pragma unroll
      for (int i = 0; i < kQuadsM; ++i) {
        ebb::cuda::load_pack(&slice_a[buffer][step][row ^ (i * 16 ^ swizzle)], left[i]);
      }
#pragma unroll
      for (int i = 0; i < kQuadsN; ++i) {
        ebb::cuda::load_pack(&slice_b[buffer][step][column ^ (i * 32 ^ swizzle)], right[i]);
      }
#pragma unroll
      for (int i = 0; i < kQuadsM * kQuad; ++i) {
#pragma unroll
        for (int j = 0; j < kQuadsN * kQuad; ++j) {
          float& sum = sums[i][j / kQuad][j % kQuad];
          sum = fmaf(left[i / kQuad][i % kQuad], right[j / kQuad][j % kQuad], sum);
        }
      }
    }
  };
  const auto steps_at = [&](std::int64_t step) {
    return static_cast<int>(min(std::int64_t{kSlice}, steps - step));
  };

  if (steps > 0) {
    a.fetch(steps_at(0));
    b.fetch(steps_at(0));
    a.store(slice_a[0]);
    b.store(slice_b[0]);
    __syncthreads();
  }
  int buffer = 0;
  for (std::int64_t step = 0; step < steps; step += kSlice) {
    const bool more = step + kSlice < steps;
    if (more) {
      a.fetch(steps_at(step + kSlice));
      b.fetch(steps_at(step + kSlice));
    }
    multiply(buffer);
    buffer ^= 1;
    if (more) {
      a.store(slice_a[buffer]);
      b.store(slice_b[buffer]);
      __syncthreads();
    }
  }

  epilogue.choose(part * p.pairs + pair);
#pragma unroll
  for (int i = 0; i < kQuadsM * kQuad; ++i) {
    const int at = row + i / kQuad * 16 + i % kQuad;
    if (at >= rows) continue;
#pragma unroll
    for (int j = 0; j < kQuadsN; ++j) {
      const int from = column + j * 32;
      if (from >= columns) continue;
      epilogue(first_row + at, first_column + from, min(columns - from, kQuad), sums[i][j]);
    }
  }
}

template <class T, bool kAlongKA, bool kAlongKB, class Epilogue>
void launch_tiles(const Context& context, const Problem& p, const Split& split,
                  const Epilogue& epilogue) {
  TileArguments arguments{.m = p.m,
                          .n = p.n,
                          .k = p.k,
                          .pairs = p.batch.size(),
                          .part_length = split.length,
                          .tiles_n = blocks_of(p.n, T::kColumns),
                          .a = static_cast<const float*>(p.a.data),
                          .b = static_cast<const float*>(p.b.data),
                          .leading_a = p.a.leading,
                          .leading_b = p.b.leading,
                          .batch = p.batch,
                          .aligned_a = lines_aligned(p.a, p.batch, kQuad * sizeof(float)),
                          .aligned_b = lines_aligned(p.b, p.batch, kQuad * sizeof(float))};
  std::copy_n(p.a.batch_strides, kMaxBatchRank, arguments.strides_a);
  std::copy_n(p.b.batch_strides, kMaxBatchRank, arguments.strides_b);
  arguments.tiles = blocks_of(p.m, T::kRows) * arguments.tiles_n;
  const std::int64_t blocks = arguments.tiles * arguments.pairs * split.parts;
  ebb::cuda::launch(context, {"matrix_product", static_cast<unsigned>(blocks), T::kThreads},
                    register_tiled_kernel<T, kAlongKA, kAlongKB, Epilogue>, arguments, epilogue);
}

/// Whether the output has so many tiles of 128 x 128 that they fill a large GPU, without wasting
/// much beyond its edges.
inline bool fits_large_tiles(const Problem& p) {
  constexpr std::int64_t kEnough = 128;
  const auto covered = [&](std::int64_t tile) {
    return blocks_of(p.m, tile) * tile * blocks_of(p.n, tile) * tile;
  };
  const std::int64_t tiles = covered(128) / (128 * 128) * p.batch.size();
  return tiles >= kEnough && 8 * covered(128) <= 9 * covered(64);
}

template <bool kAlongKA, bool kAlongKB, class Epilogue>
void launch_register_tiled(const Context& context, const Problem& p, const Split& split,
                           const Epilogue& epilogue) {
  // Parts of k are made where the output is small.
  if constexpr (!std::is_same_v<Epilogue, PartialEpilogue>) {
    if (fits_large_tiles(p)) {
      return launch_tiles<LargeTile, kAlongKA, kAlongKB>(context, p, split, epilogue);
    }
  }
  launch_tiles<SmallTile, kAlongKA, kAlongKB>(context, p, split, epilogue);
}

}  // namespace ebb::kernels::gemm
