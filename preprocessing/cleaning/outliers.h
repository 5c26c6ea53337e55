// Outliers of one number column: bounds fitted to training values, then a treatment of what lies
// beyond them.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "preprocessing/cleaning/treat_outlier.h"
#include "preprocessing/common/json_reader.h"
#include "preprocessing/table/column.h"

namespace ebb::preprocessing {

/// With quartiles Q1 and Q3, mean and deviation (population) and quantiles q of the training values
/// (quantiles linear between order statistics, as pandas and numpy):
///   iqr       Q1 - factor (Q3 - Q1) to Q3 + factor (Q3 - Q1)   (Tukey 1977; factor 1.5)
///   z_score   mean - factor deviation to mean + factor deviation   (factor 3)
///   quantile  q(share) to q(1 - share)   (share 0.01)
/// Where more than three quarters of the values are equal, iqr takes all others for outliers.
enum class OutlierRule { iqr, z_score, quantile };

struct OutlierOptions {
  OutlierRule rule = OutlierRule::iqr;
  double factor = 1.5;  ///< of iqr and z_score: positive
  double share = 0.01;  ///< of quantile: above 0, below 0.5
  OutlierTreatment treatment = OutlierTreatment::clip;
};

/// The fitted state. Values at a bound are inside.
struct OutlierBounds {
  double lower = 0.0;
  double upper = 0.0;
  OutlierTreatment treatment = OutlierTreatment::clip;
  bool operator==(const OutlierBounds&) const = default;
};

struct OutlierCounts {
  std::size_t below = 0;
  std::size_t above = 0;
  bool operator==(const OutlierCounts&) const = default;
};

/// Fits to a number column without its missing values. Bounds beyond the finite numbers are the
/// largest ones. Sorts. Throws DataError naming the column if all values are missing or an option
/// is out of range.
OutlierBounds fit_outlier_bounds(const Column& column, const OutlierOptions& options);

/// Treats all values in place and counts those beyond the bounds, in one parallel pass.
OutlierCounts treat_outliers(std::span<double> values, const OutlierBounds& bounds);

/// "iqr", "z_score", "quantile"; "report", "clip", "to_missing". The parse functions throw
/// DataError that lists the names.
std::string_view rule_name(OutlierRule rule);
std::string_view treatment_name(OutlierTreatment treatment);
OutlierRule parse_outlier_rule(std::string_view name);
OutlierTreatment parse_outlier_treatment(std::string_view name);

nlohmann::json to_json(const OutlierBounds& bounds);
/// Throws DataError unless lower <= upper.
OutlierBounds outlier_bounds_from_json(const JsonReader& reader);

}  // namespace ebb::preprocessing
