#include "apps/churn/training/optimization.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace ebb::churn {

std::unique_ptr<Optimizer> make_optimizer(const TrainingConfig& config,
                                          const ParameterSet& parameters) {
  if (config.optimizer == OptimizerKind::sgd) {
    return std::make_unique<Sgd>(parameters, SgdOptions{.weight_decay = config.weight_decay,
                                                        .average_decay = config.average_decay,
                                                        .momentum = config.momentum});
  }
  return std::make_unique<AdamW>(parameters, AdamWOptions{.weight_decay = config.weight_decay,
                                                          .average_decay = config.average_decay});
}

Schedule make_schedule(const TrainingConfig& config, std::int64_t steps) {
  const auto warm_up = std::llround(config.warmup_fraction * static_cast<double>(steps));
  switch (config.schedule) {
    case ScheduleKind::one_cycle:
      return one_cycle_schedule({.peak_learning_rate = config.learning_rate, .total_steps = steps});
    case ScheduleKind::cosine:
      return with_warm_up(warm_up, cosine_schedule(config.learning_rate, 0.0,
                                                   std::max<std::int64_t>(steps - warm_up, 1)));
    case ScheduleKind::constant:
    case ScheduleKind::reduce_on_plateau:
      break;
  }
  return with_warm_up(warm_up, constant_schedule(config.learning_rate));
}

EarlyStoppingOptions stopping_options(const TrainingConfig& config) {
  constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();
  const bool by_loss = config.selection == SelectionMetric::log_loss;
  return {.patience = config.patience > 0 ? config.patience : kNever,
          .mode = by_loss ? MetricMode::lower_is_better : MetricMode::higher_is_better};
}

}  // namespace ebb::churn
