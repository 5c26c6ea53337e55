#include "engine/optim/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string_view>
#include <utility>

#include "kernels/common/error.h"

namespace ebb {
namespace {

void require(bool valid, std::string_view name, double value, std::string_view expected) {
  if (!valid)
    fail<DataError>("learning-rate schedule: {} is {}, expected {}", name, value, expected);
}

void require_rate(std::string_view name, double value) {
  require(value >= 0.0 && std::isfinite(value), name, value, "a finite number, 0 or more");
}

void require_steps(std::int64_t total_steps) {
  require(total_steps >= 1, "total_steps", static_cast<double>(total_steps), "1 or more");
}

/// From `start` at share 0 to `end` at share 1 along half a cosine.
double along_cosine(double start, double end, double share) {
  return end + (start - end) * (1.0 + std::cos(std::numbers::pi * share)) / 2.0;
}

}  // namespace

Schedule constant_schedule(double learning_rate) {
  require_rate("learning_rate", learning_rate);
  return [=](std::int64_t) { return learning_rate; };
}

Schedule cosine_schedule(double learning_rate, double final_learning_rate,
                         std::int64_t total_steps) {
  require_rate("learning_rate", learning_rate);
  require_rate("final_learning_rate", final_learning_rate);
  require_steps(total_steps);
  return [=](std::int64_t step) {
    const auto done = static_cast<double>(std::min(step, total_steps));
    return along_cosine(learning_rate, final_learning_rate,
                        done / static_cast<double>(total_steps));
  };
}

Schedule one_cycle_schedule(const OneCycle& cycle) {
  require_rate("peak_learning_rate", cycle.peak_learning_rate);
  require_steps(cycle.total_steps);
  require(cycle.rising_share > 0.0 && cycle.rising_share < 1.0, "rising_share", cycle.rising_share,
          "between 0 and 1");
  require(cycle.start_divisor >= 1.0, "start_divisor", cycle.start_divisor, "1 or more");
  require(cycle.final_divisor >= 1.0, "final_divisor", cycle.final_divisor, "1 or more");
  const double peak = cycle.peak_learning_rate;
  const double first = peak / cycle.start_divisor;
  const double last = first / cycle.final_divisor;
  const auto total = static_cast<double>(cycle.total_steps);
  // Steps are counted from 0, so each phase ends one step before its share.
  const double top = cycle.rising_share * total - 1.0;
  const double end = total - 1.0;
  return [=](std::int64_t step) {
    const double position = std::min(static_cast<double>(step), end);
    if (position <= top) {
      return top > 0.0 ? along_cosine(first, peak, position / top) : peak;
    }
    return along_cosine(peak, last, (position - top) / (end - top));
  };
}

Schedule with_warm_up(std::int64_t warm_up_steps, Schedule after) {
  require(warm_up_steps >= 0, "warm_up_steps", static_cast<double>(warm_up_steps), "0 or more");
  return [warm_up_steps, after = std::move(after)](std::int64_t step) {
    if (step >= warm_up_steps) return after(step - warm_up_steps);
    return after(0) * static_cast<double>(step + 1) / static_cast<double>(warm_up_steps);
  };
}

}  // namespace ebb
