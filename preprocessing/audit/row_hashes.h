// Hashes of rows from which one column can be taken out again: a row's hash is the sum of those of
// its cells. 64 bits, with a factor drawn once per process: two different rows of 5 million share a
// hash with a chance below one in a million, so what is counted by them is for reports, not for
// dropping rows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "preprocessing/statistics/ranks.h"
#include "preprocessing/table/column.h"

namespace ebb::preprocessing {

/// Adds `sign` (1 or -1, as a 64-bit number) times the hash of each cell to its row's. Missing
/// equals missing and -0 equals 0. `place` tells columns apart.
void add_cell_hashes(const Column& column, std::size_t place, std::uint64_t sign,
                     std::span<std::uint64_t> rows);

/// The rows sorted by hash; rows of one hash in their order.
std::vector<KeyedRow> rows_by_hash(std::span<const std::uint64_t> hashes);

/// Calls body(rows) for each run of two or more rows of one hash.
template <class Body>
void for_each_group(const std::vector<KeyedRow>& rows, Body body) {
  for (std::size_t begin = 0; begin < rows.size();) {
    std::size_t end = begin + 1;
    while (end < rows.size() && rows[end].key == rows[begin].key) ++end;
    if (end - begin > 1) body(std::span<const KeyedRow>(&rows[begin], end - begin));
    begin = end;
  }
}

}  // namespace ebb::preprocessing
