#include "apps/churn/metrics/metrics.h"

#include <cmath>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "apps/churn/metrics/calibration.h"
#include "apps/churn/metrics/ranking.h"
#include "kernels/common/error.h"

namespace ebb::churn {
namespace {

nlohmann::ordered_json number_or_null(double value) {
  return std::isfinite(value) ? nlohmann::ordered_json(value) : nlohmann::ordered_json();
}

// Rows counted are whole numbers; sums of weights need not be, nor fit an integer.
nlohmann::ordered_json count_of(double value) {
  if (value < 0x1p53 && value == std::floor(value)) return static_cast<std::int64_t>(value);
  return value;
}

}  // namespace

Metrics compute_metrics(const ScoredRows& rows, double threshold) {
  check_rows(rows);
  if (std::isnan(threshold)) fail("the decision threshold is NaN; expected a probability");

  Metrics metrics;
  metrics.rows = rows.size();
  metrics.threshold = threshold;
  const ConfusionMatrix confusion = confusion_at(rows, threshold);
  metrics.confusion = confusion;
  metrics.base_rate = (confusion.true_positive + confusion.false_negative) / confusion.total();
  metrics.accuracy = confusion.accuracy();
  metrics.precision = confusion.precision();
  metrics.recall = confusion.recall();
  metrics.f1 = confusion.f1();
  metrics.balanced_accuracy = confusion.balanced_accuracy();

  const std::vector<ScoreGroup> ranking = rank_by_score(rows);
  metrics.roc_auc = roc_auc(ranking);
  metrics.pr_auc = average_precision(ranking);
  metrics.lift_at_10_percent = lift(ranking, kLiftFraction);

  metrics.log_loss = log_loss(rows);
  metrics.brier = brier_score(rows);
  metrics.expected_calibration_error = expected_calibration_error(rows);
  return metrics;
}

std::array<NamedMetric, 11> named_metrics(const Metrics& metrics) {
  return {{
      {"accuracy", metrics.accuracy, true},
      {"precision", metrics.precision, true},
      {"recall", metrics.recall, true},
      {"f1", metrics.f1, true},
      {"balanced_accuracy", metrics.balanced_accuracy, true},
      {"roc_auc", metrics.roc_auc, true},
      {"pr_auc", metrics.pr_auc, true},
      {"log_loss", metrics.log_loss, false},
      {"brier", metrics.brier, false},
      {"expected_calibration_error", metrics.expected_calibration_error, false},
      {"lift_at_10_percent", metrics.lift_at_10_percent, true},
  }};
}

nlohmann::ordered_json to_json(const Metrics& metrics) {
  nlohmann::ordered_json json;
  json["rows"] = metrics.rows;
  json["base_rate"] = number_or_null(metrics.base_rate);
  json["threshold"] = metrics.threshold;
  for (const NamedMetric& metric : named_metrics(metrics)) {
    json[std::string(metric.name)] = number_or_null(metric.value);
  }
  json["confusion_matrix"] = {{"true_positive", count_of(metrics.confusion.true_positive)},
                              {"false_positive", count_of(metrics.confusion.false_positive)},
                              {"true_negative", count_of(metrics.confusion.true_negative)},
                              {"false_negative", count_of(metrics.confusion.false_negative)}};
  return json;
}

}  // namespace ebb::churn
