#include "apps/churn/data/row_hashes.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <xxhash.h>

#include <fmt/format.h>

#include "preprocessing/common/parallel.h"

namespace ebb::churn {
namespace {

using preprocessing::Column;
using preprocessing::Table;

constexpr std::size_t kRowsPerRange = 4096;
constexpr std::uint64_t kMissing = ~std::uint64_t{0};  // no length, and the bits of no finite f64

void append(std::string& bytes, std::uint64_t value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

void append(std::string& bytes, const std::string& text) {
  append(bytes, std::uint64_t{text.size()});  // so that "ab", "c" differs from "a", "bc"
  bytes += text;
}

void append_cell(std::string& bytes, const Column& column, std::size_t row) {
  if (column.is_missing(row)) {
    append(bytes, kMissing);
  } else if (column.is_number()) {
    const double value = column.numbers[row];
    append(bytes, value == 0.0 ? 0 : std::bit_cast<std::uint64_t>(value));
  } else {
    append(bytes, column.text(row));
  }
}

}  // namespace

std::vector<RowHash> hash_rows(const Table& table, std::span<const std::string> columns) {
  std::vector<const Column*> wanted;
  for (const std::string& name : columns) wanted.push_back(&table.column(name));
  std::vector<RowHash> hashes(table.rows());
  preprocessing::parallel_ranges(
      table.rows(), wanted.size(), kRowsPerRange, [&](std::size_t begin, std::size_t end) {
        std::string bytes;
        for (std::size_t row = begin; row < end; ++row) {
          bytes.clear();
          for (const Column* column : wanted) append_cell(bytes, *column, row);
          const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
          hashes[row] = {hash.high64, hash.low64};
        }
      });
  return hashes;
}

std::size_t drop_known(std::vector<std::size_t>& rows, const std::vector<RowHash>& hashes,
                       std::vector<RowHash> known) {
  std::sort(known.begin(), known.end());
  return std::erase_if(rows, [&](std::size_t row) {
    return std::binary_search(known.begin(), known.end(), hashes[row]);
  });
}

std::string fingerprint(std::span<const Table* const> tables) {
  std::string bytes;
  for (const Table* table : tables) {
    append(bytes, std::uint64_t{table->columns().size()});
    for (const Column& column : table->columns()) {
      append(bytes, column.name);
      append(bytes, std::uint64_t{column.is_number()});
    }
    append(bytes, std::uint64_t{table->rows()});
    for (const RowHash& hash : hash_rows(*table, table->names())) {
      append(bytes, hash.high);
      append(bytes, hash.low);
    }
  }
  const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  return fmt::format("{:016x}{:016x}", hash.high64, hash.low64);
}

}  // namespace ebb::churn
