#include "apps/churn/training/part_scores.h"

#include "apps/churn/training/predictor.h"

namespace ebb::churn {

PartScores network_scores(const RunConfig& config, const PreparedData& data,
                          const std::map<std::string, Tensor>& weights) {
  Predictor predictor(schema_of(data.pipeline), config.model, weights, config.runtime);
  return {predictor.probabilities(data.train.features),
          predictor.probabilities(data.validation.features),
          predictor.probabilities(data.test.features)};
}

}  // namespace ebb::churn
