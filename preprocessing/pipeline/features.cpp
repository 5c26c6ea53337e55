#include "preprocessing/pipeline/features.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/common/error.h"
#include "preprocessing/common/numbers.h"
#include "preprocessing/statistics/quantiles.h"

namespace ebb::preprocessing {
namespace {

constexpr std::size_t kDriftBuckets = 10;

NumberStatistics statistics_of(std::span<const double> sorted, std::size_t rows) {
  NumberStatistics statistics;
  statistics.rows = rows;
  statistics.missing = rows - sorted.size();
  statistics.minimum = sorted.front();
  statistics.maximum = sorted.back();
  statistics.mean = mean_of(sorted);
  statistics.deviation = standard_deviation(sorted, statistics.mean);
  for (std::size_t i = 1; i < kDriftBuckets; ++i) {
    const double edge = quantile(sorted, static_cast<double>(i) / kDriftBuckets);
    if (edge < sorted.back() && (statistics.edges.empty() || edge > statistics.edges.back())) {
      statistics.edges.push_back(edge);
    }
  }
  statistics.counts.assign(statistics.edges.size() + 1, 0);
  for (const double value : sorted) ++statistics.counts[bucket_of(statistics.edges, value)];
  return statistics;
}

/// Scaling keeps order, so quantiles are taken before it and each is scaled once. Networks compute
/// in f32, so edges that are equal there count once; a column that is constant there has one bin.
std::vector<double> bin_edges_of(std::span<const double> sorted, const NumberScaler& scaler,
                                 std::size_t bins) {
  std::vector<double> scaled;
  scaled.reserve(sorted.size());
  for (const double value : sorted) scaled.push_back(scaler.apply(value));
  std::vector<double> edges;
  for (std::size_t i = 0; i <= bins; ++i) {
    const double edge = quantile(scaled, static_cast<double>(i) / static_cast<double>(bins));
    if (edges.empty() || to_float(edge) > to_float(edges.back())) edges.push_back(edge);
  }
  if (edges.size() == 1) {
    const double end = edges.front();
    const double width = std::max(1.0, std::abs(end));
    edges.insert(end > 0.0 ? edges.begin() : edges.end(), end > 0.0 ? end - width : end + width);
  }
  return edges;
}

}  // namespace

std::string_view reason_name(DroppedColumn::Reason reason) {
  switch (reason) {
    case DroppedColumn::Reason::requested:
      return "requested";
    case DroppedColumn::Reason::identifier:
      return "identifier";
    case DroppedColumn::Reason::constant:
      return "constant";
    case DroppedColumn::Reason::all_missing:
      return "all_missing";
    case DroppedColumn::Reason::too_rare:
      return "too_rare";
    case DroppedColumn::Reason::decimal_comma:
      return "decimal_comma";
  }
  return "unknown";
}

std::string describe(const DroppedColumn& column) {
  const auto why = [&]() -> std::string_view {
    switch (column.reason) {
      case DroppedColumn::Reason::requested:
        return "as asked";
      case DroppedColumn::Reason::identifier:
        return "it looks like an identifier, a different value in (nearly) every row; declare it "
               "number or category to use it";
      case DroppedColumn::Reason::constant:
        return "it has one value in all training rows";
      case DroppedColumn::Reason::all_missing:
        return "it has no value in any training row";
      case DroppedColumn::Reason::too_rare:
        return "each of its values is too rare to learn from";
      case DroppedColumn::Reason::decimal_comma:
        return "it holds numbers with a decimal comma, each too rare to be a category; write them "
               "with a point";
    }
    return "";
  }();
  return fmt::format("column \"{}\" is left out: {}", column.name, why);
}

NumberFeature fit_number(const Column& column, const NumberOptions& options, std::size_t quantiles,
                         std::size_t bins) {
  const std::vector<double> sorted = sorted_values(column.numbers);
  NumberFeature feature;
  feature.name = column.name;
  feature.fill_value = fill_value(sorted, options.fill, options.constant);
  feature.has_indicator =
      options.indicator == MissingIndicator::always ||
      (options.indicator == MissingIndicator::when_missing && sorted.size() < column.size());
  try {
    feature.scaler = NumberScaler::fit(sorted, options.scaling, quantiles);
  } catch (const DataError& error) {
    fail<DataError>("column \"{}\": {}: correct them, or leave it out with --drop-columns",
                    column.name, error.what());
  }
  feature.bin_edges = bin_edges_of(sorted, feature.scaler, bins);
  feature.statistics = statistics_of(sorted, column.size());
  return feature;
}

CategoryFeature fit_category(const Column& values, const CategoryOptions& options) {
  const Column column = as_text(values);
  CategoryFeature feature;
  feature.name = column.name;
  feature.holds_numbers = values.is_number();
  feature.encoder = CategoryEncoder::fit(column, options.min_count);
  feature.counts.assign(static_cast<std::size_t>(feature.encoder.cardinality()), 0);
  for (const std::int32_t code : feature.encoder.encode(column)) {
    ++feature.counts[static_cast<std::size_t>(code)];
  }
  for (const std::size_t count : level_counts(column)) {
    if (count <= options.min_count) feature.expected_unknown += count;
  }
  if (options.fill == CategoryFill::mode && !feature.encoder.levels().empty()) {
    feature.missing_code = kFirstLevelCode;
  }
  return feature;
}

std::size_t bucket_of(std::span<const double> edges, double value) {
  // Of ranges: with checked iterators the other one looks at all edges for every value.
  return static_cast<std::size_t>(std::ranges::lower_bound(edges, value) - edges.begin());
}

std::vector<double> as_numbers(const Column& column, const Table& table) {
  if (column.is_number()) return column.numbers;
  std::vector<double> numbers;
  numbers.reserve(column.size());
  for (std::size_t row = 0; row < column.size(); ++row) {
    if (column.is_missing(row)) {
      numbers.push_back(std::numeric_limits<double>::quiet_NaN());
      continue;
    }
    const std::string text = column.text(row);
    const std::optional<double> number = parse_number(text);
    if (!number) {
      fail<DataError>(
          "{}: column \"{}\": \"{}\" is not a number, as the column was in training: "
          "correct the cell, or leave it empty if the value is not known",
          table.where(row), column.name, text);
    }
    numbers.push_back(*number);
  }
  return numbers;
}

}  // namespace ebb::preprocessing
