// Rows equal but for one column.
#include "preprocessing/audit/twins.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <utility>

#include "kernels/common/error.h"
#include "preprocessing/audit/row_hashes.h"
#include "preprocessing/common/numbers.h"
#include "preprocessing/common/parallel.h"

namespace ebb::preprocessing {
namespace {

using RowPair = std::pair<std::uint32_t, std::uint32_t>;

/// A change has to be so many times as frequent as what else there is.
constexpr std::size_t kDominance = 5;

/// The change that pairs share, and how many do.
struct CommonChange {
  std::size_t pairs = 0;
  RowPair example;  // the earliest, in the direction of most
};

/// Of rows that are equal in all other columns.
struct SimilarRows {
  std::vector<RowPair> changed;       // with two different values, earlier row first
  std::size_t equal = 0;              // pairs with one value
  std::vector<std::size_t> of_level;  // of those, by the level
};

/// Of two rows that have a value.
bool is_equal_cell(const Column& column, std::size_t a, std::size_t b) {
  return column.is_number() ? column.numbers[a] == column.numbers[b]
                            : column.codes[a] == column.codes[b];
}

/// Pairs of rows of one hash that both have a value in the column.
SimilarRows similar_rows(const Column& column, const std::vector<KeyedRow>& rows) {
  const std::size_t most = std::clamp<std::size_t>(
      1 + 2 * kMostTwinPairs / std::max<std::size_t>(column.size(), 1), kFewTwins, kManyTwins);
  SimilarRows similar;
  similar.of_level.resize(column.levels.size());
  for_each_group(rows, [&](std::span<const KeyedRow> group) {
    if (group.size() > most) return;
    for (std::size_t i = 0; i < group.size(); ++i) {
      for (std::size_t j = i + 1; j < group.size(); ++j) {
        const std::uint32_t a = group[i].row;
        const std::uint32_t b = group[j].row;
        if (column.is_missing(a) || column.is_missing(b)) continue;
        if (!is_equal_cell(column, a, b)) {
          similar.changed.emplace_back(a, b);
          continue;
        }
        ++similar.equal;
        if (!column.is_number()) ++similar.of_level[static_cast<std::size_t>(column.codes[a])];
      }
    }
  });
  return similar;
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

using Distance = std::pair<double, std::size_t>;  // and whose of the pairs it is

/// The earliest pair of those whose value goes the way that most go.
RowPair example_of(const Column& column, const std::vector<RowPair>& pairs,
                   std::span<const Distance> distances) {
  std::array<RowPair, 2> earliest;  // lowered, raised
  std::array<std::size_t, 2> counts{};
  for (const Distance& distance : distances) {
    const RowPair& pair = pairs[distance.second];
    const std::size_t way = column.numbers[pair.second] > column.numbers[pair.first] ? 1 : 0;
    if (counts[way]++ == 0 || pair < earliest[way]) earliest[way] = pair;
  }
  return earliest[counts[1] >= counts[0] ? 1 : 0];
}

/// The most frequent distance, if no other is nearly as frequent, nor 0. Differences of decimals
/// are rounded otherwise at every value, so those within a billionth of the values count as one.
CommonChange common_shift(const Column& column, const SimilarRows& similar) {
  constexpr double kSame = 1e-9;
  if (!has_many_values(column)) return {};
  std::vector<Distance> distances;
  double largest = 0.0;
  for (std::size_t i = 0; i < similar.changed.size(); ++i) {
    const double first = column.numbers[similar.changed[i].first];
    const double second = column.numbers[similar.changed[i].second];
    distances.emplace_back(std::abs(second - first), i);
    largest = std::max({largest, std::abs(first), std::abs(second)});
  }
  std::sort(distances.begin(), distances.end());
  std::span<const Distance> most;
  std::size_t next_most = similar.equal;
  for (std::size_t begin = 0; begin < distances.size();) {
    std::size_t end = begin + 1;
    while (end < distances.size() &&
           distances[end].first - distances[begin].first <= kSame * largest) {
      ++end;
    }
    const auto run = std::span<const Distance>(distances).subspan(begin, end - begin);
    next_most = std::max(next_most, std::min(run.size(), most.size()));
    if (run.size() > most.size()) most = run;
    begin = end;
  }
  if (most.empty() || most.size() < kDominance * next_most) return {};
  return {most.size(), example_of(column, similar.changed, most)};
}

/// How often two levels are a pair, with the lower code in the earlier row or in the later.
struct LevelPair {
  std::int32_t low = 0;
  std::int32_t high = 0;
  std::array<std::size_t, 2> counts{};  // low first, high first
  std::array<RowPair, 2> earliest;

  [[nodiscard]] std::size_t count() const { return counts[0] + counts[1]; }
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
      found.push_back({.low = low, .high = high, .counts = {}, .earliest = {}});
    }
    const std::size_t way = column.codes[pair.first] == low ? 0 : 1;
    if (found.back().counts[way]++ == 0) found.back().earliest[way] = pair;
  }
  return found;
}

/// The pairs of levels that are each other's partners. If rows had the two by chance, there would
/// be at least as many pairs of equal ones: a b <= (a^2 + b^2) / 2.
CommonChange common_renaming(const Column& column, const SimilarRows& similar) {
  constexpr std::size_t kManyLevels = 6;
  const std::vector<LevelPair> found = level_pairs(column, similar.changed);
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
    const auto low = static_cast<std::size_t>(pair.low);
    const auto high = static_cast<std::size_t>(pair.high);
    const auto [less, more] = std::minmax(pair.counts[0], pair.counts[1]);
    const bool is_partner =
        2 * pair.count() >= totals[low] && 2 * pair.count() >= totals[high] &&
        pair.count() >= kDominance * (similar.of_level[low] + similar.of_level[high]);
    if (!is_partner || (used < kManyLevels && more < kDominance * std::max<std::size_t>(less, 1))) {
      continue;
    }
    common.pairs += pair.count();
    if (pair.count() > most) {
      most = pair.count();
      common.example = pair.earliest[pair.counts[0] >= pair.counts[1] ? 0 : 1];
    }
  }
  return common;
}

std::optional<Twins> twins_in(const Column& column, const std::vector<KeyedRow>& rows) {
  const SimilarRows similar = similar_rows(column, rows);
  const CommonChange common =
      column.is_number() ? common_shift(column, similar) : common_renaming(column, similar);
  if (common.pairs < kLeastTwins ||
      static_cast<double>(common.pairs) < kLeastTwinShare * static_cast<double>(column.size())) {
    return std::nullopt;
  }
  Twins twins{.pairs = common.pairs,
              .consistency = share(common.pairs, similar.changed.size()),
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
