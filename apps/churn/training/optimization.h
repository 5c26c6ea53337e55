// The optimiser, the learning rate and the end of training, as settings name them.
#pragma once

#include <cstdint>
#include <memory>

#include "apps/churn/config/run_config.h"
#include "engine/autograd/parameters.h"
#include "engine/optim/early_stopping.h"
#include "engine/optim/optimizer.h"
#include "engine/optim/schedule.h"

namespace ebb::churn {

std::unique_ptr<Optimizer> make_optimizer(const TrainingConfig& config,
                                          const ParameterSet& parameters);

/// The learning rate by step of `steps`; a plateau lowers what is otherwise constant.
Schedule make_schedule(const TrainingConfig& config, std::int64_t steps);

/// By the metric that selects the epoch; a patience of 0 never stops.
EarlyStoppingOptions stopping_options(const TrainingConfig& config);

}  // namespace ebb::churn
