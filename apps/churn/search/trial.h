// One configuration that was tried, and what is kept of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "apps/churn/metrics/metrics.h"
#include "apps/churn/search/search_space.h"
#include "apps/churn/search/successive_halving.h"

namespace ebb::churn {

/// What a search is to make best: one of named_metrics().
struct SearchMetric {
  std::string name = "log_loss";
  bool higher_is_better = false;

  [[nodiscard]] double of(const Metrics& metrics) const;
  /// A value such that less is better; its own inverse.
  [[nodiscard]] double loss_of(double value) const { return higher_is_better ? -value : value; }
};
/// Throws DataError, listing the names, for an unknown one.
SearchMetric parse_search_metric(std::string_view name);

enum class TrialOutcome {
  finished,  // trained to the end
  stopped,   // ended early, as others did better
  failed,    // diverged, or its settings do not suit the data
};
std::string_view to_string(TrialOutcome outcome);
/// The inverse; throws DataError for any other text.
TrialOutcome parse_trial_outcome(std::string_view name);

struct Trial {
  std::size_t number = 0;  // from 0
  Assignment assignment;
  TrialOutcome outcome = TrialOutcome::finished;
  double value = 0.0;  // of the metric on validation rows; none where it failed
  LossCurve curve;     // of the validation loss, or less the validation AUC; none with folds
  double seconds = 0.0;
  std::string problem;  // why it failed
};

/// The finished trial of the best value, the first by number of equals; null where there is none.
const Trial* best_trial(const std::vector<Trial>& trials, const SearchMetric& metric);

}  // namespace ebb::churn
