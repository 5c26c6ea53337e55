#include "preprocessing/pipeline/features.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/common/error.h"
#include "preprocessing/common/numbers.h"
#include "preprocessing/statistics/moments.h"
#include "preprocessing/statistics/order_statistics.h"
#include "preprocessing/statistics/quantiles.h"

namespace ebb::preprocessing {
namespace {

constexpr std::size_t kDriftBuckets = 10;

/// Training values of one column, NaN where missing, as fitting looks at them.
struct TrainingValues {
  std::span<const double> all;
  Moments moments;
  std::vector<double> sorted;  ///< all that are there, or a sample with the least and the greatest
};

TrainingValues look_at(const Column& column, NumberFacts facts) {
  TrainingValues values{column.numbers, facts.moments, std::move(facts.sample)};
  if (values.sorted.size() < values.moments.count) {
    values.sorted.insert(values.sorted.begin(), values.moments.minimum);
    values.sorted.push_back(values.moments.maximum);
  }
  return values;
}

NumberStatistics statistics_of(const TrainingValues& values) {
  const std::vector<double>& sorted = values.sorted;
  NumberStatistics statistics;
  statistics.rows = values.all.size();
  statistics.missing = values.moments.missing;
  statistics.minimum = sorted.front();
  statistics.maximum = sorted.back();
  statistics.mean = values.moments.mean;
  statistics.deviation = values.moments.deviation;
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

/// What a scaler is fitted to: all values where it takes their mean, else a sample will do, whose
/// ends are exact.
std::span<const double> scaled_by(const TrainingValues& values, Scaling scaling) {
  const bool takes_mean = scaling == Scaling::standard || scaling == Scaling::log;
  return takes_mean ? values.all : std::span<const double>(values.sorted);
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

NumberFeature fit_number(const Column& column, const NumberFacts& facts,
                         const NumberOptions& options, std::size_t quantiles, std::size_t bins) {
  const TrainingValues values = look_at(column, facts);
  NumberFeature feature;
  feature.name = column.name;
  feature.fill_value = facts.fill.value_or(options.constant);
  feature.has_indicator =
      options.indicator == MissingIndicator::always ||
      (options.indicator == MissingIndicator::when_missing && values.moments.missing > 0);
  try {
    feature.scaler =
        NumberScaler::fit(scaled_by(values, options.scaling), options.scaling, quantiles);
  } catch (const DataError& error) {
    fail<DataError>("column \"{}\": {}: correct them, or leave it out with --drop-columns",
                    column.name, error.what());
  }
  feature.bin_edges = bin_edges_of(values.sorted, feature.scaler, bins);
  feature.statistics = statistics_of(values);
  return feature;
}

NumberStatistics number_statistics(const Column& column) {
  const TrainingValues values = look_at(column, facts_of(column, NumberFill::constant));
  if (!values.sorted.empty()) return statistics_of(values);
  NumberStatistics statistics;
  statistics.rows = statistics.missing = column.size();
  statistics.counts = {0};
  return statistics;
}

CategoryFeature fit_category(const Column& values, const CategoryOptions& options) {
  const bool holds_texts = !values.is_number() && !values.has_integers();
  if (holds_texts) return fit_category(values, level_counts(values), options);
  const Column texts = as_text(values);
  CategoryFeature feature = fit_category(texts, level_counts(texts), options);
  feature.holds_numbers = values.is_number();
  return feature;
}

CategoryFeature fit_category(const Column& column, std::span<const std::size_t> counts,
                             const CategoryOptions& options) {
  CategoryFeature feature;
  feature.name = column.name;
  feature.encoder = CategoryEncoder::fit(column.levels, counts, options.min_count);
  feature.counts.assign(static_cast<std::size_t>(feature.encoder.cardinality()), 0);
  std::size_t present = 0;
  for (std::size_t level = 0; level < counts.size(); ++level) {
    const auto code = static_cast<std::size_t>(feature.encoder.code(column.levels[level]));
    feature.counts[code] += counts[level];
    present += counts[level];
    if (counts[level] <= options.min_count) feature.expected_unknown += counts[level];
  }
  feature.counts[kEncodedMissing] = column.size() - present;
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

Column in_spelling_of(const CategoryFeature& feature, const Column& column, const Table& table) {
  if (!feature.holds_numbers) return as_text(column);
  return as_text(number_column(column.name, as_numbers(column, table)));
}

}  // namespace ebb::preprocessing
