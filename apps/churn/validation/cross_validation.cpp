#include "apps/churn/validation/cross_validation.h"

#include <algorithm>
#include <mutex>

#include "apps/churn/config/device_choice.h"
#include "apps/churn/reporting/training_report.h"
#include "apps/churn/training/fit_model.h"
#include "apps/churn/training/logistic_baseline.h"
#include "apps/churn/training/side_by_side.h"

namespace ebb::churn {
namespace {

FoldScores scores_of(PartScores scores, const PreparedData& data, const DecisionConfig& decision) {
  const Decision made = decide(std::move(scores.validation), data, decision);
  made.calibration.apply(scores.test);
  return {std::move(scores.test), made.threshold.threshold};
}

std::int64_t best_epoch_of(const std::vector<EpochRecord>& history) {
  std::int64_t best = 0;
  for (const EpochRecord& record : history) {
    if (record.best) best = record.epoch;
  }
  return best;
}

std::vector<float> labels_at(const LabelledCustomers& customers,
                             std::span<const std::size_t> rows) {
  std::vector<float> labels;
  for (const std::size_t row : rows) labels.push_back(customers.labels.values[row]);
  return labels;
}

}  // namespace

std::optional<FoldResult> run_fold(const LabelledCustomers& customers, const FoldRows& fold,
                                   RunConfig config, const std::function<bool()>& go_on) {
  config.training.seed += fold.repeat;
  const PreparedData data =
      prepare_split(customers, {fold.rows, ""}, config, choose_device(config.runtime.device));
  const std::optional<FittedModel> model = fit_model(config, data, go_on);
  if (!model) return std::nullopt;
  return FoldResult{.repeat = fold.repeat,
                    .fold = fold.fold,
                    .best_epoch = best_epoch_of(model->history),
                    .rows = fold.rows.test,
                    .network = scores_of(model->scores, data, config.decision),
                    .logistic_regression = scores_of(fit_logistic_baseline(data, config.runtime),
                                                     data, config.decision)};
}

Metrics measure(const FoldScores& scores, const FoldResult& result,
                const LabelledCustomers& customers) {
  const std::vector<float> labels = labels_at(customers, result.rows);
  return compute_metrics({.scores = scores.probabilities, .labels = labels}, scores.threshold);
}

bool run_folds(const LabelledCustomers& customers, std::span<const FoldRows> rounds,
               const RunConfig& config, int jobs, const std::function<bool()>& go_on,
               const std::function<void(FoldResult)>& on_result) {
  jobs = std::clamp(jobs, 1, static_cast<int>(std::max<std::size_t>(rounds.size(), 1)));
  RunConfig of_each = config;
  of_each.runtime.threads = threads_of_each(config.runtime.threads, jobs);
  std::mutex one_at_a_time;
  std::size_t done = 0;
  run_side_by_side(rounds.size(), jobs, of_each.runtime.threads, go_on,
                   [&](std::size_t i, const std::function<bool()>& may_go_on) {
                     std::optional<FoldResult> result =
                         run_fold(customers, rounds[i], of_each, may_go_on);
                     const std::lock_guard lock(one_at_a_time);
                     if (!result) return;
                     on_result(std::move(*result));
                     ++done;
                   });
  return done == rounds.size();
}

}  // namespace ebb::churn
