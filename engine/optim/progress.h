// Whether a metric, observed once per epoch, still improves.
#pragma once

#include <cstdint>

namespace ebb {

/// Which values of a metric are better: low ones (a loss) or high ones (an AUC).
enum class MetricMode { lower_is_better, higher_is_better };

/// The best value so far and how long ago it was: numbers to be saved in a checkpoint. `best` means
/// nothing before the first observation.
struct ProgressState {
  double best = 0.0;
  std::int64_t observations = 0;
  std::int64_t best_observation = 0;  // counted from 1; 0: none yet
  std::int64_t without_improvement = 0;
};

/// Counts `value` in. Whether it is better than the best by more than `min_delta`; the first number
/// always is, NaN never.
inline bool observe(ProgressState& state, double value, MetricMode mode, double min_delta) {
  ++state.observations;
  const double gain = mode == MetricMode::lower_is_better ? state.best - value : value - state.best;
  const bool improved = state.best_observation == 0 ? value == value : gain > min_delta;
  if (improved) {
    state.best = value;
    state.best_observation = state.observations;
    state.without_improvement = 0;
  } else {
    ++state.without_improvement;
  }
  return improved;
}

}  // namespace ebb
