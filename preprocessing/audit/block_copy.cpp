// Runs of rows that repeat the differences of rows further up.
#include <algorithm>
#include <cmath>
#include <cstdint>

#include "kernels/common/error.h"
#include "preprocessing/audit/row_hashes.h"
#include "preprocessing/audit/twins.h"
#include "preprocessing/common/parallel.h"
#include "preprocessing/statistics/moments.h"

namespace ebb::preprocessing {
namespace {

/// Whether a column changed from the row above, and by how much, in numbers that do not change when
/// a constant is added or levels are renamed. 0 in the first row.
Column differences_of(const Column& column) {
  // A billionth of the spread: far above the rounding of decimals, far below what tells rows apart.
  constexpr double kStep = 1e-9;
  Column differences;
  differences.numbers.resize(column.size());
  double step = 1.0;
  if (column.is_number()) {
    const Moments moments = moments_of(column.numbers);
    step = kStep * (0.5 * moments.maximum - 0.5 * moments.minimum);
  }
  parallel_ranges(column.size(), 1, kRangeRows, [&](std::size_t begin, std::size_t end) {
    for (std::size_t row = std::max<std::size_t>(begin, 1); row < end; ++row) {
      double& difference = differences.numbers[row];
      if (column.is_missing(row) || column.is_missing(row - 1)) {
        // Not NaN: which of the two is missing counts.
        difference = column.is_missing(row) ? (column.is_missing(row - 1) ? 3e9 : 4e9) : 5e9;
      } else if (column.is_number()) {
        const double half = 0.5 * column.numbers[row] - 0.5 * column.numbers[row - 1];
        difference = step > 0.0 ? std::round(half / step) : 0.0;
      } else {
        difference = column.codes[row] == column.codes[row - 1] ? 0.0 : 1.0;
      }
    }
  });
  return differences;
}

struct Repeat {
  std::uint32_t row;
  std::uint32_t lag;
};

/// Of rows with the same differences that few have, each with the one before.
std::vector<Repeat> repeats_of(std::span<const std::uint64_t> hashes) {
  std::vector<Repeat> repeats;
  for_each_group(rows_by_hash(hashes), [&](std::span<const KeyedRow> group) {
    if (group.size() > kMostAlike) return;
    for (std::size_t i = 1; i < group.size(); ++i) {
      repeats.push_back({group[i].row, group[i].row - group[i - 1].row});
    }
  });
  return repeats;
}

struct CommonLag {
  std::uint32_t lag = 0;
  std::size_t repeats = 0;
};

/// The most frequent lag; the shortest of several.
CommonLag common_lag(std::vector<Repeat>& repeats) {
  std::sort(repeats.begin(), repeats.end(),
            [](const Repeat& a, const Repeat& b) { return a.lag < b.lag; });
  CommonLag common;
  for (std::size_t begin = 0; begin < repeats.size();) {
    std::size_t end = begin;
    while (end < repeats.size() && repeats[end].lag == repeats[begin].lag) ++end;
    if (end - begin > common.repeats) common = {repeats[begin].lag, end - begin};
    begin = end;
  }
  return common;
}

/// From the first repeat of that lag to the last, and on as far as rows repeat, all rows with the
/// differences of the row `lag` further up, be they frequent ones or not.
std::vector<Repeat> repeats_at(std::span<const std::uint64_t> hashes,
                               const std::vector<Repeat>& repeats, std::uint32_t lag) {
  auto first = static_cast<std::uint32_t>(hashes.size());
  std::uint32_t last = 0;
  for (const Repeat& repeat : repeats) {
    if (repeat.lag != lag) continue;
    first = std::min(first, repeat.row);
    last = std::max(last, repeat.row);
  }
  const auto is_repeat = [&](std::uint32_t row) { return hashes[row] == hashes[row - lag]; };
  while (first > lag && is_repeat(first - 1)) --first;
  while (last + 1 < hashes.size() && is_repeat(last + 1)) ++last;
  std::vector<Repeat> found;
  for (std::uint32_t row = first; row <= last; ++row) {
    if (is_repeat(row)) found.push_back({row, lag});
  }
  return found;
}

double median_shift(const Column& column, const std::vector<Repeat>& repeats) {
  std::vector<double> shifts;
  for (const Repeat& repeat : repeats) {
    const double shift = column.numbers[repeat.row] - column.numbers[repeat.row - repeat.lag];
    if (!std::isnan(shift)) shifts.push_back(shift);
  }
  if (shifts.empty()) return 0.0;
  const auto middle = shifts.begin() + static_cast<std::ptrdiff_t>(shifts.size() / 2);
  std::nth_element(shifts.begin(), middle, shifts.end());
  return *middle;
}

std::optional<ColumnChange> change_of(const Column& column, const std::vector<Repeat>& repeats) {
  constexpr double kRounding = 1e-9;
  ColumnChange change{.column = column.name, .shift = {}, .example = {}};
  if (column.is_number()) {
    change.shift = median_shift(column, repeats);
    const Moments moments = moments_of(column.numbers);
    const double least = kRounding * (0.5 * moments.maximum - 0.5 * moments.minimum);
    return std::abs(*change.shift) > least ? std::optional(change) : std::nullopt;
  }
  std::size_t renamed = 0;
  const Repeat* example = nullptr;
  for (const Repeat& repeat : repeats) {
    if (column.codes[repeat.row] == column.codes[repeat.row - repeat.lag]) continue;
    ++renamed;
    if (example == nullptr) example = &repeat;
  }
  if (2 * renamed < repeats.size()) return std::nullopt;
  change.example =
      fmt::format("\"{}\" to \"{}\"", shortened(column.text(example->row - example->lag)),
                  shortened(column.text(example->row)));
  return change;
}

}  // namespace

std::optional<BlockCopy> find_block_copy(const Table& table, std::span<const std::string> names) {
  constexpr double kLeastShareOfRepeats = 0.5;
  std::vector<const Column*> columns;
  for (const std::string& name : names) {
    const Column& column = table.column(name);
    if (!column.has_integers()) columns.push_back(&column);
  }
  if (table.rows() < 2 || columns.empty()) return std::nullopt;
  std::vector<std::uint64_t> hashes(table.rows());
  for (std::size_t i = 0; i < columns.size(); ++i) {
    add_cell_hashes(differences_of(*columns[i]), i, 1, hashes);
  }
  hashes[0] = 0;  // no row above
  std::vector<Repeat> repeats = repeats_of(hashes);
  const CommonLag common = common_lag(repeats);
  const auto count = static_cast<double>(common.repeats);
  if (common.repeats < kLeastTwins || count < kLeastTwinShare * static_cast<double>(table.rows()) ||
      count < kLeastShareOfRepeats * static_cast<double>(repeats.size())) {
    return std::nullopt;
  }
  const std::vector<Repeat> found = repeats_at(hashes, repeats, common.lag);
  BlockCopy copy{.rows = found.size(),
                 .lag = common.lag,
                 .first_row = found.front().row,
                 .last_row = found.back().row,
                 .changes = {}};
  for (const Column* column : columns) {
    if (auto change = change_of(*column, found)) copy.changes.push_back(std::move(*change));
  }
  return copy;
}

}  // namespace ebb::preprocessing
