// How the tiled rungs divide a problem: what a launch passes on, and what a block makes of it. For
// .cu files.
#pragma once

#include <algorithm>

#include "kernels/matrix_product/gemm.h"

namespace ebb::kernels::gemm {

struct OperandArguments {
  OperandArguments(const Operand& operand, const Batch& batch, std::int64_t alignment)
      : data(operand.data),
        leading(operand.leading),
        aligned(lines_aligned(operand, batch, alignment)) {
    std::copy_n(operand.batch_strides, kMaxBatchRank, batch_strides);
  }

  const void* data;
  std::int64_t leading;
  std::int64_t batch_strides[kMaxBatchRank];
  bool aligned;  // every line begins at a multiple of 16 bytes
};

/// What one launch needs besides the epilogue.
struct TileArguments {
  TileArguments(const Problem& p, const Split& split, std::int64_t rows, std::int64_t columns,
                std::int64_t alignment)
      : m(p.m),
        n(p.n),
        k(p.k),
        pairs(p.batch.size()),
        parts(split.parts),
        part_length(split.length),
        tiles_n(blocks_of(p.n, columns)),
        tiles(blocks_of(p.m, rows) * tiles_n),
        batch(p.batch),
        a(p.a, p.batch, alignment),
        b(p.b, p.batch, alignment) {}

  std::int64_t blocks() const { return tiles * pairs * parts; }

  std::int64_t m, n, k;
  std::int64_t pairs, parts, part_length;
  std::int64_t tiles_n, tiles;  // per row of tiles, per pair
  Batch batch;
  OperandArguments a, b;
};

#ifdef __CUDACC__
/// The block's tile. Tiles of one row of tiles are neighbours: they share a's rows in the cache.
struct BlockPlace {
  __device__ BlockPlace(const TileArguments& p, int tile_rows, int tile_columns) {
    const std::int64_t block = blockIdx.x;
    const std::int64_t tile = block % p.tiles;
    pair = block / p.tiles % p.pairs;
    part = block / p.tiles / p.pairs;
    first_row = tile / p.tiles_n * tile_rows;
    first_column = tile % p.tiles_n * tile_columns;
    first_step = part * p.part_length;
    steps = min(p.part_length, p.k - first_step);
    rows = static_cast<int>(min(std::int64_t{tile_rows}, p.m - first_row));
    columns = static_cast<int>(min(std::int64_t{tile_columns}, p.n - first_column));
  }

  /// The first element of an operand's tile, whose first row (or column) is `outer`.
  template <bool kLinesAlongK, class T>
  __device__ const T* first(const TileArguments& p, const OperandArguments& operand,
                            std::int64_t outer) const {
    return static_cast<const T*>(operand.data) + p.batch.offset(pair, operand.batch_strides) +
           (kLinesAlongK ? outer * operand.leading + first_step
                         : first_step * operand.leading + outer);
  }

  std::int64_t pair, part;
  std::int64_t first_row, first_column, first_step, steps;
  int rows, columns;
};
#endif

}  // namespace ebb::kernels::gemm
