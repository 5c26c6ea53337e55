// Learning rates as functions of the step. Pure: the same step always has the same rate, so nothing
// needs saving but the step.
#pragma once

#include <cstdint>
#include <functional>

namespace ebb {

/// The learning rate of an update, by the number of updates made before it: 0 for the first.
using Schedule = std::function<double(std::int64_t step)>;

/// The functions below throw DataError on values out of range.

/// The same rate at every step.
Schedule constant_schedule(double learning_rate);

/// Half a cosine from `learning_rate` at step 0 to `final_learning_rate` at `total_steps`, which is
/// kept from then on. Source: Loshchilov, Hutter, "SGDR", 2017, without restarts.
Schedule cosine_schedule(double learning_rate, double final_learning_rate,
                         std::int64_t total_steps);

struct OneCycle {
  double peak_learning_rate = 1e-3;
  std::int64_t total_steps = 0;
  double rising_share = 0.3;    // of the steps, in (0, 1)
  double start_divisor = 25.0;  // the first rate is the peak's over this
  double final_divisor = 1e4;   // the last rate is the first's over this
};

/// Half a cosine up, then half a cosine down, as torch.optim.lr_scheduler.OneCycleLR; the last rate
/// is kept after total_steps. Source: Smith, Topin, "Super-Convergence", 2018.
Schedule one_cycle_schedule(const OneCycle& cycle);

/// A straight rise over `warm_up_steps` that reaches the first rate of `after` at its last step;
/// then `after` from its beginning: give that schedule so many fewer steps. 0 steps: `after` alone.
Schedule with_warm_up(std::int64_t warm_up_steps, Schedule after);

}  // namespace ebb
