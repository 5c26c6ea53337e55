// What a model says of the rows of each part of a split.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "apps/churn/config/run_config.h"
#include "apps/churn/data/prepared_data.h"
#include "engine/tensor/tensor.h"

namespace ebb::churn {

/// Probabilities of the positive class.
struct PartScores {
  std::vector<float> train;
  std::vector<float> validation;
  std::vector<float> test;
};

/// Those of the network that config.model describes, with `weights`, where config.runtime says.
/// Throws as Predictor does.
PartScores network_scores(const RunConfig& config, const PreparedData& data,
                          const std::map<std::string, Tensor>& weights);

}  // namespace ebb::churn
