#include "engine/optim/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "kernels/common/error.h"

namespace ebb {
namespace {

// Half a cosine from `from` at 0 to `to` at 1.
double half_cosine(double from, double to, double progress) {
  return to +
         (from - to) * 0.5 * (1.0 + std::cos(std::numbers::pi * std::clamp(progress, 0.0, 1.0)));
}

double one_cycle(double peak, double progress) {
  constexpr double kRise = 0.3;
  const double start = peak / 25.0;
  if (progress < kRise) return half_cosine(start, peak, progress / kRise);
  return half_cosine(peak, start * 1e-4, (progress - kRise) / (1.0 - kRise));
}

}  // namespace

double scheduled_rate(const ScheduleOptions& options, std::int64_t step) {
  if (step < 0) fail("schedule: step {} is negative", step);
  const auto total = static_cast<double>(std::max<std::int64_t>(options.total_steps, 1));
  if (options.kind == Schedule::one_cycle) {
    return one_cycle(options.peak, static_cast<double>(step) / total);
  }
  if (step < options.warmup_steps) {
    return options.peak * static_cast<double>(step + 1) / static_cast<double>(options.warmup_steps);
  }
  if (options.kind == Schedule::constant) return options.peak;
  const auto warmup = static_cast<double>(options.warmup_steps);
  const double progress = (static_cast<double>(step) - warmup) / std::max(total - warmup, 1.0);
  return half_cosine(options.peak, 0.0, progress);
}

void ReduceOnPlateau::observe(double loss) {
  const bool progress = state_.observations == 0 || loss < state_.lowest;
  ++state_.observations;
  if (progress) {
    state_.lowest = loss;
    state_.without_progress = 0;
  } else if (++state_.without_progress >= patience_) {
    state_.factor *= reduction_;
    state_.without_progress = 0;
  }
}

}  // namespace ebb
