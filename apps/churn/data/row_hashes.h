// Hashes of table rows, to find equal rows of two tables and to notice changed data.
#pragma once

#include <compare>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "preprocessing/table/table.h"

namespace ebb::churn {

/// 128 bits: rows of equal hashes are taken for equal.
struct RowHash {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  auto operator<=>(const RowHash&) const = default;
};

/// One hash per row, of its values in the named columns (xxh3-128). Missing equals missing, -0
/// equals 0, and texts count by their bytes, not their codes, so rows of two tables compare. Throws
/// DataError on an unknown column.
std::vector<RowHash> hash_rows(const preprocessing::Table& table,
                               std::span<const std::string> columns);

/// Takes the rows whose hash in `hashes` is one of `known` out of `rows`, and returns how many.
std::size_t drop_known(std::vector<std::size_t>& rows, const std::vector<RowHash>& hashes,
                       std::vector<RowHash> known);

/// 32 hexadecimal digits of the xxh3-128 of names, kinds and all values of the tables in order, the
/// same on every machine and for any number of threads.
std::string fingerprint(std::span<const preprocessing::Table* const> tables);

}  // namespace ebb::churn
