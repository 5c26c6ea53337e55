// Exact duplicate rows.
#pragma once

#include <cstddef>
#include <vector>

#include "kernels/common/device.h"
#include "preprocessing/table/table.h"

namespace ebb::preprocessing {

struct DistinctRows {
  std::vector<std::size_t> kept;  ///< the first row of each group of equal rows, ascending
  std::size_t dropped = 0;        ///< rows that equal an earlier one
};

/// Finds rows that are equal in all columns, identifiers and target included: two customers who
/// differ in their number only are two customers. Missing equals missing, -0 equals 0. Rows are
/// hashed in parallel and compared in full, so no row is lost to a hash collision. On a GPU columns
/// are copied to its memory, and rows hashed, sorted and compared there (repeated_rows.h): the
/// result is the same. Throws UnsupportedError on a device that cannot be used.
DistinctRows find_distinct_rows(const Table& table, Device device = {});

/// The table without rows that equal an earlier one, as `device` finds them; `dropped`, if given,
/// receives their number.
Table drop_duplicate_rows(Table table, std::size_t* dropped = nullptr, Device device = {});

}  // namespace ebb::preprocessing
