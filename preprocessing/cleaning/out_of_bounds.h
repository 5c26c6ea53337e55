// The pass over a column that outliers and declared ranges share.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "preprocessing/common/parallel.h"

namespace ebb::preprocessing {

struct OutOfBounds {
  std::size_t below = 0;
  std::size_t above = 0;
  std::optional<std::size_t> first_row;
};

/// Counts the values below `lower` and above `upper`, and puts replacement(value) in their place.
/// NaN is neither. One parallel pass.
template <class Replacement>
OutOfBounds treat_out_of_bounds(std::span<double> values, double lower, double upper,
                                Replacement replacement) {
  constexpr std::size_t kRange = 16384;
  std::vector<OutOfBounds> parts((values.size() + kRange - 1) / kRange);
  parallel_ranges(values.size(), 1, kRange, [&](std::size_t begin, std::size_t end) {
    OutOfBounds& part = parts[begin / kRange];
    for (std::size_t row = begin; row < end; ++row) {
      const bool is_below = values[row] < lower;
      const bool is_above = values[row] > upper;
      if (!is_below && !is_above) continue;
      part.below += is_below ? 1 : 0;
      part.above += is_above ? 1 : 0;
      if (!part.first_row) part.first_row = row;
      values[row] = replacement(values[row]);
    }
  });
  OutOfBounds sum;
  for (const OutOfBounds& part : parts) {
    sum.below += part.below;
    sum.above += part.above;
    if (!sum.first_row) sum.first_row = part.first_row;
  }
  return sum;
}

}  // namespace ebb::preprocessing
