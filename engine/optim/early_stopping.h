// Stops a training run whose metric no longer improves.
#pragma once

#include "engine/optim/progress.h"
#include "kernels/common/error.h"

namespace ebb {

struct EarlyStoppingOptions {
  std::int64_t patience = 10;  // observations in a row without improvement that end the run, from 1
  double min_delta = 0.0;      // what counts as improvement is more than this, 0 or more
  MetricMode mode = MetricMode::lower_is_better;
};

class EarlyStopping {
 public:
  /// Throws DataError on options out of range.
  explicit EarlyStopping(const EarlyStoppingOptions& options) : options_(options) {
    if (options.patience < 1) {
      fail<DataError>("early stopping: patience is {}, expected 1 or more", options.patience);
    }
    if (!(options.min_delta >= 0.0)) {
      fail<DataError>("early stopping: min_delta is {}, expected 0 or more", options.min_delta);
    }
  }

  /// Counts in the metric of one epoch. Whether it is the best yet, so that its weights are to be
  /// kept.
  bool observe(double value) {
    return ebb::observe(state_, value, options_.mode, options_.min_delta);
  }

  bool should_stop() const { return state_.without_improvement >= options_.patience; }

  const ProgressState& state() const { return state_; }
  void restore(const ProgressState& state) { state_ = state; }

 private:
  EarlyStoppingOptions options_;
  ProgressState state_;
};

}  // namespace ebb
