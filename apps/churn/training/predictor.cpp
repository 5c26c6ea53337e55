#include "apps/churn/training/predictor.h"

#include <cmath>
#include <numeric>

#include "apps/churn/training/weights.h"
#include "engine/training/lanes.h"

namespace ebb::churn {

struct Predictor::State {
  State(const InputSchema& input_schema, const ModelConfig& config, const RuntimeConfig& runtime,
        Precision precision)
      : schema(input_schema),
        network(schema, config, 0),
        lanes(parse_device(runtime.device), runtime.threads, nullptr, precision) {}

  InputSchema schema;
  Network network;
  Lanes lanes;
};

Predictor::Predictor(const InputSchema& schema, const ModelConfig& config,
                     const std::map<std::string, Tensor>& weights, const RuntimeConfig& runtime,
                     Precision precision)
    : state_(std::make_unique<State>(schema, config, runtime, precision)) {
  assign_weights(state_->network.parameters, weights);
}

Predictor::~Predictor() = default;

void Predictor::set_weights(const Tensor& flat) {
  const Tensor& own = state_->network.parameters.buffer();
  require_same_form("weights", flat, own);
  copy_values(flat, own);
}

std::vector<float> Predictor::probabilities(const preprocessing::EncodedRows& rows) {
  std::vector<float> probabilities(rows.rows);
  if (rows.rows == 0) return probabilities;
  const ShardPlan plan =
      Lanes::plan(static_cast<std::int64_t>(rows.rows), rows_per_shard(state_->schema.tokens()));
  state_->lanes.for_each_shard(plan, PassSettings{}, [&](const Pass& pass, RowRange range) {
    std::vector<std::size_t> indices(static_cast<std::size_t>(range.count));
    std::iota(indices.begin(), indices.end(), static_cast<std::size_t>(range.begin));
    const Batch batch = make_batch(state_->schema, rows, indices);
    const Tensor logits = state_->network.model.forward(pass, batch);
    float* to = probabilities.data() + range.begin;
    for (const float logit : logits.values<float>()) *to++ = probability_of(logit);
  });
  return probabilities;
}

float probability_of(float logit) {
  // The exponent is never positive, so nothing overflows.
  const double e = std::exp(-std::fabs(static_cast<double>(logit)));
  return static_cast<float>(logit >= 0 ? 1.0 / (1.0 + e) : e / (1.0 + e));
}

}  // namespace ebb::churn
