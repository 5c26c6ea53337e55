// Rows equal but for one column.
#include "preprocessing/audit/twins.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>

#include "kernels/common/error.h"
#include "preprocessing/audit/row_hashes.h"
#include "preprocessing/common/parallel.h"

namespace ebb::preprocessing {
namespace {

using RowPair = std::pair<std::uint32_t, std::uint32_t>;

/// The change that pairs share, and how many do.
struct CommonChange {
  std::size_t pairs = 0;
  RowPair example;
};

bool is_equal_cell(const Column& column, std::size_t a, std::size_t b) {
  if (column.is_missing(a) || column.is_missing(b)) {
    return column.is_missing(a) && column.is_missing(b);
  }
  if (column.is_number()) return column.numbers[a] == column.numbers[b];
  return column.has_integers() ? column.integers[a] == column.integers[b]
                               : column.codes[a] == column.codes[b];
}

/// Pairs of rows of one hash that both have a value in the column, another one, earlier row first.
std::vector<RowPair> changed_pairs(const Column& column, const std::vector<KeyedRow>& rows) {
  const std::size_t reach = std::clamp<std::size_t>(
      kMostTwinPairs / std::max<std::size_t>(column.size(), 1), 1, kFurthestTwin);
  std::vector<RowPair> pairs;
  for_each_group(rows, [&](std::span<const KeyedRow> group) {
    for (std::size_t i = 0; i < group.size(); ++i) {
      for (std::size_t j = i + 1; j < std::min(group.size(), i + 1 + reach); ++j) {
        const std::uint32_t a = group[i].row;
        const std::uint32_t b = group[j].row;
        if (column.is_missing(a) || column.is_missing(b) || is_equal_cell(column, a, b)) continue;
        pairs.emplace_back(a, b);
      }
    }
  });
  return pairs;
}

bool has_many_values(const Column& column) {
  constexpr std::size_t kFewValues = 10;
  std::vector<double> seen;
  for (const double value : column.numbers) {
    if (std::isnan(value) || std::find(seen.begin(), seen.end(), value) != seen.end()) continue;
    seen.push_back(value);
    if (seen.size() > kFewValues) return true;
  }
  return false;
}

/// The most frequent distance, if no other is nearly as frequent. Differences of decimals are
/// rounded otherwise at every value, so those within a billionth of the values count as one.
CommonChange common_shift(const Column& column, const std::vector<RowPair>& pairs) {
  constexpr double kSame = 1e-9;
  constexpr std::size_t kDominance = 5;
  if (!has_many_values(column)) return {};
  std::vector<std::pair<double, std::size_t>> distances;
  double largest = 0.0;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const double first = column.numbers[pairs[i].first];
    const double second = column.numbers[pairs[i].second];
    distances.emplace_back(std::abs(second - first), i);
    largest = std::max({largest, std::abs(first), std::abs(second)});
  }
  std::sort(distances.begin(), distances.end());
  CommonChange common;
  std::size_t next_most = 0;
  for (std::size_t begin = 0; begin < distances.size();) {
    std::size_t end = begin + 1;
    while (end < distances.size() &&
           distances[end].first - distances[begin].first <= kSame * largest) {
      ++end;
    }
    const std::size_t count = end - begin;
    next_most = std::max(next_most, std::min(count, common.pairs));
    if (count > common.pairs) common = {count, pairs[distances[begin + count / 2].second]};
    begin = end;
  }
  return common.pairs >= kDominance * next_most ? common : CommonChange{};
}

/// How often two levels are a pair, with the first of them in the earlier row or in the later.
struct LevelPair {
  std::int32_t low = 0;
  std::int32_t high = 0;
  std::size_t low_first = 0;
  std::size_t high_first = 0;
  RowPair example;

  [[nodiscard]] std::size_t count() const { return low_first + high_first; }
};

std::vector<LevelPair> level_pairs(const Column& column, std::vector<RowPair> pairs) {
  const auto levels_of = [&](const RowPair& pair) {
    return std::minmax({column.codes[pair.first], column.codes[pair.second]});
  };
  std::sort(pairs.begin(), pairs.end(), [&](const RowPair& a, const RowPair& b) {
    return std::pair(levels_of(a), a) < std::pair(levels_of(b), b);
  });
  std::vector<LevelPair> found;
  for (const RowPair& pair : pairs) {
    const auto [low, high] = levels_of(pair);
    if (found.empty() || found.back().low != low || found.back().high != high) {
      found.push_back({.low = low, .high = high, .example = pair});
    }
    ++(column.codes[pair.first] == low ? found.back().low_first : found.back().high_first);
  }
  return found;
}

/// The pairs of levels that are each other's partners.
CommonChange common_renaming(const Column& column, const std::vector<RowPair>& pairs) {
  constexpr std::size_t kManyLevels = 6;
  constexpr std::size_t kDominance = 5;
  const std::vector<LevelPair> found = level_pairs(column, pairs);
  std::vector<std::size_t> totals(column.levels.size());
  for (const LevelPair& pair : found) {
    totals[static_cast<std::size_t>(pair.low)] += pair.count();
    totals[static_cast<std::size_t>(pair.high)] += pair.count();
  }
  const auto used = static_cast<std::size_t>(
      std::count_if(totals.begin(), totals.end(), [](std::size_t total) { return total > 0; }));
  CommonChange common;
  std::size_t most = 0;
  for (const LevelPair& pair : found) {
    const auto [less, more] = std::minmax(pair.low_first, pair.high_first);
    const bool is_partner = 2 * pair.count() >= totals[static_cast<std::size_t>(pair.low)] &&
                            2 * pair.count() >= totals[static_cast<std::size_t>(pair.high)];
    if (!is_partner || (used < kManyLevels && more < kDominance * std::max<std::size_t>(less, 1))) {
      continue;
    }
    common.pairs += pair.count();
    if (pair.count() > most) {
      most = pair.count();
      common.example = pair.example;
    }
  }
  return common;
}

std::optional<Twins> twins_in(const Column& column, const std::vector<KeyedRow>& rows) {
  const std::vector<RowPair> pairs = changed_pairs(column, rows);
  const CommonChange common =
      column.is_number() ? common_shift(column, pairs) : common_renaming(column, pairs);
  if (common.pairs < kLeastTwins ||
      static_cast<double>(common.pairs) < kLeastTwinShare * static_cast<double>(column.size())) {
    return std::nullopt;
  }
  Twins twins{.pairs = common.pairs,
              .consistency = static_cast<double>(common.pairs) / static_cast<double>(pairs.size()),
              .first_row = common.example.first,
              .second_row = common.example.second,
              .change = {.column = column.name, .shift = {}, .example = {}}};
  if (column.is_number()) {
    twins.change.shift = column.numbers[twins.second_row] - column.numbers[twins.first_row];
  } else {
    twins.change.example = fmt::format("\"{}\" to \"{}\"", shortened(column.text(twins.first_row)),
                                       shortened(column.text(twins.second_row)));
  }
  return twins;
}

}  // namespace

std::vector<Twins> find_twins(const Table& table, std::span<const std::string> names) {
  std::vector<const Column*> columns;
  for (const std::string& name : names) columns.push_back(&table.column(name));
  std::vector<std::uint64_t> hashes(table.rows());
  for (std::size_t i = 0; i < columns.size(); ++i) add_cell_hashes(*columns[i], i, 1, hashes);
  std::vector<std::optional<Twins>> found(columns.size());
  parallel_for(columns.size(), table.rows(), [&](std::size_t i) {
    if (columns[i]->has_integers()) return;  // an identifier
    std::vector<std::uint64_t> others = hashes;
    add_cell_hashes(*columns[i], i, ~std::uint64_t{0}, others);
    found[i] = twins_in(*columns[i], rows_by_hash(others));
  });
  std::vector<Twins> all;
  for (std::optional<Twins>& twins : found) {
    if (twins) all.push_back(std::move(*twins));
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const Twins& a, const Twins& b) { return a.pairs > b.pairs; });
  return all;
}

}  // namespace ebb::preprocessing
