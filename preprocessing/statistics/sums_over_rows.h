// Sums over rows that have the same bits for any number of threads.
#pragma once

#include <cstddef>
#include <vector>

#include "preprocessing/common/parallel.h"

namespace ebb::preprocessing {

inline constexpr std::size_t kRowsPerSum = 2048;

/// The `count` sums over rows 0 to `rows` - 1 of what body(row, double* sums) adds: fixed blocks of
/// rows in parallel, added in order.
template <class Body>
std::vector<double> sums_over_rows(std::size_t rows, std::size_t count, Body body) {
  const std::size_t blocks = (rows + kRowsPerSum - 1) / kRowsPerSum;
  std::vector<double> parts(blocks * count);
  parallel_ranges(rows, count, kRowsPerSum, [&](std::size_t begin, std::size_t end) {
    double* sums = &parts[begin / kRowsPerSum * count];
    for (std::size_t row = begin; row < end; ++row) body(row, sums);
  });
  for (std::size_t block = 1; block < blocks; ++block) {
    for (std::size_t i = 0; i < count; ++i) parts[i] += parts[block * count + i];
  }
  parts.resize(count);
  return parts;
}

}  // namespace ebb::preprocessing
