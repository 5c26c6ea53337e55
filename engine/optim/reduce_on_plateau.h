// Lowers the learning rate when a metric no longer improves.
#pragma once

#include <algorithm>

#include "engine/optim/progress.h"
#include "kernels/common/error.h"

namespace ebb {

struct ReduceOnPlateauOptions {
  double factor = 0.1;         // what the scale is multiplied by, in (0, 1)
  std::int64_t patience = 10;  // observations in a row without improvement that are let pass
  std::int64_t cooldown = 0;   // observations after a reduction that do not count as bad
  double min_scale = 0.0;      // the scale stays at or above this
  double min_delta = 0.0;      // what counts as improvement is more than this
  MetricMode mode = MetricMode::lower_is_better;
};

/// Numbers to be saved in a checkpoint.
struct ReduceOnPlateauState {
  ProgressState progress;
  double scale = 1.0;
  std::int64_t cooldown_left = 0;
};

/// A factor for any schedule's rate, observed once per epoch. Reduces at the same observations as
/// torch.optim.lr_scheduler.ReduceLROnPlateau with an absolute threshold.
class ReduceOnPlateau {
 public:
  /// Throws DataError on options out of range.
  explicit ReduceOnPlateau(const ReduceOnPlateauOptions& options) : options_(options) {
    if (!(options.factor > 0.0 && options.factor < 1.0)) {
      fail<DataError>("reduce on plateau: factor is {}, expected between 0 and 1", options.factor);
    }
    if (options.patience < 0 || options.cooldown < 0) {
      fail<DataError>("reduce on plateau: patience is {} and cooldown {}, expected 0 or more",
                      options.patience, options.cooldown);
    }
    if (!(options.min_delta >= 0.0) || !(options.min_scale >= 0.0)) {
      fail<DataError>("reduce on plateau: min_delta is {} and min_scale {}, expected 0 or more",
                      options.min_delta, options.min_scale);
    }
  }

  /// Counts in the metric of one epoch. Whether the scale was reduced.
  bool observe(double value) {
    ebb::observe(state_.progress, value, options_.mode, options_.min_delta);
    if (state_.cooldown_left > 0) {
      --state_.cooldown_left;
      state_.progress.without_improvement = 0;
    }
    if (state_.progress.without_improvement <= options_.patience) return false;
    state_.progress.without_improvement = 0;
    state_.cooldown_left = options_.cooldown;
    const double reduced = std::max(state_.scale * options_.factor, options_.min_scale);
    const bool changed = reduced < state_.scale;
    if (changed) state_.scale = reduced;
    return changed;
  }

  /// What to multiply the learning rate by.
  double scale() const { return state_.scale; }

  const ReduceOnPlateauState& state() const { return state_; }
  void restore(const ReduceOnPlateauState& state) { state_ = state; }

 private:
  ReduceOnPlateauOptions options_;
  ReduceOnPlateauState state_;
};

}  // namespace ebb
