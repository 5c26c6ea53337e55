// A logistic regression beside the network: the yardstick that a table of metrics needs.
#pragma once

#include <vector>

#include "apps/churn/data/prepared_data.h"

namespace ebb::churn {

/// Probabilities of the positive class.
struct LogisticBaseline {
  std::vector<float> train;
  std::vector<float> validation;
  std::vector<float> test;
};

/// Fits a logistic regression on one-hot features of the training rows with the same engine: full
/// batches, AdamW with a cosine schedule, a light L2 penalty. Deterministic. On the CPU, whatever
/// device the network has: so small a model gains nothing from another.
LogisticBaseline fit_logistic_baseline(const PreparedData& data, const RuntimeConfig& runtime);

}  // namespace ebb::churn
