#include "apps/churn/explanation/attention_rollout.h"

#include <algorithm>
#include <numeric>

#include "apps/churn/training/weights.h"
#include "engine/operations/reduce.h"
#include "engine/training/lanes.h"

namespace ebb::churn {
namespace {

/// The rollout of a row: `attention` of each layer [tokens, tokens], from the last layer back, so
/// that a vector is multiplied, not a matrix.
std::vector<double> roll_out(std::span<const Tensor> layers, std::size_t row, std::size_t tokens) {
  std::vector<double> shares(tokens, 0.0);
  shares[0] = 1.0;
  for (std::size_t layer = layers.size(); layer-- > 0;) {
    const std::span<const float> attention =
        layers[layer].values<float>().subspan(row * tokens * tokens, tokens * tokens);
    std::vector<double> before(tokens, 0.0);
    for (std::size_t query = 0; query < tokens; ++query) {
      before[query] += 0.5 * shares[query];
      for (std::size_t key = 0; key < tokens; ++key) {
        before[key] += 0.5 * shares[query] * static_cast<double>(attention[query * tokens + key]);
      }
    }
    shares = std::move(before);
  }
  return shares;
}

}  // namespace

AttentionRollout attention_rollout(const InputSchema& schema, const ModelConfig& config,
                                   const std::map<std::string, Tensor>& weights,
                                   const std::vector<FeatureColumn>& columns,
                                   const preprocessing::EncodedRows& rows, int threads) {
  if (rows.rows == 0) fail("attention rollout: there are no rows");
  Network network(schema, config, 0);
  assign_weights(network.parameters, weights);
  Lanes lanes(Device{}, threads, nullptr);
  const auto tokens = static_cast<std::size_t>(schema.tokens());
  std::vector<double> of_rows(rows.rows * tokens);
  const ShardPlan plan =
      Lanes::plan(static_cast<std::int64_t>(rows.rows), rows_per_shard(schema.tokens()));
  lanes.for_each_shard(plan, PassSettings{}, [&](const Pass& pass, RowRange range) {
    std::vector<std::size_t> indices(static_cast<std::size_t>(range.count));
    std::iota(indices.begin(), indices.end(), static_cast<std::size_t>(range.begin));
    std::vector<Tensor> layers;
    const Batch batch = make_batch(schema, rows, indices);
    for (const Tensor& attention : network.model.attention_probabilities(pass, batch)) {
      layers.push_back(mean(pass, attention, 1));
    }
    for (std::size_t row = 0; row < indices.size(); ++row) {
      const std::vector<double> shares = roll_out(layers, row, tokens);
      std::ranges::copy(shares,
                        of_rows.begin() + static_cast<std::ptrdiff_t>(indices[row] * tokens));
    }
  });
  std::vector<double> means(tokens, 0.0);
  for (std::size_t i = 0; i < of_rows.size(); ++i) {
    means[i % tokens] += of_rows[i] / static_cast<double>(rows.rows);
  }
  AttentionRollout rollout{.columns = {}, .class_token = means[0]};
  for (const FeatureColumn& column : columns) {
    double& share = rollout.columns.emplace_back(0.0);
    for (const std::size_t token : tokens_of(column, schema)) share += means[token];
  }
  return rollout;
}

}  // namespace ebb::churn
