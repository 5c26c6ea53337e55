// How good settings are on rows that a model has not seen, round by round.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "apps/churn/data/labelled_customers.h"
#include "apps/churn/metrics/metrics.h"
#include "apps/churn/validation/fold_plan.h"

namespace ebb::churn {

/// One model on the rows that a round measures.
struct FoldScores {
  std::vector<float> probabilities;  ///< calibrated, as config.decision says
  double threshold = 0.5;            ///< chosen on the round's validation rows
};

struct FoldResult {
  std::uint32_t repeat = 0;
  std::uint32_t fold = 0;
  std::int64_t best_epoch = 0;
  std::vector<std::size_t> rows;  ///< measured: of the table without duplicates
  FoldScores network;
  FoldScores logistic_regression;
};

/// Fits the pipeline, the network and a logistic regression to the round's training rows, chooses
/// epoch, calibration and threshold on its validation rows, and scores its test rows: nothing that
/// is fitted has seen them. The network's seed is training.seed + repeat. Nothing comes back where
/// `go_on`, which is called after each step, is false. The same bits for any number of threads.
/// Throws as prepare_split and Trainer do.
std::optional<FoldResult> run_fold(const LabelledCustomers& customers, const FoldRows& fold,
                                   RunConfig config, const std::function<bool()>& go_on);

Metrics measure(const FoldScores& scores, const FoldResult& result,
                const LabelledCustomers& customers);

/// Runs the rounds, `jobs` side by side, or all of them if they are fewer, on
/// config.runtime.threads / jobs threads each. `on_result` is called for each as it ends, never
/// twice at once, in no certain order. Returns whether all were run: not where `go_on` was false.
/// An error of a round stops the others and is thrown.
bool run_folds(const LabelledCustomers& customers, std::span<const FoldRows> rounds,
               const RunConfig& config, int jobs, const std::function<bool()>& go_on,
               const std::function<void(FoldResult)>& on_result);

}  // namespace ebb::churn
