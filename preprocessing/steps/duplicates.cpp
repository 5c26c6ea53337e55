#include "preprocessing/steps/duplicates.h"

#include <bit>
#include <cstdint>
#include <unordered_set>
#include <xxhash.h>

#include "preprocessing/common/parallel.h"

namespace ebb::preprocessing {
namespace {

constexpr std::size_t kRowsPerRange = 4096;

/// The same bits for values that count as equal.
std::uint64_t cell_bits(const Column& column, std::size_t row) {
  if (column.has_integers()) return static_cast<std::uint64_t>(column.integers[row]);
  if (!column.is_number()) return static_cast<std::uint32_t>(column.codes[row]);
  const double value = column.numbers[row];
  if (std::isnan(value)) return ~std::uint64_t{0};
  return value == 0.0 ? 0 : std::bit_cast<std::uint64_t>(value);
}

std::vector<std::uint64_t> hash_rows(const Table& table) {
  std::vector<std::uint64_t> hashes(table.rows());
  parallel_ranges(table.rows(), table.columns().size(), kRowsPerRange,
                  [&](std::size_t begin, std::size_t end) {
                    std::vector<std::uint64_t> cells(table.columns().size());
                    for (std::size_t row = begin; row < end; ++row) {
                      for (std::size_t i = 0; i < cells.size(); ++i)
                        cells[i] = cell_bits(table.columns()[i], row);
                      hashes[row] = XXH3_64bits(cells.data(), cells.size() * sizeof(cells[0]));
                    }
                  });
  return hashes;
}

bool are_rows_equal(const Table& table, std::size_t a, std::size_t b) {
  for (const Column& column : table.columns()) {
    if (cell_bits(column, a) != cell_bits(column, b)) return false;
  }
  return true;
}

}  // namespace

DistinctRows find_distinct_rows(const Table& table) {
  const std::vector<std::uint64_t> hashes = hash_rows(table);
  const auto hash = [&](std::size_t row) { return static_cast<std::size_t>(hashes[row]); };
  const auto equal = [&](std::size_t a, std::size_t b) {
    return hashes[a] == hashes[b] && are_rows_equal(table, a, b);
  };
  std::unordered_set<std::size_t, decltype(hash), decltype(equal)> seen(table.rows(), hash, equal);
  DistinctRows distinct;
  for (std::size_t row = 0; row < table.rows(); ++row) {
    if (seen.insert(row).second) distinct.kept.push_back(row);
  }
  distinct.dropped = table.rows() - distinct.kept.size();
  return distinct;
}

Table drop_duplicate_rows(const Table& table, std::size_t* dropped) {
  const DistinctRows distinct = find_distinct_rows(table);
  if (dropped != nullptr) *dropped = distinct.dropped;
  return distinct.dropped == 0 ? table : select_rows(table, distinct.kept);
}

}  // namespace ebb::preprocessing
