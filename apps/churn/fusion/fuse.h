// Members' scores made into an ensemble's decision, and what that gains.
#pragma once

#include <span>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "apps/churn/config/run_config.h"
#include "apps/churn/fusion/combination.h"
#include "apps/churn/fusion/diversity.h"
#include "apps/churn/metrics/metrics.h"
#include "apps/churn/reporting/training_report.h"

namespace ebb::churn {

struct Fusion {
  Combination combination;
  Decision decision;  // of the combined probabilities
};

/// Combines members whose scores of the validation rows of `data`, which none was trained on, are
/// `validation`: what a method fits, and the ensemble's calibration and threshold, are found there.
/// `thresholds`: of the members. Throws as Combination::fit and decide().
Fusion fuse(CombinationMethod method, std::vector<double> thresholds,
            const MemberScores& validation, const PreparedData& data,
            const DecisionConfig& decision);

/// How much less an ensemble loses per row than something else: the mean of the differences over
/// the rows, and its standard error.
struct Gain {
  double log_loss = 0;
  double log_loss_error = 0;
  double brier = 0;
  double brier_error = 0;
};

/// Throws Error when lengths differ.
Gain gain_over(std::span<const float> other, std::span<const float> ensemble,
               std::span<const float> labels);

/// An ensemble on rows whose labels are known.
struct FusionReport {
  std::string part;  // "test" or "validation"
  std::vector<Metrics> members;
  Metrics ensemble;
  std::size_t best = 0;  // member, by log loss on validation rows
  Gain over_best;
  Gain over_mean;  // over a member picked at random
  Diversity diversity;
};

/// On the test rows, or without any on the validation rows. `best`: a member. Throws as
/// compute_metrics and measure_diversity.
FusionReport report_on(const Fusion& fusion, const MemberScores& validation,
                       const MemberScores& test, const PreparedData& data);

nlohmann::ordered_json to_json(const FusionReport& report);

/// For people: a line per member and one of the ensemble, the gains and the diversity.
std::string fusion_table(const FusionReport& report, std::span<const std::string> names);

}  // namespace ebb::churn
