#include "apps/churn/search/trial.h"

#include <array>
#include <utility>

#include "kernels/common/error.h"
#include "preprocessing/common/names.h"

namespace ebb::churn {
namespace {

constexpr std::array kOutcomes = {TrialOutcome::finished, TrialOutcome::stopped,
                                  TrialOutcome::failed};

}  // namespace

double SearchMetric::of(const Metrics& metrics) const {
  for (const NamedMetric& metric : named_metrics(metrics)) {
    if (metric.name == name) return metric.value;
  }
  fail("there is no metric {}", name);
}

SearchMetric parse_search_metric(std::string_view name) {
  std::vector<std::string> names;
  for (const NamedMetric& metric : named_metrics({})) {
    if (metric.name == name) return {std::string(name), metric.higher_is_better};
    names.emplace_back(metric.name);
  }
  fail<DataError>("\"{}\" is no metric.{}", shortened(name),
                  preprocessing::suggest_names(name, names));
}

std::string_view to_string(TrialOutcome outcome) {
  switch (outcome) {
    case TrialOutcome::finished:
      return "finished";
    case TrialOutcome::stopped:
      return "stopped";
    case TrialOutcome::failed:
      return "failed";
  }
  return "unknown";
}

TrialOutcome parse_trial_outcome(std::string_view name) {
  for (const TrialOutcome outcome : kOutcomes) {
    if (to_string(outcome) == name) return outcome;
  }
  fail<DataError>("\"{}\" is no outcome: expected finished, stopped or failed", shortened(name));
}

const Trial* best_trial(const std::vector<Trial>& trials, const SearchMetric& metric) {
  const Trial* best = nullptr;
  for (const Trial& trial : trials) {
    if (trial.outcome != TrialOutcome::finished) continue;
    if (best == nullptr || std::pair(metric.loss_of(trial.value), trial.number) <
                               std::pair(metric.loss_of(best->value), best->number)) {
      best = &trial;
    }
  }
  return best;
}

}  // namespace ebb::churn
