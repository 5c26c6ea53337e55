#include "preprocessing/cleaning/outliers.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <nlohmann/json.hpp>

#include "kernels/common/error.h"
#include "preprocessing/cleaning/out_of_bounds.h"
#include "preprocessing/statistics/quantiles.h"

namespace ebb::preprocessing {
namespace {

void check_bounded(const Column& column, const OutlierOptions& options) {
  if (options.rule == OutlierRule::quantile) {
    if (options.share > 0.0 && options.share < 0.5) return;
    fail<DataError>("column \"{}\": the share of outliers is {}: expected above 0 and below 0.5",
                    column.name, options.share);
  }
  if (options.factor > 0.0 && std::isfinite(options.factor)) return;
  fail<DataError>("column \"{}\": the factor of outliers is {}: expected a positive number",
                  column.name, options.factor);
}

double finite(double bound) {
  constexpr double kLargest = std::numeric_limits<double>::max();
  return std::clamp(bound, -kLargest, kLargest);
}

}  // namespace

OutlierBounds fit_outlier_bounds(const Column& column, const OutlierOptions& options) {
  check_bounded(column, options);
  const std::vector<double> sorted = sorted_values(column.numbers);
  if (sorted.empty()) {
    fail<DataError>(
        "column \"{}\" has no value in any training row, so there are no bounds for outliers: "
        "leave "
        "the column out",
        column.name);
  }
  double low = 0.0;
  double high = 0.0;
  double margin = 0.0;
  switch (options.rule) {
    case OutlierRule::iqr:
      low = quantile(sorted, 0.25);
      high = quantile(sorted, 0.75);
      margin = options.factor * (high - low);
      break;
    case OutlierRule::z_score:
      low = high = mean_of(sorted);
      margin =
          sorted.back() > sorted.front() ? options.factor * standard_deviation(sorted, low) : 0;
      break;
    case OutlierRule::quantile:
      low = quantile(sorted, options.share);
      high = quantile(sorted, 1.0 - options.share);
      break;
  }
  return {finite(low - margin), finite(high + margin), options.treatment};
}

OutlierCounts treat_outliers(std::span<double> values, const OutlierBounds& bounds) {
  const OutOfBounds found =
      treat_out_of_bounds(values, bounds.lower, bounds.upper, [&](double value) {
        return treat_outlier(value, bounds.lower, bounds.upper, bounds.treatment);
      });
  return {found.below, found.above};
}

std::string_view rule_name(OutlierRule rule) {
  switch (rule) {
    case OutlierRule::iqr:
      return "iqr";
    case OutlierRule::z_score:
      return "z_score";
    case OutlierRule::quantile:
      return "quantile";
  }
  return "unknown";
}

std::string_view treatment_name(OutlierTreatment treatment) {
  switch (treatment) {
    case OutlierTreatment::report:
      return "report";
    case OutlierTreatment::clip:
      return "clip";
    case OutlierTreatment::to_missing:
      return "to_missing";
  }
  return "unknown";
}

OutlierRule parse_outlier_rule(std::string_view name) {
  for (const OutlierRule rule : {OutlierRule::iqr, OutlierRule::z_score, OutlierRule::quantile}) {
    if (name == rule_name(rule)) return rule;
  }
  fail<DataError>("\"{}\" is no rule for outliers: use iqr, z_score or quantile", name);
}

OutlierTreatment parse_outlier_treatment(std::string_view name) {
  for (const OutlierTreatment treatment :
       {OutlierTreatment::report, OutlierTreatment::clip, OutlierTreatment::to_missing}) {
    if (name == treatment_name(treatment)) return treatment;
  }
  fail<DataError>("\"{}\" is no treatment of outliers: use report, clip or to_missing", name);
}

nlohmann::json to_json(const OutlierBounds& bounds) {
  return {{"lower", bounds.lower},
          {"upper", bounds.upper},
          {"treatment", treatment_name(bounds.treatment)}};
}

OutlierBounds outlier_bounds_from_json(const JsonReader& reader) {
  reader.expect_keys({"lower", "upper", "treatment"});
  const OutlierBounds bounds = {reader.member("lower").number(), reader.member("upper").number(),
                                reader.member("treatment").parsed(parse_outlier_treatment)};
  if (bounds.lower > bounds.upper) reader.refuse("the lower bound is above the upper one");
  return bounds;
}

}  // namespace ebb::preprocessing
