// Copies on CUDA whose innermost dimension differs between the operands: tiles go through shared
// memory, so that both sides move whole sectors.
//
// A tile has 32 x 32 elements, or 64 x 64 of 1 or 2 bytes; a block of 256 threads moves one. Rows
// of the tile are padded by 4 bytes, which makes their length an odd number of banks: neither rows
// (written) nor columns (read) meet in a bank. 2 * sizeof(T) bytes per element, 3 when it
// accumulates.
#pragma once

#include "kernels/common/blocks.h"
#include "kernels/copy/copy_units.cuh"

namespace ebb::kernels::cuda {

template <class T>
inline constexpr int kCopyTile = sizeof(T) < 4 ? 64 : 32;

/// What a block needs: `rows` is the dimension in which the input is dense, `columns` that of the
/// output; the others are outer, innermost first.
struct TransposedLayout {
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  std::int64_t from_column = 0;
  std::int64_t to_row = 0;
  std::uint32_t row_tiles = 0;
  std::uint32_t column_tiles = 0;
  int outer_rank = 0;
  std::uint32_t outer[kMaxRank - 2] = {};
  std::int64_t outer_from[kMaxRank - 2] = {};
  std::int64_t outer_to[kMaxRank - 2] = {};
};

inline constexpr int kTransposingThreads = 256;

template <class T, bool kAccumulate>
__global__ void __launch_bounds__(kTransposingThreads)
    copy_transposed_kernel(const T* input, T* output, TransposedLayout layout) {
  constexpr int kTile = kCopyTile<T>;
  constexpr int kLanes = 32;
  constexpr int kWarps = kTransposingThreads / kLanes;
  constexpr int kAcross = kTile / kLanes;
  constexpr int kDown = kTile / kWarps;
  constexpr int kPadding = sizeof(T) < 4 ? 4 / static_cast<int>(sizeof(T)) : 1;
  __shared__ T tile[kTile][kTile + kPadding];

  std::uint32_t rest = blockIdx.x;
  const std::int64_t first_row = std::int64_t{rest % layout.row_tiles} * kTile;
  rest /= layout.row_tiles;
  const std::int64_t first_column = std::int64_t{rest % layout.column_tiles} * kTile;
  rest /= layout.column_tiles;
#pragma unroll
  for (int i = 0; i < kMaxRank - 2; ++i) {
    if (i >= layout.outer_rank) continue;
    const std::int64_t index = rest % layout.outer[i];
    rest /= layout.outer[i];
    input += index * layout.outer_from[i];
    output += index * layout.outer_to[i];
  }

  const int lane = static_cast<int>(threadIdx.x) % kLanes;
  const int warp = static_cast<int>(threadIdx.x) / kLanes;
  const auto rows = static_cast<int>(min(layout.rows - first_row, std::int64_t{kTile}));
  const auto columns = static_cast<int>(min(layout.columns - first_column, std::int64_t{kTile}));
  const T* from = input + first_row + lane + (first_column + warp) * layout.from_column;
  T values[kDown][kAcross];
#pragma unroll
  for (int i = 0; i < kDown; ++i) {
#pragma unroll
    for (int j = 0; j < kAcross; ++j) {
      const bool inside = lane + j * kLanes < rows && warp + i * kWarps < columns;
      if (inside) values[i][j] = from[j * kLanes];
    }
    from += kWarps * layout.from_column;
  }
#pragma unroll
  for (int i = 0; i < kDown; ++i) {
#pragma unroll
    for (int j = 0; j < kAcross; ++j) {
      tile[warp + i * kWarps][lane + j * kLanes] = values[i][j];
    }
  }
  __syncthreads();
  T* to = output + (first_row + warp) * layout.to_row + first_column + lane;
#pragma unroll
  for (int i = 0; i < kDown; ++i) {
#pragma unroll
    for (int j = 0; j < kAcross; ++j) {
      const bool inside = lane + j * kLanes < columns && warp + i * kWarps < rows;
      const ebb::cuda::Pack<T, 1> value{{tile[lane + j * kLanes][warp + i * kWarps]}};
      auto* place = reinterpret_cast<ebb::cuda::Pack<T, 1>*>(to + j * kLanes);
      if (inside) store_or_add<kAccumulate>(value, place);
    }
    to += kWarps * layout.to_row;
  }
}

/// Copies by tiles of dimension `row`, in which the input is dense, and the innermost one, in which
/// the output is.
template <class T, bool kAccumulate>
void copy_transposed(const Context& context, const CopyLayout& layout, int row, const void* input,
                     void* output) {
  TransposedLayout tiles;
  tiles.rows = layout.shape[row];
  tiles.columns = layout.shape[-1];
  tiles.from_column = layout.from[-1];
  tiles.to_row = layout.to[row];
  tiles.row_tiles = static_cast<std::uint32_t>(blocks_of(tiles.rows, kCopyTile<T>));
  tiles.column_tiles = static_cast<std::uint32_t>(blocks_of(tiles.columns, kCopyTile<T>));
  std::uint32_t blocks = tiles.row_tiles * tiles.column_tiles;
  for (int i = layout.shape.rank() - 2; i >= 0; --i) {
    if (i == row) continue;
    tiles.outer[tiles.outer_rank] = static_cast<std::uint32_t>(layout.shape[i]);
    tiles.outer_from[tiles.outer_rank] = layout.from[i];
    tiles.outer_to[tiles.outer_rank] = layout.to[i];
    ++tiles.outer_rank;
    blocks *= static_cast<std::uint32_t>(layout.shape[i]);
  }
  ebb::cuda::launch(context, {"copy", blocks, kTransposingThreads},
                    copy_transposed_kernel<T, kAccumulate>, static_cast<const T*>(input),
                    static_cast<T*>(output), tiles);
}

}  // namespace ebb::kernels::cuda
