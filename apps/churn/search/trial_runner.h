// Trains what a search proposes, and measures it on validation rows.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "apps/churn/data/labelled_customers.h"
#include "apps/churn/search/trial.h"

namespace ebb::churn {

/// Runs trials that share rows and seed. Test rows are never looked at: they are split off as
/// `ebb train` splits them off, and left alone.
class TrialRunner {
 public:
  /// `folds`: a trial's value is the mean over that many rounds of a cross-validation instead of
  /// the value on one split's validation rows; 0: one split. All must outlive the runner. Throws as
  /// split_customers and plan_folds do.
  TrialRunner(const LabelledCustomers& customers, const RunConfig& base, SearchMetric metric,
              std::uint32_t folds);
  ~TrialRunner();

  /// One trial of `config`, which is `base` with an assignment, for the caller to fill in number
  /// and assignment. Nothing where `go_on`, which is called after each step, was false.
  /// `is_promising` is called after each epoch, but not with folds; false ends the trial. What
  /// throws DataError is a failed trial. Can be called by several threads at once.
  [[nodiscard]] std::optional<Trial> run(
      const RunConfig& config, const std::function<bool()>& go_on,
      const std::function<bool(const LossCurve&)>& is_promising) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ebb::churn
