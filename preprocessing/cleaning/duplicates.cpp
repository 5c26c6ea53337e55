// Rows are hashed column by column and dealt to partitions by the hash's highest bits. Equal rows
// meet in one partition, so partitions are searched in parallel; without many repeats the table of
// a partition's first rows fits a core's cache.
#include "preprocessing/cleaning/duplicates.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>

#include "kernels/common/context.h"
#include "preprocessing/cleaning/cell_bits.h"
#include "preprocessing/cleaning/repeated_rows.h"
#include "preprocessing/common/parallel.h"
#include "preprocessing/common/spread.h"
#include "preprocessing/table/device_column.h"

namespace ebb::preprocessing {
namespace {

constexpr std::size_t kRowsPerRange = 4096;
constexpr std::size_t kRowsPerPartition = 8192;
constexpr std::size_t kMostRanges = 64;  // each counts the rows of every partition

/// Calls body(bits), where bits(row) gives the same 64 bits for values that count as equal.
template <class Body>
auto with_cell_bits(const Column& column, Body body) {
  if (column.has_integers()) {
    return body([&](std::size_t row) { return cell_bits(column.integers[row]); });
  }
  if (column.is_number())
    return body([&](std::size_t row) { return cell_bits(column.numbers[row]); });
  return body([&](std::size_t row) { return cell_bits(column.codes[row]); });
}

std::vector<std::uint64_t> hash_rows(const Table& table) {
  std::vector<std::uint64_t> hashes(table.rows());
  parallel_ranges(table.rows(), table.columns().size(), kRowsPerRange,
                  [&](std::size_t begin, std::size_t end) {
                    for (const Column& column : table.columns()) {
                      with_cell_bits(column, [&](auto bits) {
                        for (std::size_t row = begin; row < end; ++row)
                          hashes[row] = spread(hashes[row] ^ bits(row));
                      });
                    }
                  });
  return hashes;
}

bool are_rows_equal(const Table& table, std::size_t a, std::size_t b) {
  for (const Column& column : table.columns()) {
    if (!with_cell_bits(column, [&](auto bits) { return bits(a) == bits(b); })) return false;
  }
  return true;
}

/// Rows by the highest bits of their hashes, ascending within each partition.
struct Partitions {
  std::vector<std::size_t> rows;
  std::vector<std::size_t> bounds;  // partition p has rows[bounds[p], bounds[p + 1])
};

Partitions partition_rows(const std::vector<std::uint64_t>& hashes) {
  const std::size_t count = std::bit_ceil(hashes.size() / kRowsPerPartition + 1);
  // The highest 32 bits are a fraction of 2^32.
  const auto partition_of = [&](std::uint64_t hash) { return (hash >> 32) * count >> 32; };
  const std::size_t grain =
      std::max(kRowsPerRange, (hashes.size() + kMostRanges - 1) / kMostRanges);
  const std::size_t ranges = (hashes.size() + grain - 1) / grain;
  std::vector<std::size_t> next(ranges * count);  // [range, partition]: counts, then places
  parallel_ranges(hashes.size(), 1, grain, [&](std::size_t begin, std::size_t end) {
    std::size_t* counts = &next[begin / grain * count];
    for (std::size_t row = begin; row < end; ++row) ++counts[partition_of(hashes[row])];
  });
  Partitions partitions;
  std::size_t sum = 0;
  for (std::size_t partition = 0; partition < count; ++partition) {
    partitions.bounds.push_back(sum);
    for (std::size_t range = 0; range < ranges; ++range) {
      sum += std::exchange(next[range * count + partition], sum);
    }
  }
  partitions.bounds.push_back(sum);
  partitions.rows.resize(hashes.size());
  parallel_ranges(hashes.size(), 1, grain, [&](std::size_t begin, std::size_t end) {
    std::size_t* places = &next[begin / grain * count];
    for (std::size_t row = begin; row < end; ++row)
      partitions.rows[places[partition_of(hashes[row])]++] = row;
  });
  return partitions;
}

/// Marks those of `rows`, which are ascending, that equal an earlier one of them.
void mark_repeated(const Table& table, const std::vector<std::uint64_t>& hashes,
                   std::span<const std::size_t> rows, std::vector<std::uint8_t>& is_repeated) {
  constexpr std::size_t kFree = ~std::size_t{0};
  struct Slot {
    std::uint64_t hash = 0;
    std::size_t row = kFree;
  };
  std::vector<Slot> slots(std::bit_ceil(2 * rows.size() + 1));
  const std::size_t mask = slots.size() - 1;
  for (const std::size_t row : rows) {
    std::size_t i = hashes[row] & mask;
    while (slots[i].row != kFree) {
      if (slots[i].hash == hashes[row] && are_rows_equal(table, slots[i].row, row)) break;
      i = (i + 1) & mask;
    }
    if (slots[i].row == kFree) {
      slots[i] = {hashes[row], row};
    } else {
      is_repeated[row] = 1;
    }
  }
}

/// For each row 1 if it equals an earlier one, else 0.
std::vector<std::uint8_t> find_repeated_rows(const Table& table) {
  const std::vector<std::uint64_t> hashes = hash_rows(table);
  const Partitions partitions = partition_rows(hashes);
  std::vector<std::uint8_t> is_repeated(table.rows());
  parallel_for(partitions.bounds.size() - 1, kRowsPerPartition, [&](std::size_t i) {
    const std::span<const std::size_t> rows(partitions.rows);
    const std::size_t begin = partitions.bounds[i];
    mark_repeated(table, hashes, rows.subspan(begin, partitions.bounds[i + 1] - begin),
                  is_repeated);
  });
  return is_repeated;
}

std::vector<std::uint8_t> find_repeated_rows(const Table& table, Device device) {
  Context context(device);
  if constexpr (kBuiltWithCuda) {
    constexpr std::size_t kMostRows = std::numeric_limits<std::uint32_t>::max();
    if (table.rows() > kMostRows) {
      fail("find_distinct_rows: {} rows are more than 2^32 - 1, which a GPU takes", table.rows());
    }
    std::vector<Tensor> memory;
    std::vector<cuda::CellColumn> columns;
    for (const Column& column : table.columns()) {
      memory.push_back(upload(column, device).values);
      columns.push_back({memory.back().view().data, memory.back().dtype()});
    }
    if (table.rows() > 0) {
      return cuda::find_repeated_rows(context, columns, static_cast<std::int64_t>(table.rows()));
    }
  }
  return {};
}

}  // namespace

DistinctRows find_distinct_rows(const Table& table, Device device) {
  const std::vector<std::uint8_t> is_repeated =
      device.is_cuda() ? find_repeated_rows(table, device) : find_repeated_rows(table);
  DistinctRows distinct;
  distinct.kept.reserve(table.rows());
  for (std::size_t row = 0; row < table.rows(); ++row) {
    if (is_repeated[row] == 0) distinct.kept.push_back(row);
  }
  distinct.dropped = table.rows() - distinct.kept.size();
  return distinct;
}

Table drop_duplicate_rows(Table table, std::size_t* dropped, Device device) {
  const DistinctRows distinct = find_distinct_rows(table, device);
  if (dropped != nullptr) *dropped = distinct.dropped;
  if (distinct.dropped > 0) table.keep_rows(distinct.kept);
  return table;
}

}  // namespace ebb::preprocessing
