// Rows of at most 32 columns, whatever their number of bytes: a warp moves a tile of whole rows,
// which lie one after the other, as if it were one row. So no sector is moved for two rows, and all
// lanes have elements. In between the tile lies in shared memory, in f32.
//
// There `lanes` neighbours share a row: the largest power of two that divides the columns. Each has
// every lanes-th element, an odd number of them. So the rows that a warp has at work begin odd
// multiples of `lanes` words apart, and its lanes never meet in a bank.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>

#include "kernels/common/blocks.h"
#include "kernels/common/cuda/collectives.cuh"
#include "kernels/common/cuda/launch.h"
#include "kernels/common/cuda/storage.cuh"

namespace ebb::cuda {

inline constexpr unsigned kShortRowThreads = 256;  // of a block
inline constexpr unsigned kShortRowWarps = kShortRowThreads / kWarpSize;
inline constexpr unsigned kShortPack = 4;  // elements that a lane moves at once

inline bool are_short_rows(std::int64_t columns) { return columns > 0 && columns <= 32; }

/// How rows are divided into tiles, which the shape alone decides.
struct ShortRows {
  ShortRows(std::int64_t rows, std::int64_t row_columns, bool operands_in_packs)
      : elements(rows * row_columns),
        columns(static_cast<unsigned>(row_columns)),
        lane_bits(static_cast<unsigned>(std::countr_zero(columns))),
        in_packs(operands_in_packs) {
    constexpr unsigned kElements = 256;  // of a tile, if a warp has fewer at work
    tile_rows = rows_at_once() * std::max(kElements / (rows_at_once() * columns), 1u);
    tile = tile_rows * columns;
  }

  __host__ __device__ unsigned lanes() const { return 1u << lane_bits; }
  /// That a warp has at work.
  __host__ __device__ unsigned rows_at_once() const { return kWarpSize >> lane_bits; }

  std::int64_t elements;
  unsigned columns;
  unsigned lane_bits;  // log2 of lanes()
  unsigned tile_rows;
  unsigned tile;  // elements of it
  bool in_packs;  // operands are aligned to kShortPack elements
};

/// The blocks of a kernel in which each warp takes one tile, with `operands` of a tile in shared
/// memory.
inline LaunchShape short_rows_shape(const char* name, const ShortRows& rows, std::size_t operands) {
  const std::size_t block = kShortRowWarps * rows.tile;
  return {name, blocks_of(rows.elements, static_cast<std::int64_t>(block)), kShortRowThreads,
          operands * block * sizeof(float)};
}

/// The tile of the calling warp. All lanes call its functions together.
class RowTile {
 public:
  __device__ explicit RowTile(const ShortRows& rows) : rows_(rows) {
    first_row_ = (std::int64_t{blockIdx.x} * kShortRowWarps + warp()) * rows.tile_rows;
    begin_ = first_row_ * rows.columns;
    const std::int64_t left = rows.elements - begin_;
    count_ = left < rows.tile ? static_cast<unsigned>(max(left, std::int64_t{0})) : rows.tile;
  }

  /// Where the tile of operand `index` lies in the block's shared memory.
  __device__ float* place(void* memory, unsigned index) const {
    return static_cast<float*>(memory) + (index * kShortRowWarps + warp()) * rows_.tile;
  }

  /// Brings the operand `from` to shared memory.
  template <class T>
  __device__ void load(const T* from, float* tile) const {
    move(from + begin_, tile);
    __syncwarp();
  }
  /// Writes the operand `to`, rounded.
  template <class T>
  __device__ void store(const float* tile, T* to) const {
    __syncwarp();
    move(tile, to + begin_);
  }

  /// Calls body(row, at, columns) for each row that the calling lane has a share of; the row begins
  /// at element `at` of the tile. Where only some lanes have a row left, the others get one of no
  /// columns.
  template <class Body>
  __device__ void for_rows(Body&& body) const {
    const unsigned own = lane() >> rows_.lane_bits;
    for (unsigned row = 0; row * rows_.columns < count_; row += rows_.rows_at_once()) {
      const unsigned at = (row + own) * rows_.columns;
      body(first_row_ + row + own, at, at < count_ ? rows_.columns : 0);
    }
  }

  /// Calls body(column) for the calling lane's share of a row of `columns` columns.
  template <class Body>
  __device__ void for_columns(unsigned columns, Body&& body) const {
#pragma unroll 4
    for (unsigned c = lane() & (rows_.lanes() - 1); c < columns; c += rows_.lanes()) body(c);
  }

  /// Over the lanes of a row.
  template <class Operation>
  __device__ float reduce(float value) const {
    constexpr Operation operation;
    for (unsigned distance = rows_.lanes() / 2; distance > 0; distance /= 2) {
      value = operation(value, __shfl_xor_sync(kAllLanes, value, static_cast<int>(distance)));
    }
    return value;
  }

 private:
  __device__ static unsigned lane() { return threadIdx.x % kWarpSize; }
  __device__ static unsigned warp() { return threadIdx.x / kWarpSize; }

  // Unrolled as the compiler likes, these loops would spill.
  template <class From, class To>
  __device__ void move(const From* from, To* to) const {
    const unsigned in_packs = rows_.in_packs ? count_ / kShortPack * kShortPack : 0;
#pragma unroll 2
    for (unsigned i = lane() * kShortPack; i < in_packs; i += kWarpSize * kShortPack) {
      float values[kShortPack];
      load_pack(from + i, values);
      store_pack(to + i, values);
    }
#pragma unroll 1
    for (unsigned i = in_packs + lane(); i < count_; i += kWarpSize) {
      to[i] = from_f32<To>(to_f32(from[i]));
    }
  }

  const ShortRows& rows_;
  std::int64_t first_row_;
  std::int64_t begin_;  // its first element, and how many
  unsigned count_;
};

}  // namespace ebb::cuda
