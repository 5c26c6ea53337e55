// The rank of each value among the distinct values of a column.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace ebb::preprocessing {

/// Value i is the of_row[i]-th smallest of `count` distinct values, from 0.
struct Ranks {
  std::vector<std::uint32_t> of_row;
  std::size_t count = 0;
};

/// Fewer than 2^32 distinct values, none NaN. -0 equals 0. Costs one sort.
template <class Value>
Ranks rank_values(std::span<const Value> values) {
  std::vector<Value> distinct(values.begin(), values.end());
  std::sort(distinct.begin(), distinct.end());
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
  Ranks ranks{{}, distinct.size()};
  ranks.of_row.reserve(values.size());
  for (const Value& value : values) {
    const auto found = std::lower_bound(distinct.begin(), distinct.end(), value);
    ranks.of_row.push_back(static_cast<std::uint32_t>(found - distinct.begin()));
  }
  return ranks;
}

}  // namespace ebb::preprocessing
