// Every metric that ebb reports on a labelled set, computed together.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "apps/churn/metrics/confusion_matrix.h"
#include "apps/churn/metrics/scored_rows.h"

namespace ebb::churn {

/// The share of customers, from the top of the ranking, whose lift is reported.
constexpr double kLiftFraction = 0.10;

/// A metric that is undefined on the rows at hand (one class only, nobody flagged, no rows) is NaN.
struct Metrics {
  std::size_t rows = 0;
  double base_rate = 0;  ///< share of positives, by weight
  double threshold = 0;  ///< probability from which a row is flagged
  ConfusionMatrix confusion;
  double accuracy = 0;
  double precision = 0;
  double recall = 0;
  double f1 = 0;
  double balanced_accuracy = 0;
  double roc_auc = 0;
  double pr_auc = 0;  ///< average precision
  double log_loss = 0;
  double brier = 0;
  double expected_calibration_error = 0;  ///< over kCalibrationBins bins
  double lift_at_10_percent = 0;
};

/// All metrics of the rows; the confusion matrix at `threshold`, a probability. O(n log n).
/// Throws Error as `check_rows` does, and when the threshold is NaN.
Metrics compute_metrics(const ScoredRows& rows, double threshold);

struct NamedMetric {
  std::string_view name;  ///< as in JSON, tables and history files
  double value;
  bool higher_is_better;
};

/// The metrics that are one number each, in the order in which they are reported.
std::array<NamedMetric, 11> named_metrics(const Metrics& metrics);

/// One object: rows, base_rate, threshold, the named metrics, and confusion_matrix; NaN as null.
nlohmann::ordered_json to_json(const Metrics& metrics);

}  // namespace ebb::churn
