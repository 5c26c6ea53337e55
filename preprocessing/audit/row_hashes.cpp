#include "preprocessing/audit/row_hashes.h"

#include <limits>

#include "kernels/common/error.h"
#include "preprocessing/cleaning/cell_bits.h"
#include "preprocessing/common/parallel.h"
#include "preprocessing/common/spread.h"

namespace ebb::preprocessing {
namespace {

constexpr std::size_t kRowsPerRange = 16384;

std::uint64_t bits_of(const Column& column, std::size_t row) {
  if (column.is_number()) return cell_bits(column.numbers[row]);
  return column.has_integers() ? cell_bits(column.integers[row]) : cell_bits(column.codes[row]);
}

}  // namespace

void add_cell_hashes(const Column& column, std::size_t place, std::uint64_t sign,
                     std::span<std::uint64_t> rows) {
  const std::uint64_t salt = spread(spread(place + 1));
  parallel_ranges(rows.size(), 1, kRowsPerRange, [&](std::size_t begin, std::size_t end) {
    for (std::size_t row = begin; row < end; ++row) {
      // Twice, since sums of once-spread words keep their patterns.
      rows[row] += sign * spread(spread(bits_of(column, row) ^ salt) + salt);
    }
  });
}

std::vector<KeyedRow> rows_by_hash(std::span<const std::uint64_t> hashes) {
  if (hashes.size() > std::numeric_limits<std::uint32_t>::max()) {
    fail("rows_by_hash: {} rows are more than 2^32", hashes.size());
  }
  std::vector<KeyedRow> rows;
  rows.reserve(hashes.size());
  for (std::size_t row = 0; row < hashes.size(); ++row) {
    rows.push_back({hashes[row], static_cast<std::uint32_t>(row)});
  }
  std::vector<KeyedRow> scratch;
  sort_by_key(rows, scratch);
  return rows;
}

}  // namespace ebb::preprocessing
