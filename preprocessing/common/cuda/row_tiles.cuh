// How columns become rows on CUDA: values that lie column by column are read, changed and written
// row by row.
//
// A block takes a group of neighbouring columns and goes over tiles of kTileRows rows by a stride
// of the grid. A warp takes a column of the tile at a time, so that what is done to a value is the
// same in all its lanes; each lane reads packs of 16 bytes. What comes of the tile lies in shared
// memory, column by column, with an odd stride, and is written in the order of the output, in packs
// of 16 bytes where these stay within a row. What a column needs besides its values (its knots, the
// values of its levels) is copied to shared memory once per block; the grid is small enough for
// that to be a twelfth of what moves, at most.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernels/common/blocks.h"
#include "kernels/common/cuda/divider.cuh"
#include "kernels/common/cuda/launch.h"
#include "kernels/common/cuda/ptx.cuh"
#include "kernels/common/cuda/runtime.h"
#include "kernels/common/cuda/storage.cuh"
#include "kernels/common/view.h"

namespace ebb::preprocessing::cuda {

using namespace ebb::cuda;

inline constexpr int kTileThreads = 256;
inline constexpr int kTileWarps = kTileThreads / 32;
inline constexpr int kTileRows = 128;
inline constexpr int kTileStride = kTileRows + 1;      // between columns of a tile, in elements
inline constexpr int kTileColumns = 32;                // that a block takes, at most
inline constexpr std::size_t kTableBytes = 96 * 1024;  // that a block keeps, at most
/// A block moves so many times what it reads before its first row.
inline constexpr std::size_t kTableShare = 12;

/// Neighbouring columns of the output that come of a block's tile.
struct OutputSegment {
  OutputSegment() = default;
  OutputSegment(std::int64_t first, std::uint32_t count, std::int64_t row_stride)
      : output_column(first),
        columns(count),
        by_columns(std::max(count, 1u)),
        in_packs(count == row_stride ||
                 (count % kPack == 0 && row_stride % kPack == 0 && first % kPack == 0)) {}

  static constexpr int kPack = 4;  // elements of 4 bytes; those of 8 are in packs then, too

  std::int64_t output_column = 0;
  std::uint32_t columns = 0;
  Divider by_columns;
  bool in_packs = false;  // that stay within a row, or rows follow each other without a gap
};

/// Writes rows [first_row, first_row + count) of a segment from `tile`, its columns kTileStride
/// apart. T has 4 or 8 bytes. `is_aligned`: the output begins at a multiple of 16 bytes.
template <class T>
__device__ inline void write_segment(const OutputSegment& segment, const T* tile, T* output,
                                     std::int64_t row_stride, bool is_aligned,
                                     std::int64_t first_row, int count) {
  constexpr std::uint32_t kPack = kPackOf<T>;
  const std::uint32_t size = segment.columns * static_cast<std::uint32_t>(count);
  T* const to = output + first_row * row_stride + segment.output_column;
  const auto place = [&](std::uint32_t i, std::uint32_t& column) {
    const std::uint32_t row = segment.by_columns.quotient(i);
    column = segment.by_columns.remainder(i, row);
    return row;
  };
  std::uint32_t begin = 0;
  if (segment.in_packs && is_aligned) {
    begin = size / kPack * kPack;
    for (std::uint32_t i = threadIdx.x * kPack; i < begin; i += kTileThreads * kPack) {
      Pack<T, kPack> pack;
      std::uint32_t column = 0;
      const std::uint32_t first = place(i, column);
      std::uint32_t row = first;
      T* const address = to + first * row_stride + column;
#pragma unroll
      for (std::uint32_t k = 0; k < kPack; ++k) {
        pack.values[k] = tile[column * kTileStride + row];
        if (++column == segment.columns) {
          column = 0;
          ++row;
        }
      }
      ptx::store_global(address, std::bit_cast<uint4>(pack));
    }
  }
  for (std::uint32_t i = begin + threadIdx.x; i < size; i += kTileThreads) {
    std::uint32_t column = 0;
    const std::uint32_t row = place(i, column);
    to[row * row_stride + column] = tile[column * kTileStride + row];
  }
}

/// visit(row of the tile, value) for the calling lane's values of a column: rows [first_row,
/// first_row + count) of it.
template <class T, class Visit>
__device__ inline void visit_column(const T* values, std::int64_t first_row, int count,
                                    Visit&& visit) {
  constexpr int kPack = kPackOf<T>;
  constexpr int kSteps = kTileRows / (32 * kPack);
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const T* const from = values + first_row;
  if (count == kTileRows && reinterpret_cast<std::uintptr_t>(from) % 16 == 0) {
    Pack<T, kPack> packs[kSteps];
#pragma unroll
    for (int step = 0; step < kSteps; ++step) {
      packs[step] = reinterpret_cast<const Pack<T, kPack>*>(from)[step * 32 + lane];
    }
#pragma unroll
    for (int step = 0; step < kSteps; ++step) {
#pragma unroll
      for (int k = 0; k < kPack; ++k) {
        visit((step * 32 + lane) * kPack + k, packs[step].values[k]);
      }
    }
  } else {
    for (int row = lane; row < count; row += 32) visit(row, from[row]);
  }
}

/// The block's copy of `bytes` bytes, both aligned to 16 and padded to a multiple of it.
__device__ inline void copy_to_shared(void* to, const void* from, std::uint32_t bytes) {
  for (std::uint32_t i = threadIdx.x; i < (bytes + 15) / 16; i += kTileThreads) {
    static_cast<uint4*>(to)[i] = static_cast<const uint4*>(from)[i];
  }
}

/// What kernels read beside the values: put together on the host, then copied at once. Everything
/// begins at a multiple of 16 bytes.
class DeviceTables {
 public:
  /// Where the `count` elements from `values` will lie.
  template <class T>
  std::uint32_t add(const T* values, std::size_t count) {
    const std::size_t offset = bytes_.size();
    const auto* begin = reinterpret_cast<const std::byte*>(values);
    bytes_.insert(bytes_.end(), begin, begin + count * sizeof(T));
    bytes_.resize(padded(bytes_.size()));
    return static_cast<std::uint32_t>(offset);
  }
  /// The first byte in the context's workspace, which holds them until it is acquired again.
  const std::byte* upload(Context& context) const {
    void* memory = context.workspace().acquire(bytes_.size());
    ebb::cuda::copy(context.stream(), memory, bytes_.data(), bytes_.size());
    return static_cast<const std::byte*>(memory);
  }
  static std::size_t padded(std::size_t bytes) { return (bytes + 15) / 16 * 16; }

 private:
  std::vector<std::byte> bytes_;
};

/// A column of the input with where its table lies.
template <class Column>
struct alignas(16) PlacedColumn {
  Column column;
  std::uint32_t table;  // its first byte, among the tables that the block keeps or all
  std::int32_t second;  // the column of the tile that second() is written to; below 0: none
  bool is_kept;
};

/// What the blocks of one blockIdx.y take: offsets into DeviceTables.
struct alignas(16) TileGroup {
  OutputSegment first;      // a column for each of the input; those of second() too, if all follow
  OutputSegment second;     // those of second(), unless they are in the first
  std::uint32_t count = 0;  // of the input
  std::uint32_t columns = 0;
  std::uint32_t tables = 0;  // that are kept
  std::uint32_t table_bytes = 0;
};

template <class T>
struct RowOutput {
  T* data;
  std::int64_t rows;
  std::int64_t columns;
  bool is_aligned;  // to 16 bytes
};

/// output[row, i] = column_i(value, table), and the column of the output for second(value) where a
/// column has one. Column: types Value and Out; kBlocks, those that a multiprocessor is to hold,
/// which bounds the registers, or 0: the compiler's choice; operator()(Value, const std::byte*) and
/// second(Value), both giving an Out on the device.
template <class Column>
__global__ void __launch_bounds__(kTileThreads, Column::kBlocks)
    columns_to_rows(const std::byte* tables, std::uint32_t groups,
                    RowOutput<typename Column::Out> output) {
  using Out = typename Column::Out;
  using Placed = PlacedColumn<Column>;
  extern __shared__ __align__(16) std::byte memory[];
  __shared__ TileGroup group;
  copy_to_shared(&group, reinterpret_cast<const TileGroup*>(tables + groups) + blockIdx.y,
                 sizeof(TileGroup));
  __syncthreads();
  const std::uint32_t count = group.count;
  auto* const columns = reinterpret_cast<Placed*>(memory);
  std::byte* const kept = memory + count * sizeof(Placed);
  auto* const tile = reinterpret_cast<Out*>(kept + group.table_bytes);
  copy_to_shared(columns, tables + group.columns, count * sizeof(Placed));
  copy_to_shared(kept, tables + group.tables, group.table_bytes);
  const std::int64_t stride = std::int64_t{gridDim.x} * kTileRows;
  for (std::int64_t row = std::int64_t{blockIdx.x} * kTileRows; row < output.rows; row += stride) {
    const auto rows = static_cast<int>(min(std::int64_t{kTileRows}, output.rows - row));
    __syncthreads();  // the columns are there, and the tile before is written
    for (std::uint32_t i = threadIdx.x / 32; i < count; i += kTileWarps) {
      const Placed& placed = columns[i];
      const Column column = placed.column;
      const std::byte* table = (placed.is_kept ? kept : tables) + placed.table;
      Out* const to = tile + i * kTileStride;
      Out* const second = placed.second < 0 ? nullptr : tile + placed.second * kTileStride;
      visit_column(column.values, row, rows, [&](int place, typename Column::Value value) {
        to[place] = column(value, table);
        if (second != nullptr) second[place] = column.second(value);
      });
    }
    __syncthreads();
    write_segment(group.first, tile, output.data, output.columns, output.is_aligned, row, rows);
    write_segment(group.second, tile + count * kTileStride, output.data, output.columns,
                  output.is_aligned, row, rows);
  }
}

/// A column of the input, and its table in host memory.
template <class Column>
struct TileInput {
  Column column;
  const void* table = nullptr;
  std::size_t table_bytes = 0;
  bool has_second = false;
};

/// Neighbouring columns that a block takes, and the bytes of their tables that it keeps.
struct ColumnGroup {
  std::size_t first = 0;
  std::size_t count = 0;
  std::size_t table_bytes = 0;
  std::vector<bool> is_kept;  // of each column, whether its table is in shared memory
};

/// Cuts columns, whose tables have `table_bytes` bytes, into groups whose tables fit into shared
/// memory beside `column_bytes` bytes for each column. A table that no block could hold is kept in
/// none.
inline std::vector<ColumnGroup> group_columns(const Context& context,
                                              const std::vector<std::size_t>& table_bytes,
                                              std::size_t column_bytes) {
  const std::size_t shared = shared_bytes_of_block(context.device());
  const std::size_t columns_bytes = kTileColumns * column_bytes;
  const std::size_t most = std::min(kTableBytes, shared - std::min(shared, columns_bytes));
  std::vector<ColumnGroup> groups;
  for (std::size_t i = 0; i < table_bytes.size(); ++i) {
    const bool fits = table_bytes[i] <= most;
    const std::size_t bytes = fits ? table_bytes[i] : 0;
    if (groups.empty() || groups.back().count == kTileColumns ||
        groups.back().table_bytes + bytes > most) {
      groups.push_back({i, 0, 0, {}});
    }
    ++groups.back().count;
    groups.back().table_bytes += bytes;
    groups.back().is_kept.push_back(fits);
  }
  return groups;
}

/// The blocks that take the tiles of a group: as many as keep the device busy, but so few that what
/// each of them takes `least_rows`.
inline std::int64_t tile_blocks(const Context& context, std::int64_t rows, std::size_t groups,
                                std::int64_t least_rows) {
  constexpr std::int64_t kBlocksOfProcessor = 8;
  const std::int64_t tiles = blocks_of(rows, kTileRows);
  const std::int64_t resident =
      blocks_of(std::int64_t{kBlocksOfProcessor} * multiprocessor_count(context.device()),
                static_cast<std::int64_t>(groups));
  const std::int64_t most = blocks_of(rows, std::max<std::int64_t>(least_rows, 1));
  return std::min({tiles, resident, most});
}

/// Launches columns_to_rows() for `inputs`: output [rows, columns], of which the first are those of
/// the inputs, then come those of second(), in the same order.
template <class Column>
void run_columns_to_rows(Context& context, const char* name,
                         const std::vector<TileInput<Column>>& inputs, typename Column::Out* output,
                         std::int64_t rows, std::int64_t columns) {
  using Out = typename Column::Out;
  using Placed = PlacedColumn<Column>;
  constexpr std::size_t kTileBytes = kTileStride * sizeof(Out);  // of a column
  std::vector<std::size_t> table_bytes;
  for (const auto& input : inputs) table_bytes.push_back(DeviceTables::padded(input.table_bytes));
  const std::vector<ColumnGroup> groups =
      group_columns(context, table_bytes, sizeof(Placed) + 2 * kTileBytes);
  DeviceTables tables;
  std::vector<TileGroup> tile_groups;
  std::size_t shared_bytes = 0;
  std::int64_t least_rows = 1;  // of a block, so that kTableShare holds
  auto second_column = static_cast<std::int64_t>(inputs.size());
  for (const ColumnGroup& group : groups) {
    std::vector<Placed> placed(group.count);
    std::uint32_t kept = 0;
    std::uint32_t seconds = 0;
    TileGroup tile;
    for (const bool keep : {true, false}) {  // what is kept lies together
      for (std::size_t i = 0; i < group.count; ++i) {
        if (group.is_kept[i] != keep) continue;
        const TileInput<Column>& input = inputs[group.first + i];
        const auto* table = static_cast<const std::byte*>(input.table);
        const std::uint32_t offset = tables.add(table, input.table_bytes);
        if (keep && kept == 0) tile.tables = offset;
        placed[i] = {input.column, keep ? kept : offset, -1, keep};
        if (keep) kept += static_cast<std::uint32_t>(table_bytes[group.first + i]);
      }
    }
    for (std::size_t i = 0; i < group.count; ++i) {
      if (!inputs[group.first + i].has_second) continue;
      placed[i].second = static_cast<std::int32_t>(group.count + seconds++);
    }
    tile.count = static_cast<std::uint32_t>(group.count);
    // Whole rows are written at once.
    const std::uint32_t follow = groups.size() == 1 ? seconds : 0;
    tile.first =
        OutputSegment(static_cast<std::int64_t>(group.first), tile.count + follow, columns);
    tile.second = OutputSegment(second_column, seconds - follow, columns);
    second_column += seconds;
    tile.columns = tables.add(placed.data(), placed.size());
    tile.table_bytes = kept;
    tile_groups.push_back(tile);
    const std::size_t read = group.count * sizeof(Placed) + kept;
    shared_bytes = std::max(shared_bytes, read + (group.count + seconds) * kTileBytes);
    const std::size_t of_row = group.count * (sizeof(typename Column::Value) + sizeof(Out));
    least_rows = std::max(least_rows, static_cast<std::int64_t>(kTableShare * read / of_row));
  }
  const std::uint32_t offset = tables.add(tile_groups.data(), tile_groups.size());
  const std::byte* memory = tables.upload(context);
  const std::int64_t blocks = tile_blocks(context, rows, groups.size(), least_rows);
  launch(context,
         {name, {blocks, static_cast<std::int64_t>(groups.size())}, kTileThreads, shared_bytes},
         columns_to_rows<Column>, memory, offset,
         RowOutput<Out>{output, rows, columns, aligned_to(16, output)});
}

}  // namespace ebb::preprocessing::cuda
