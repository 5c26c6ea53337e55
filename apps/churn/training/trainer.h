// Fits a network to prepared data, epoch by epoch, so that it can be watched, stopped and resumed.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "apps/churn/data/prepared_data.h"
#include "apps/churn/model/ft_transformer.h"

namespace ebb::churn {

/// One line of history.csv.
struct EpochRecord {
  std::int64_t epoch = 0;  // from 1
  double train_loss = 0.0;
  double validation_loss = 0.0;
  double validation_auc = 0.0;
  double learning_rate = 0.0;  // of the last step
  double gradient_norm = 0.0;  // mean over steps, before clipping
  double rows_per_second = 0.0;
  double gigaflops_per_second =
      0.0;  // nominal; times of a machine, so not part of what must repeat
  bool best = false;
};

/// What a step shows to a progress bar.
struct StepReport {
  std::int64_t epoch = 0;
  std::int64_t step = 0;   // within the epoch, from 1
  std::int64_t steps = 0;  // per epoch
  double loss = 0.0;
};

/// Everything that a resumed run needs to go on bit for bit. Tensors are flat, in the layout of the
/// parameter buffer.
struct TrainerState {
  std::map<std::string, Tensor> tensors;  // "parameter/<name>", "first_moment/<name>", ...
  std::int64_t epochs_done = 0;
  std::int64_t steps_done = 0;
  std::int64_t best_epoch = 0;
  double best_score = 0.0;
  std::vector<double> schedule_state;  // of a schedule that depends on the course of training
  std::vector<EpochRecord> history;
};

class Trainer {
 public:
  Trainer(const RunConfig& config, const PreparedData& data);
  ~Trainer();

  /// Goes on from `state` instead of from new weights. Throws Error when its tensors do not fit.
  void restore(const TrainerState& state);
  TrainerState state() const;

  /// Runs the next epoch. `on_step` returns false to stop after the step at hand; then the epoch
  /// does not count and is run again on resuming. Throws Error when the loss is not a number.
  /// Returns whether the epoch was finished.
  bool run_epoch(const std::function<bool(const StepReport&)>& on_step);

  /// Whether all epochs are done, or patience is at its end.
  bool finished() const;
  const std::vector<EpochRecord>& history() const;

  /// The weights to predict with, by parameter name: those of the best epoch.
  std::map<std::string, Tensor> best_weights() const;
  std::int64_t parameter_count() const;
  /// Nominal floating-point operations of training on one row.
  double flops_per_row() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// A fitted network for prediction.
class Predictor {
 public:
  /// `weights` by parameter name. Throws DataError when a name or shape does not fit the schema.
  Predictor(const InputSchema& schema, const ModelConfig& config,
            const std::map<std::string, Tensor>& weights, const RuntimeConfig& runtime);
  ~Predictor();

  /// The probability of the positive class for each row.
  std::vector<float> probabilities(const preprocessing::EncodedRows& rows);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The inputs that a pipeline produces, seen by the network.
InputSchema schema_of(const preprocessing::Pipeline& pipeline);

/// A logistic regression on one-hot features, trained with the same engine on the same rows: the
/// yardstick beside the network.
struct LogisticBaseline {
  std::vector<float> validation;  // probabilities
  std::vector<float> test;
};
LogisticBaseline fit_logistic_baseline(const PreparedData& data, const RuntimeConfig& runtime);

}  // namespace ebb::churn
