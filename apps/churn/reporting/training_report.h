// How good a trained network is, with what anyone would compare it to beside it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "apps/churn/config/run_config.h"
#include "apps/churn/data/prepared_data.h"
#include "apps/churn/decision/score_calibration.h"
#include "apps/churn/decision/threshold.h"
#include "apps/churn/metrics/metrics.h"
#include "apps/churn/training/part_scores.h"

namespace ebb::churn {

/// What turns a model's probabilities into decisions.
struct Decision {
  ScoreCalibration calibration;
  ThresholdChoice threshold;  // of calibrated probabilities
};

/// As the configuration wants, from the model's probabilities of the validation rows.
Decision decide(std::vector<float> validation_scores, const PreparedData& data,
                const DecisionConfig& decision);

/// One model, decided by the threshold that its own scores on the validation rows ask for. A part
/// without rows has no metrics.
struct ModelReport {
  Decision decision;
  std::optional<Metrics> train;
  std::optional<Metrics> validation;
  std::optional<Metrics> test;
};

struct TrainingReport {
  ModelReport network;
  ModelReport logistic_regression;
  ModelReport base_rate;  // everybody gets the training rows' share of positives, and the decision
                          // that is right for most
};

/// Calibrates the scores, chooses the threshold and measures. Throws Error when a part has scores
/// for another number of rows than it has.
ModelReport report_on(PartScores scores, const PreparedData& data, const DecisionConfig& decision);

TrainingReport report_on_training(const PartScores& network, const PartScores& logistic_regression,
                                  const PreparedData& data, const DecisionConfig& decision);

/// {"network": {"threshold": 0.31, "train": {...}, "validation": ..., "test": ...}, ...}; null for
/// a part without rows. Metrics as in metrics.h.
nlohmann::ordered_json to_json(const TrainingReport& report);

/// Checks that a document with to_json's report in it, beside what the network is and how long it
/// trained, has all that report_table and `ebb info` show. Throws DataError that names the place.
void require_report(const nlohmann::json& document);

/// The metrics of a report as to_json gives it, side by side, for people: the network on all parts;
/// the others on the test rows, or the validation rows if there are none.
std::string report_table(const nlohmann::ordered_json& report);
/// Decisions against truth, for people. `positive`: the class that is predicted.
std::string confusion_table(const ConfusionMatrix& confusion, const std::string& positive);

/// Why the threshold is what it is, in one sentence.
std::string explain(const ThresholdChoice& choice, const DecisionConfig& decision);

}  // namespace ebb::churn
