#include "preprocessing/audit/table_drift.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "kernels/common/error.h"
#include "preprocessing/common/counted.h"
#include "preprocessing/common/numbers.h"
#include "preprocessing/common/parallel.h"
#include "preprocessing/pipeline/drift.h"
#include "preprocessing/statistics/contingency.h"
#include "preprocessing/statistics/distributions.h"
#include "preprocessing/statistics/moments.h"
#include "preprocessing/statistics/mutual_information.h"
#include "preprocessing/statistics/ranks.h"

namespace ebb::preprocessing {
namespace {

constexpr double kChanceOfNoDrift = 1e-6;
constexpr double kLargeDistance = 0.1;
constexpr double kLargeNewShare = 0.01;
constexpr std::size_t kTenths = 10;
constexpr std::size_t kMostExamples = 3;

double missing_share(const Column& column) { return share(count_missing(column), column.size()); }

/// The last bucket counts missing values.
std::vector<std::size_t> counts_between(std::span<const double> values,
                                        const std::vector<double>& edges) {
  std::vector<std::size_t> counts(edges.size() + 2);
  for (const double value : values) {
    // An edge belongs to the bucket below it (quantile_bins).
    const auto bucket =
        std::isnan(value)
            ? edges.size() + 1
            : static_cast<std::size_t>(std::lower_bound(edges.begin(), edges.end(), value) -
                                       edges.begin());
    ++counts[bucket];
  }
  return counts;
}

/// Counts of each level of both columns, those of the first first, then those that are new; the
/// last is for missing values.
struct LevelCounts {
  std::vector<std::size_t> before;
  std::vector<std::size_t> after;
  std::size_t known = 0;  ///< levels of the first column
};

std::vector<std::size_t> counts_of(const Column& column) {
  std::vector<std::size_t> counts(column.levels.size() + 1);
  for (const std::int32_t code : column.codes) {
    ++counts[code == kMissingCode ? column.levels.size() : static_cast<std::size_t>(code)];
  }
  return counts;
}

LevelCounts level_counts(const Column& before, const Column& after, ColumnShift& shift) {
  const std::vector<std::size_t> old_counts = counts_of(before);
  const std::vector<std::size_t> new_counts = counts_of(after);
  LevelCounts counts;
  std::unordered_map<std::string_view, std::size_t> places;
  for (std::size_t i = 0; i < before.levels.size(); ++i) {
    if (old_counts[i] == 0) continue;
    places.emplace(before.levels[i], counts.before.size());
    counts.before.push_back(old_counts[i]);
  }
  counts.known = counts.before.size();
  counts.after.resize(counts.known);
  for (std::size_t i = 0; i < after.levels.size(); ++i) {
    if (new_counts[i] == 0) continue;
    if (const auto found = places.find(after.levels[i]); found != places.end()) {
      counts.after[found->second] = new_counts[i];
      continue;
    }
    counts.before.push_back(0);
    counts.after.push_back(new_counts[i]);
    shift.new_rows += new_counts[i];
    if (shift.new_examples.size() < kMostExamples) shift.new_examples.push_back(after.levels[i]);
  }
  shift.new_levels = counts.before.size() - counts.known;
  counts.before.push_back(old_counts.back());
  counts.after.push_back(new_counts.back());
  return counts;
}

/// All new levels are one bucket of the index.
double stability_of(const LevelCounts& counts) {
  std::vector<std::size_t> before(counts.known + 2);
  std::vector<std::size_t> after(counts.known + 2);
  for (std::size_t i = 0; i < counts.before.size(); ++i) {
    const bool is_last = i + 1 == counts.before.size();
    const std::size_t bucket = is_last ? counts.known + 1 : std::min(i, counts.known);
    before[bucket] += counts.before[i];
    after[bucket] += counts.after[i];
  }
  return population_stability_index(before, after);
}

void warn_of_index(ColumnShift& shift, std::size_t buckets, std::size_t before, std::size_t after) {
  if (before < kLeastDriftRows || after < kLeastDriftRows) return;
  const double by_chance = static_cast<double>(buckets - 1) *
                           (1.0 / static_cast<double>(before) + 1.0 / static_cast<double>(after));
  if (shift.stability_index <= kLargeStabilityIndex + by_chance) return;
  shift.warnings.push_back(
      fmt::format("the population stability index is {:.2f}", shift.stability_index));
}

void compare_numbers(const Column& before, const Column& after, ColumnShift& shift) {
  const std::vector<double> edges = quantile_bins(before.numbers, kTenths).edges;
  shift.stability_index = population_stability_index(counts_between(before.numbers, edges),
                                                     counts_between(after.numbers, edges));
  shift.test = kolmogorov_smirnov(before.numbers, after.numbers);
  shift.mean_before = moments_of(before.numbers).mean;
  shift.mean_after = moments_of(after.numbers).mean;
  warn_of_index(shift, edges.size() + 2, before.size(), after.size());
  if (shift.test.p_value < kChanceOfNoDrift && shift.test.statistic > kLargeDistance) {
    shift.warnings.push_back(fmt::format(
        "the distributions differ by {:.2f} (Kolmogorov-Smirnov), mean {:.6g} before, {:.6g} after",
        shift.test.statistic, shift.mean_before, shift.mean_after));
  }
}

void compare_levels(const Column& before, const Column& after, ColumnShift& shift) {
  const LevelCounts counts = level_counts(before, after, shift);
  shift.stability_index = stability_of(counts);
  ContingencyTable table{2, counts.before.size(), counts.before};
  table.counts.insert(table.counts.end(), counts.after.begin(), counts.after.end());
  shift.p_value = chi_square_test(table).p_value;
  for (std::size_t i = 0; i < counts.before.size(); ++i) {
    shift.total_variation += 0.5 * std::abs(share(counts.before[i], before.size()) -
                                            share(counts.after[i], after.size()));
    if (i < counts.known && counts.after[i] == 0) ++shift.lost_levels;
  }
  warn_of_index(shift, counts.known + 2, before.size(), after.size());
  if (shift.p_value < kChanceOfNoDrift && shift.total_variation > kLargeDistance) {
    shift.warnings.push_back(
        fmt::format("the shares of its levels differ by {:.2f}", shift.total_variation));
  }
  if (share(shift.new_rows, after.size()) > kLargeNewShare) {
    std::string example = shift.new_examples.front();
    shift.warnings.push_back(
        fmt::format("{} {} {}, such as \"{}\"", counted(shift.new_rows, "row"),
                    noun_for(shift.new_rows, "has", "have"),
                    shift.new_levels == 1 ? "a new level"
                                          : fmt::format("one of {} new levels", shift.new_levels),
                    shortened(example)));
  }
}

ColumnShift compare(const Column& before, const Column* after) {
  ColumnShift shift{.name = before.name};
  shift.missing_before = missing_share(before);
  shift.is_absent = after == nullptr;
  shift.is_number = before.is_number() && (shift.is_absent || after->is_number());
  if (shift.is_absent) {
    shift.warnings.emplace_back("the column is absent");
    return shift;
  }
  shift.missing_after = missing_share(*after);
  if (shift.is_number) {
    compare_numbers(before, *after, shift);
  } else {
    compare_levels(as_text(before), as_text(*after), shift);
  }
  if (shift.missing_after > shift.missing_before + kLargestMissingRise) {
    shift.warnings.push_back(fmt::format("{:.1f} % of the values are missing, {:.1f} % before",
                                         100.0 * shift.missing_after,
                                         100.0 * shift.missing_before));
  }
  return shift;
}

}  // namespace

KolmogorovSmirnovTest kolmogorov_smirnov(std::span<const double> before,
                                         std::span<const double> after) {
  const std::vector<KeyedRow> x = sorted_rows(before);
  const std::vector<KeyedRow> y = sorted_rows(after);
  if (x.empty() || y.empty()) return {};
  const auto n = static_cast<double>(x.size());
  const auto m = static_cast<double>(y.size());
  KolmogorovSmirnovTest test;
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < x.size() && j < y.size()) {
    const std::uint64_t value = std::min(x[i].key, y[j].key);
    while (i < x.size() && x[i].key == value) ++i;
    while (j < y.size() && y[j].key == value) ++j;
    const double distance = std::abs(static_cast<double>(i) / n - static_cast<double>(j) / m);
    test.statistic = std::max(test.statistic, distance);
  }
  test.p_value = kolmogorov_tail(test.statistic * std::sqrt(n * m / (n + m)));
  return test;
}

std::vector<ColumnShift> compare_tables(const Table& before, const Table& after,
                                        std::span<const std::string> names) {
  std::vector<const Column*> columns;
  for (const std::string& name : names) {
    const Column& column = before.column(name);
    if (column.kind != ColumnKind::identifier) columns.push_back(&column);
  }
  std::vector<ColumnShift> shifts(columns.size());
  parallel_for(columns.size(), before.rows() + after.rows(), [&](std::size_t i) {
    shifts[i] = compare(*columns[i], after.find(columns[i]->name));
  });
  for (const StrayTexts& texts : after.stray_texts) {
    const auto shift = std::find_if(shifts.begin(), shifts.end(), [&](const ColumnShift& one) {
      return one.name == texts.column;
    });
    if (shift == shifts.end()) continue;
    shift->stray_texts = texts.count;
    shift->warnings.push_back(
        fmt::format("texts stand among its numbers, such as \"{}\" in line {}, {} in all",
                    shortened(texts.first), texts.line, texts.count));
  }
  return shifts;
}

}  // namespace ebb::preprocessing
