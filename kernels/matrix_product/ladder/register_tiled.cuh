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
#include "kernels/matrix_product/ladder/tiles.h"

namespace ebb::kernels::gemm {

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

/// The shared memory of a block; at the end a warp stages 16 rows of its sums in a part of it.
template <class T>
struct Slices {
  alignas(16) float a[2][kSlice][T::kRows];
  alignas(16) float b[2][kSlice][T::kColumns];
};

template <class T, bool kAlongKA, bool kAlongKB, class Epilogue>
__global__ void __launch_bounds__(T::kThreads)
    register_tiled_kernel(const TileArguments p, Epilogue epilogue) {
  constexpr int kQuadsM = T::kWarpRows / 16;
  constexpr int kQuadsN = 2;
  __shared__ Slices<T> slices;

  const BlockPlace place(p, T::kRows, T::kColumns);
  SliceLoader<kAlongKA, T::kRows, T::kThreads> a;
  a.from = place.first<kAlongKA, float>(p, p.a, place.first_row);
  a.leading = p.a.leading;
  a.outer = place.rows;
  a.aligned = p.a.aligned;
  SliceLoader<kAlongKB, T::kColumns, T::kThreads> b;
  b.from = place.first<kAlongKB, float>(p, p.b, place.first_column);
  b.leading = p.b.leading;
  b.outer = place.columns;
  b.aligned = p.b.aligned;

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
        ebb::cuda::load_pack(&slices.a[buffer][step][row ^ (i * 16 ^ swizzle)], left[i]);
      }
#pragma unroll
      for (int i = 0; i < kQuadsN; ++i) {
        ebb::cuda::load_pack(&slices.b[buffer][step][column ^ (i * 32 ^ swizzle)], right[i]);
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
    return static_cast<int>(min(std::int64_t{kSlice}, place.steps - step));
  };

  if (place.steps > 0) {
    a.fetch(steps_at(0));
    b.fetch(steps_at(0));
    a.store(slices.a[0]);
    b.store(slices.b[0]);
    __syncthreads();
  }
  int buffer = 0;
  for (std::int64_t step = 0; step < place.steps; step += kSlice) {
    const bool more = step + kSlice < place.steps;
    if (more) {
      a.fetch(steps_at(step + kSlice));
      b.fetch(steps_at(step + kSlice));
    }
    multiply(buffer);
    buffer ^= 1;
    if (more) {
      a.store(slices.a[buffer]);
      b.store(slices.b[buffer]);
      __syncthreads();
    }
  }

  constexpr int kStagedRows = 16;
  static_assert(sizeof(Slices<T>) >= T::kThreads / 32 * kStagedRows * kWarpColumns * sizeof(float));
  __syncthreads();
  auto* staged =
      reinterpret_cast<float(*)[kWarpColumns]>(&slices) + static_cast<std::ptrdiff_t>(warp) * 16;
  epilogue.choose(place.part * p.pairs + place.pair);
#pragma unroll
  for (int i = 0; i < kQuadsM; ++i) {
    __syncwarp();
#pragma unroll
    for (int j = 0; j < kQuad; ++j) {
#pragma unroll
      for (int n = 0; n < kQuadsN; ++n) {
        ebb::cuda::store_pack(&staged[lane / 8 * kQuad + j][lane % 8 * kQuad + n * 32],
                              sums[i * kQuad + j][n]);
      }
    }
    __syncwarp();
    const int top = warp / warps_n * T::kWarpRows + i * kStagedRows;
    const int left = warp % warps_n * kWarpColumns;
    hand_over<kStagedRows, kWarpColumns>(staged, place.rows - top, place.columns - left,
                                         place.first_row + top, place.first_column + left,
                                         epilogue);
  }
}

template <class T, bool kAlongKA, bool kAlongKB, class Epilogue>
void launch_tiles(const Context& context, const Problem& p, const Split& split,
                  const Epilogue& epilogue) {
  const TileArguments arguments(p, split, T::kRows, T::kColumns, kQuad * sizeof(float));
  ebb::cuda::launch(context, {"matrix_product", arguments.blocks(), T::kThreads},
                    register_tiled_kernel<T, kAlongKA, kAlongKB, Epilogue>, arguments, epilogue);
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
