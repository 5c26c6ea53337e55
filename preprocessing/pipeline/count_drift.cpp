// What the rows of a table hold, to be compared with the training rows.
#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/common/error.h"
#include "preprocessing/columns/count_places.h"
#include "preprocessing/pipeline/drift_columns.h"
#include "preprocessing/pipeline/pipeline.h"
#include "preprocessing/statistics/column_moments.h"

namespace ebb::preprocessing {
namespace {

using Counts = std::span<const std::size_t>;

void start_report(std::span<const JudgedNumber> numbers,
                  std::span<const CategoryFeature> categories, DriftReport& report) {
  const std::size_t columns = numbers.size() + categories.size();
  if (report.columns.size() == columns) return;
  if (!report.columns.empty()) fail("transform: the drift report is another pipeline's");
  report.columns.resize(columns);
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    report.columns[i].name = numbers[i].name;
    report.columns[i].counts.assign(numbers[i].statistics.counts.size(), 0);
  }
  for (std::size_t i = 0; i < categories.size(); ++i) {
    ColumnDrift& drift = report.columns[numbers.size() + i];
    drift.name = categories[i].name;
    drift.counts.assign(categories[i].counts.size(), 0);
  }
}

/// The edges of the training buckets between two more, below the first and beyond the second of
/// which lie the values that no training row had.
std::vector<double> edges_of(const NumberStatistics& training) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  std::vector<double> edges = {std::nextafter(training.minimum, -kInfinity)};
  edges.insert(edges.end(), training.edges.begin(), training.edges.end());
  edges.push_back(training.maximum);
  return edges;
}

/// `counts`: of the missing values, then of the ranges that edges_of() cuts.
void add_number(const DriftNumber& number, Counts counts, ColumnDrift& drift) {
  const Moments& moments = number.moments;
  drift.is_absent = number.is_absent;
  drift.missing += moments.missing;
  if (moments.count == 0) return;
  drift.lowest = drift.values == 0 ? moments.minimum : std::min(drift.lowest, moments.minimum);
  drift.highest = drift.values == 0 ? moments.maximum : std::max(drift.highest, moments.maximum);
  drift.values += moments.count;
  drift.sum += moments.mean * static_cast<double>(moments.count);
  const std::size_t below = counts[1];
  const std::size_t above = counts.back();
  drift.outside += below + above;
  drift.counts.front() += below;
  drift.counts.back() += above;
  for (std::size_t i = 0; i < drift.counts.size(); ++i) drift.counts[i] += counts[2 + i];
}

/// The text of the first row whose code is that of an unknown level.
std::string first_unknown(const DriftCategory& category,
                          std::span<const std::int32_t> code_of_level, std::size_t rows) {
  Tensor on_host;
  std::span<const std::int32_t> codes(category.codes, category.on_device == nullptr ? rows : 0);
  if (category.on_device != nullptr) {
    on_host = category.on_device->to(Device());
    codes = on_host.values<std::int32_t>();
  }
  for (const std::int32_t code : codes) {
    if (code == kMissingCode) continue;
    const auto level = static_cast<std::size_t>(code);
    if (code_of_level[level] == kEncodedUnknown) return shortened(category.levels[level]);
  }
  return {};
}

/// `counts`: of the missing values, then of the levels.
void add_category(const DriftCategory& category, const CategoryEncoder& encoder, Counts counts,
                  std::size_t rows, ColumnDrift& drift) {
  drift.is_absent = category.is_absent;
  drift.missing += counts[0];
  drift.counts[kEncodedMissing] += counts[0];
  std::vector<std::int32_t> code_of_level;
  std::size_t unseen = 0;
  for (std::size_t level = 0; level < category.levels.size(); ++level) {
    const std::int32_t code = code_of_level.emplace_back(encoder.code(category.levels[level]));
    drift.counts[static_cast<std::size_t>(code)] += counts[1 + level];
    if (code == kEncodedUnknown) unseen += counts[1 + level];
  }
  if (drift.unseen == 0 && unseen > 0)
    drift.unseen_example = first_unknown(category, code_of_level, rows);
  drift.unseen += unseen;
}

}  // namespace

DriftNumber drift_number(std::span<const double> values, bool is_absent) {
  return {values.data(), moments_of(values), is_absent};
}

DriftCategory drift_category(const Column& column, bool is_absent) {
  return {column.codes.data(), column.levels, nullptr, is_absent};
}

std::vector<DriftNumber> drift_numbers(Context& context,
                                       std::span<const DeviceColumn* const> columns,
                                       const std::function<bool(const DeviceColumn&)>& is_absent) {
  std::vector<Tensor> values;
  for (const DeviceColumn* column : columns) values.push_back(column->values);
  const std::vector<Moments> moments = moments_of(context, values);
  std::vector<DriftNumber> numbers;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    numbers.push_back({values[i].view().as<const double>(), moments[i], is_absent(*columns[i])});
  }
  return numbers;
}

DriftCategory drift_category(const DeviceColumn& column, bool is_absent) {
  const Tensor* const on_device = column.values.device().is_cuda() ? &column.values : nullptr;
  return {column.values.view().as<const std::int32_t>(), column.levels, on_device, is_absent};
}

void count_drift(Context& context, const Pipeline& pipeline, std::span<const DriftNumber> numbers,
                 std::span<const DriftCategory> categories, std::size_t rows, DriftReport& report) {
  const std::vector<JudgedNumber> judged = pipeline.judged_numbers();
  const std::vector<CategoryFeature>& judged_categories = pipeline.judged_categories();
  start_report(judged, judged_categories, report);
  report.rows += rows;
  std::vector<std::vector<double>> edges;
  for (const JudgedNumber& number : judged) edges.push_back(edges_of(number.statistics));
  std::vector<CountedColumn> columns;
  for (std::size_t i = 0; i < numbers.size(); ++i)
    columns.push_back({.values = numbers[i].values, .edges = edges[i]});
  for (const DriftCategory& category : categories)
    columns.push_back({.holds_codes = true,
                       .codes = category.codes,
                       .levels = category.levels.size(),
                       .edges = {}});
  const std::vector<std::vector<std::size_t>> counts =
      count_places(context, {static_cast<std::int64_t>(rows), columns});
  for (std::size_t i = 0; i < numbers.size(); ++i)
    add_number(numbers[i], counts[i], report.columns[i]);
  for (std::size_t i = 0; i < categories.size(); ++i) {
    const std::size_t place = numbers.size() + i;
    add_category(categories[i], judged_categories[i].encoder, counts[place], rows,
                 report.columns[place]);
  }
}

}  // namespace ebb::preprocessing
