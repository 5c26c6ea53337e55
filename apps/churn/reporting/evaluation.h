// What `ebb evaluate` measures: a model on rows whose labels are known.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "apps/churn/decision/campaign.h"
#include "apps/churn/decision/expected_profit.h"
#include "apps/churn/metrics/bootstrap.h"
#include "apps/churn/metrics/calibration.h"
#include "apps/churn/metrics/metrics.h"

namespace ebb::churn {

/// What a campaign earns on the rows.
struct CampaignResult {
  double profit_per_customer = 0;  ///< of all customers, where the flagged are contacted
  ExpectedProfit expected;         ///< where as many are contacted as pays best
};

struct Evaluation {
  Metrics metrics;
  std::vector<ReliabilityBin> reliability;
  std::optional<CampaignResult> campaign;
  std::vector<Interval> intervals;  ///< of named_figures(); empty: none were asked for
};

struct EvaluationOptions {
  double threshold = 0.5;
  std::optional<Campaign> campaign;  ///< its profit is measured, too
  std::optional<BootstrapOptions> intervals;
};

/// Throws as compute_metrics, expected_maximum_profit and bootstrap_intervals do.
Evaluation evaluate(const ScoredRows& rows, const EvaluationOptions& options);

struct NamedFigure {
  std::string name;
  double value = 0;
};
/// The metrics that are one number each, then the campaign's: those that have an interval.
std::vector<NamedFigure> named_figures(const Metrics& metrics,
                                       const std::optional<CampaignResult>& campaign);

/// to_json(Metrics), with the campaign's figures, by name "intervals" [low, high], where there are,
/// and "reliability", an object per bin; null for what is undefined.
nlohmann::ordered_json to_json(const Evaluation& evaluation);

/// For people: rows, base rate and threshold, then a line per figure with its interval.
std::string evaluation_table(const Evaluation& evaluation);

/// For people: a line per bin of probabilities that has rows, what was predicted and what happened.
std::string reliability_table(const Evaluation& evaluation);

}  // namespace ebb::churn
