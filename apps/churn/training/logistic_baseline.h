// A logistic regression beside the network: the yardstick that a table of metrics needs.
#pragma once

#include "apps/churn/training/part_scores.h"

namespace ebb::churn {

/// Fits a logistic regression on one-hot features of the training rows with the same engine: full
/// batches, AdamW with a cosine schedule, a light L2 penalty. Deterministic. On the CPU, whatever
/// device the network has: so small a model gains nothing from another.
PartScores fit_logistic_baseline(const PreparedData& data, const RuntimeConfig& runtime);

}  // namespace ebb::churn
