// The production kernel of bf16 and f16, fourth rung of the ladder: mma.sync m16n8k16 with sums in
// f32, operands brought by cp.async into three stages of shared memory.
//
// - Tiles are 64 x 64 or 128 x 128 by the rule of the register-tiled rung; 4 warps of 32 x 32 or
//   64 x 64. A slice is 64 steps of k, 4 of mma's. Per step a warp of 64 x 64 reads 4 KiB of shared
//   memory for 32 mma, which both take 32 clocks of a multiprocessor.
// - A slice lies in shared memory as in memory: lines of 128 bytes along k, or of 128 or 256 bytes
//   along m or n. Chunk c (16 bytes) of line l is kept at c ^ (l mod 8), so that the 8 rows of an
//   8 x 8 matrix, which lie in 8 lines, are in different banks for ldmatrix; those of operands
//   whose lines do not run along k are transposed by it.
// - One barrier per slice: behind it slice i is there for all, and the place of slice i - 1 is free
//   for slice i + 2, which is asked for before slice i is multiplied.
// - Lines that do not begin at multiples of 16 bytes go element by element.
//
// A tensor core's sum of a step of k is not rounded after each product; elements are sums over
// ascending k otherwise, the same in both tiles. Sources: NVIDIA, "PTX ISA", mma and ldmatrix; the
// XOR is that of CUTLASS (Kerr et al., "CUTLASS: fast linear algebra in CUDA C++", 2017).
#pragma once

#include "kernels/common/cuda/ptx.cuh"
#include "kernels/matrix_product/ladder/epilogue.cuh"
#include "kernels/matrix_product/ladder/tiles.h"

namespace ebb::kernels::gemm {

namespace tensor {

inline constexpr int kSlice = 64;  // steps along k
inline constexpr int kStages = 3;
inline constexpr int kChunk = 8;  // elements that cp.async moves
inline constexpr int kThreads = 128;

/// `count` of kChunk neighbours, read one by one; zeros for the rest. In words, so that they are
/// stored at once.
template <class T>
__device__ inline uint4 gather_chunk(const T* at, int count) {
  const auto pair = [&](int j) {
    const unsigned low = j < count ? at[j].bits : 0u;
    const unsigned high = j + 1 < count ? at[j + 1].bits : 0u;
    return high << 16 | low;
  };
  return make_uint4(pair(0), pair(2), pair(4), pair(6));
}

/// One operand of a block: `kOuter` rows of a (or columns of b), in kStages slices.
template <class T, bool kLinesAlongK, int kOuter>
struct Slices {
  static constexpr int kLineChunks = (kLinesAlongK ? kSlice : kOuter) / kChunk;
  static constexpr int kElements = kSlice * kOuter;
  static constexpr int kChunks = kElements / kChunk / kThreads;  // per thread

  T* shared;      // [kStages][kElements]
  const T* from;  // the tile's first element at the next slice's first step
  std::int64_t leading;
  int outer;  // how many rows are there
  bool aligned;

  __device__ static int place_of(int line, int chunk) {
    return (line * kLineChunks + (chunk ^ (line % 8))) * kChunk;
  }

  /// Asks for the next slice, of which `steps` are there. A thread takes the same chunk of every
  /// kLinesAtOnce-th line.
  __device__ void fetch(int stage, int steps) {
    constexpr int kLinesAtOnce = kThreads / kLineChunks;
    constexpr int kApart = kLinesAtOnce * kLineChunks * kChunk;
    static_assert(kThreads % kLineChunks == 0 && kLinesAtOnce % 8 == 0);
    const int first = static_cast<int>(threadIdx.x) / kLineChunks;
    const int chunk = static_cast<int>(threadIdx.x) % kLineChunks;
    const int lines = (kLinesAlongK ? outer : steps) - first;
    const int length = (kLinesAlongK ? steps : outer) - chunk * kChunk;
    const int count = min(max(length, 0), kChunk);
    T* to = shared + stage * kElements + place_of(first, chunk);
    const T* at = from + first * leading + chunk * kChunk;
    if (aligned) {
#pragma unroll
      for (int i = 0; i < kChunks; ++i) {
        const int there = i * kLinesAtOnce < lines ? count : 0;
        ebb::cuda::ptx::cp_async_16(to + i * kApart, there > 0 ? at : from,
                                    there * static_cast<int>(sizeof(T)));
        at += kLinesAtOnce * leading;
      }
    } else {
#pragma unroll 1
      for (int i = 0; i < kChunks; ++i) {
        const int there = i * kLinesAtOnce < lines ? count : 0;
        *reinterpret_cast<uint4*>(to + i * kApart) = gather_chunk(at, there);
        at += kLinesAtOnce * leading;
      }
    }
    from += kLinesAlongK ? kSlice : kSlice * leading;
  }

  /// The four 8 x 8 matrices of 16 rows from `row` and 16 steps from `step`, both multiples of 16,
  /// in the order of mma's operand a: (rows 0-7, steps 0-7), (8-15, 0-7), (0-7, 8-15), (8-15,
  /// 8-15); of b: (0-7, 0-7), (0-7, 8-15), (8-15, 0-7), (8-15, 8-15).
  template <bool kRowsFirst>
  __device__ void load(int stage, int row, int step, unsigned (&matrices)[4]) const {
    const int lane = static_cast<int>(threadIdx.x) % 32;
    const int matrix = lane / 8;
    const int row_half = kRowsFirst ? matrix % 2 : matrix / 2;
    const int step_half = kRowsFirst ? matrix / 2 : matrix % 2;
    const T* slice = shared + stage * kElements;
    if constexpr (kLinesAlongK) {
      const int line = row + row_half * 8 + lane % 8;
      ebb::cuda::ptx::ldmatrix_x4(matrices, slice + place_of(line, step / 8 + step_half));
    } else {
      const int line = step + step_half * 8 + lane % 8;
      ebb::cuda::ptx::ldmatrix_x4_trans(matrices, slice + place_of(line, row / 8 + row_half));
    }
  }
};

/// Two warps by two; a warp has kM x kN products of mma's shape, 16 x 8.
template <int kM_, int kN_>
struct Tile {
  static constexpr int kM = kM_;
  static constexpr int kN = kN_;
  static constexpr int kWarpRows = 16 * kM;
  static constexpr int kWarpColumns = 8 * kN;
  static constexpr int kRows = 2 * kWarpRows;
  static constexpr int kColumns = 2 * kWarpColumns;
  // Rows of a warp's staged sums begin 8 banks apart: an mma's four rows of pairs do not collide.
  static constexpr int kStagedPitch = kWarpColumns + 8;
};
using SmallTile = Tile<2, 4>;  // 64 x 64
using LargeTile = Tile<4, 8>;  // 128 x 128

template <class Shape>
constexpr std::size_t shared_bytes() {
  constexpr std::size_t kSlices =
      std::size_t{kStages} * kSlice * (Shape::kRows + Shape::kColumns) * 2;
  static_assert(4 * Shape::kWarpRows * Shape::kStagedPitch * sizeof(float) <= kSlices);
  return kSlices;
}

template <class Shape, class T, bool kAlongKA, bool kAlongKB, class Epilogue>
__global__ void __launch_bounds__(kThreads)
    tensor_core_kernel(const TileArguments p, Epilogue epilogue) {
  extern __shared__ __align__(128) unsigned char shared[];
  const BlockPlace place(p, Shape::kRows, Shape::kColumns);
  Slices<T, kAlongKA, Shape::kRows> a;
  a.shared = reinterpret_cast<T*>(shared);
  a.from = place.first<kAlongKA, T>(p, p.a, place.first_row);
  a.leading = p.a.leading;
  a.outer = place.rows;
  a.aligned = p.a.aligned;
  Slices<T, kAlongKB, Shape::kColumns> b;
  b.shared = a.shared + kStages * a.kElements;
  b.from = place.first<kAlongKB, T>(p, p.b, place.first_column);
  b.leading = p.b.leading;
  b.outer = place.columns;
  b.aligned = p.b.aligned;

  const int warp = static_cast<int>(threadIdx.x) / 32;
  const int row = warp / 2 * Shape::kWarpRows;
  const int column = warp % 2 * Shape::kWarpColumns;
  float sums[Shape::kM][Shape::kN][4] = {};

  const auto slices = static_cast<int>((place.steps + kSlice - 1) / kSlice);
  // A group is made where no slice is left too, so that their number tells which have arrived.
  const auto fetch = [&](int slice) {
    if (slice < slices) {
      const auto steps =
          static_cast<int>(min(place.steps - std::int64_t{slice} * kSlice, std::int64_t{kSlice}));
      a.fetch(slice % kStages, steps);
      b.fetch(slice % kStages, steps);
    }
    ebb::cuda::ptx::cp_async_commit_group();
  };
  const auto multiply = [&](int stage) {
#pragma unroll
    for (int step = 0; step < kSlice; step += 16) {
      unsigned left[Shape::kM][4];
#pragma unroll
      for (int i = 0; i < Shape::kM; ++i) {
        a.template load<true>(stage, row + 16 * i, step, left[i]);
      }
#pragma unroll
      for (int j = 0; j < Shape::kN; j += 2) {
        unsigned right[4];
        b.template load<false>(stage, column + 8 * j, step, right);
#pragma unroll
        for (int i = 0; i < Shape::kM; ++i) {
          ebb::cuda::ptx::mma_m16n8k16<T>(sums[i][j], left[i], right[0], right[1]);
          ebb::cuda::ptx::mma_m16n8k16<T>(sums[i][j + 1], left[i], right[2], right[3]);
        }
      }
    }
  };

  for (int slice = 0; slice < kStages - 1; ++slice) fetch(slice);
  for (int slice = 0; slice < slices; ++slice) {
    ebb::cuda::ptx::cp_async_wait_group<kStages - 2>();
    __syncthreads();
    fetch(slice + kStages - 1);
    multiply(slice % kStages);
  }

  const int lane = static_cast<int>(threadIdx.x) % 32;
  ebb::cuda::ptx::cp_async_wait_group<0>();
  __syncthreads();
  auto* staged = reinterpret_cast<float(*)[Shape::kStagedPitch]>(shared) + warp * Shape::kWarpRows;
#pragma unroll
  for (int i = 0; i < Shape::kM; ++i) {
#pragma unroll
    for (int j = 0; j < Shape::kN; ++j) {
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        const float pair[2] = {sums[i][j][2 * half], sums[i][j][2 * half + 1]};
        ebb::cuda::store_pack(&staged[16 * i + 8 * half + lane / 4][8 * j + lane % 4 * 2], pair);
      }
    }
  }
  __syncwarp();
  epilogue.choose(place.part * p.pairs + place.pair);
  hand_over<Shape::kWarpRows, Shape::kWarpColumns>(staged, place.rows - row, place.columns - column,
                                                   place.first_row + row,
                                                   place.first_column + column, epilogue);
}

template <class Shape, class T, bool kAlongKA, bool kAlongKB, class Epilogue>
void launch_tiles(const Context& context, const Problem& p, const Split& split,
                  const Epilogue& epilogue) {
  const TileArguments arguments(p, split, Shape::kRows, Shape::kColumns, 16);
  ebb::cuda::launch(
      context, {"matrix_product", arguments.blocks(), kThreads, shared_bytes<Shape>()},
      tensor_core_kernel<Shape, T, kAlongKA, kAlongKB, Epilogue>, arguments, epilogue);
}

}  // namespace tensor

template <class T, bool kAlongKA, bool kAlongKB, class Epilogue>
void launch_tensor_core(const Context& context, const Problem& p, const Split& split,
                        const Epilogue& epilogue) {
  // Parts of k are made where the output is small.
  if constexpr (!std::is_same_v<Epilogue, PartialEpilogue>) {
    if (fits_large_tiles(p)) {
      return tensor::launch_tiles<tensor::LargeTile, T, kAlongKA, kAlongKB>(context, p, split,
                                                                            epilogue);
    }
  }
  tensor::launch_tiles<tensor::SmallTile, T, kAlongKA, kAlongKB>(context, p, split, epilogue);
}

}  // namespace ebb::kernels::gemm
