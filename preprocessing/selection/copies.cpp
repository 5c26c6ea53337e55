#include "preprocessing/selection/copies.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <unordered_map>

#include "kernels/common/error.h"
#include "preprocessing/common/numbers.h"
#include "preprocessing/common/parallel.h"
#include "preprocessing/common/spread.h"
#include "preprocessing/statistics/moments.h"

namespace ebb::preprocessing {
namespace {

/// The rows between which a column's values lie.
struct Extremes {
  std::size_t lowest = 0;
  std::size_t highest = 0;
};

std::optional<Extremes> extremes_of(Numbers values) {
  std::optional<Extremes> extremes;
  for (std::size_t row = 0; row < values.size(); ++row) {
    if (std::isnan(values[row])) continue;
    if (!extremes) extremes = {row, row};
    if (values[row] < values[extremes->lowest]) extremes->lowest = row;
    if (values[row] > values[extremes->highest]) extremes->highest = row;
  }
  if (!extremes || values[extremes->lowest] == values[extremes->highest]) return std::nullopt;
  return extremes;
}

std::optional<AffineMap> affine_map(Numbers x, Numbers y, const Extremes& ends) {
  const double x0 = x[ends.lowest];
  const double y0 = y[ends.lowest];
  const double width = x[ends.highest] - x0;
  const double height = y[ends.highest] - y0;
  // No map that f64 can hold, y missing there, or y constant.
  if (!std::isfinite(width) || !std::isfinite(height) || height == 0.0) return std::nullopt;
  const double slope = height / width;
  const double tolerance = kAffineTolerance * std::abs(height);
  for (std::size_t row = 0; row < x.size(); ++row) {
    if (std::isnan(x[row]) && std::isnan(y[row])) continue;
    const double distance = y[row] - (y0 + slope * (x[row] - x0));
    if (!(std::abs(distance) <= tolerance)) return std::nullopt;
  }
  return AffineMap{slope, y0 - slope * x0};
}

/// Codes in order of first appearance, missing as -1, so that a renaming changes nothing.
struct CanonicalCodes {
  std::vector<std::int32_t> codes;
  std::int32_t levels = 0;
};

CanonicalCodes canonical_codes(const Column& column) {
  std::vector<std::int32_t> first(column.levels.size(), kMissingCode);
  CanonicalCodes canonical;
  canonical.codes.reserve(column.codes.size());
  for (const std::int32_t code : column.codes) {
    if (code == kMissingCode) {
      canonical.codes.push_back(kMissingCode);
      continue;
    }
    std::int32_t& renamed = first[static_cast<std::size_t>(code)];
    if (renamed == kMissingCode) renamed = canonical.levels++;
    canonical.codes.push_back(renamed);
  }
  return canonical;
}

/// The same of any key per row; without codes if there are more than `most` levels.
template <class Key, class IsMissing>
CanonicalCodes canonical_codes(const std::vector<Key>& keys, std::size_t most,
                               IsMissing is_missing) {
  std::unordered_map<Key, std::int32_t> levels;
  CanonicalCodes canonical;
  canonical.codes.reserve(keys.size());
  for (const Key key : keys) {
    if (is_missing(key)) {
      canonical.codes.push_back(kMissingCode);
      continue;
    }
    canonical.codes.push_back(
        levels.emplace(key, static_cast<std::int32_t>(levels.size())).first->second);
    if (levels.size() > most) return {};
  }
  canonical.levels = static_cast<std::int32_t>(levels.size());
  return canonical;
}

CanonicalCodes canonical_codes_of(const Column& column) {
  if (column.is_number()) {
    return canonical_codes(column.numbers, kMostRenamedNumbers,
                           [](double value) { return std::isnan(value); });
  }
  if (column.has_integers()) {
    return canonical_codes(column.integers, column.integers.size(),
                           [](std::int64_t value) { return value == kMissingInteger; });
  }
  return canonical_codes(column);
}

/// 0 for a column that is no renaming of another: without two levels, or with too many.
std::uint64_t signature_of(const Column& column) {
  const CanonicalCodes canonical = canonical_codes_of(column);
  if (canonical.levels < 2) return 0;
  std::uint64_t hash = column.kind == ColumnKind::identifier ? 1 : 2;
  for (const std::int32_t code : canonical.codes) {
    hash = spread(hash ^ static_cast<std::uint32_t>(code));
  }
  return std::max<std::uint64_t>(hash, 1);
}

std::string describe(const AffineMap& map, const std::string& name) {
  if (map.slope == 1.0 && map.offset == 0.0) return fmt::format("equals \"{}\"", shortened(name));
  return fmt::format("is {:.6g} times \"{}\" {} {:.6g}", map.slope, shortened(name),
                     map.offset < 0.0 ? "-" : "+", std::abs(map.offset));
}

/// What is known of each column before pairs are compared.
struct Known {
  const Column* column = nullptr;
  std::uint64_t signature = 0;
  std::optional<Extremes> extremes;
};

/// Whether levels of one name correspond: looked up where each first appears.
bool has_same_names(const CanonicalCodes& canonical, const Column& x, const Column& y) {
  std::int32_t next = 0;
  for (std::size_t row = 0; next < canonical.levels; ++row) {
    if (canonical.codes[row] != next) continue;
    if (x.text(row) != y.text(row)) return false;
    ++next;
  }
  return true;
}

/// Why `later` copies `earlier`; empty if it does not.
std::string copy_reason(const Known& earlier, const Known& later) {
  const std::string& name = earlier.column->name;
  if (earlier.column->is_number() && later.column->is_number()) {
    if (!earlier.extremes) return {};
    const auto map = affine_map(earlier.column->numbers, later.column->numbers, *earlier.extremes);
    return map ? describe(*map, name) : std::string();
  }
  if (earlier.signature == 0 || earlier.signature != later.signature) return {};
  const CanonicalCodes canonical = canonical_codes_of(*earlier.column);
  if (canonical.codes != canonical_codes_of(*later.column).codes) return {};
  return fmt::format("{} \"{}\"",
                     has_same_names(canonical, *earlier.column, *later.column)
                         ? "equals"
                         : "has the levels, under other names, of",
                     shortened(name));
}

}  // namespace

std::optional<AffineMap> affine_map(Numbers x, Numbers y) {
  if (x.size() != y.size()) fail("affine_map: columns of {} and {} rows", x.size(), y.size());
  const std::optional<Extremes> extremes = extremes_of(x);
  return extremes ? affine_map(x, y, *extremes) : std::nullopt;
}

Selection select_distinct(const Table& table, std::span<const std::string> names) {
  const std::vector<const Column*> columns = columns_of(table, names);
  std::vector<Known> known(columns.size());
  const bool only_numbers = std::all_of(columns.begin(), columns.end(),
                                        [](const Column* column) { return column->is_number(); });
  parallel_for(columns.size(), table.rows(), [&](std::size_t i) {
    known[i].column = columns[i];
    if (columns[i]->is_number()) known[i].extremes = extremes_of(columns[i]->numbers);
    if (!only_numbers) known[i].signature = signature_of(*columns[i]);
  });
  std::vector<std::string> reasons(columns.size());
  parallel_for(columns.size(), table.rows(), [&](std::size_t later) {
    for (std::size_t earlier = 0; earlier < later && reasons[later].empty(); ++earlier) {
      reasons[later] = copy_reason(known[earlier], known[later]);
    }
  });
  Selection selection;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const bool is_copy = !reasons[i].empty();
    selection.columns.push_back({columns[i]->name, !is_copy, is_copy ? 1.0 : 0.0, reasons[i]});
  }
  return selection;
}

}  // namespace ebb::preprocessing
