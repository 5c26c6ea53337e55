// Fits a network to prepared data, epoch by epoch, so that it can be watched, stopped and resumed.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "apps/churn/data/prepared_data.h"
#include "engine/optim/reduce_on_plateau.h"
#include "engine/tensor/tensor.h"

namespace ebb::churn {

/// One line of history.csv.
struct EpochRecord {
  std::int64_t epoch = 0;  // from 1
  double train_loss = 0.0;
  double validation_loss = 0.0;
  double validation_auc = 0.0;
  double learning_rate = 0.0;         // of the last step
  double gradient_norm = 0.0;         // mean over steps, before clipping
  double rows_per_second = 0.0;       // these two are times of a machine,
  double gigaflops_per_second = 0.0;  // so they do not repeat; flops are nominal
  bool best = false;                  // better than all epochs before it
};

/// What a step shows to a progress bar.
struct StepReport {
  std::int64_t epoch = 0;
  std::int64_t step = 0;   // within the epoch, from 1
  std::int64_t steps = 0;  // per epoch
  double loss = 0.0;
};

/// Everything that a resumed run needs to go on bit for bit.
struct TrainerState {
  /// "parameter/<name>", "first_moment/<name>", "average/<name>", "best/<name>", ... On the CPU;
  /// they may share the trainer's memory: save them before the next epoch.
  std::map<std::string, Tensor> tensors;
  std::int64_t steps_done = 0;
  ProgressState progress;            // of validation, one observation per epoch
  ReduceOnPlateauState plateau;      // of a schedule that watches the validation loss
  std::vector<EpochRecord> history;  // one record per epoch done
};

/// The settings with what they leave to the data filled in: a batch_size of 0 becomes the power of
/// two in [16, 128] that makes 40 to 80 steps of an epoch, as far as that is possible. Small tables
/// need small batches: at 260 rows, 16 instead of 128 raised the AUC from .72 to .77. A
/// positive_weight of 0 becomes the weight of the negative training rows over that of the positive
/// ones.
RunConfig settled(RunConfig config, const PreparedData& data);

class Trainer {
 public:
  /// Takes settled(config, data); `data` must outlive the trainer. Throws DataError on settings
  /// that do not fit, and on selection by ROC-AUC where the validation rows hold one class only.
  Trainer(const RunConfig& config, const PreparedData& data);
  ~Trainer();

  /// Goes on from `state` instead of from new weights. Throws DataError when its tensors do not
  /// fit.
  void restore(const TrainerState& state);
  TrainerState state() const;

  /// Runs the next epoch. `on_step` returns false to stop after the step at hand: then the epoch
  /// does not count, and the trainer must be restored before it can go on. Returns whether the
  /// epoch was finished. Throws DivergenceError (divergence.h) when the loss, a gradient, a weight,
  /// the optimiser's state or a validation score is not finite; state() is then not to be saved.
  bool run_epoch(const std::function<bool(const StepReport&)>& on_step);

  /// Whether all epochs are done, or patience is at its end.
  bool finished() const;
  const std::vector<EpochRecord>& history() const;

  /// The weights to predict with, by parameter name: those of the best epoch so far.
  std::map<std::string, Tensor> best_weights() const;
  std::int64_t parameter_count() const;
  /// Nominal floating-point operations of training on one row.
  double flops_per_row() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ebb::churn
