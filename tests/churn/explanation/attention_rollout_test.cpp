#include "apps/churn/explanation/attention_rollout.h"

#include <numeric>

#include <gtest/gtest.h>

#include "kernels/common/error.h"
#include "tests/churn/support/encoded_rows.h"

namespace ebb::churn {
namespace {

const InputSchema kSchema{{{0, 1}, {0, 1}, {0, 1}, {0, 1}}, {4}};

ModelConfig small_model(std::int64_t layers, bool pre_norm = true) {
  return {.dim = 8,
          .layers = layers,
          .heads = 2,
          .feed_forward = 12,
          .pre_norm = pre_norm,
          .number_embedding = NumberEmbedding::linear};
}

std::map<std::string, Tensor> weights_of(const ModelConfig& config) {
  Network network(kSchema, config, 3);
  std::map<std::string, Tensor> weights;
  for (const Parameter& parameter : network.parameters.parameters()) {
    weights[parameter.name] = parameter.value;
  }
  return weights;
}

TEST(AttentionRollout, SharesAddUpToOne) {
  for (const bool pre_norm : {true, false}) {
    const ModelConfig config = small_model(3, pre_norm);
    const AttentionRollout rollout = attention_rollout(kSchema, config, weights_of(config),
                                                       example_columns(), random_rows(70, 1));
    ASSERT_EQ(rollout.columns.size(), example_columns().size());
    EXPECT_NEAR(
        std::accumulate(rollout.columns.begin(), rollout.columns.end(), rollout.class_token), 1.0,
        1e-6);
    EXPECT_GT(rollout.class_token, 0.125);  // half of half of half of itself at least
    for (const double share : rollout.columns) EXPECT_GT(share, 0.0);
  }
}

// With keys and queries of 0 every token looks at all tokens alike.
TEST(AttentionRollout, IsTheProductOfLayers) {
  for (const std::int64_t layers : {1, 2}) {
    const ModelConfig config = small_model(layers);
    std::map<std::string, Tensor> weights = weights_of(config);
    for (auto& [name, weight] : weights) {
      if (name.find("in_projection") != std::string::npos) {
        weight = Tensor::zeros(weight.shape());
      }
    }
    const AttentionRollout rollout =
        attention_rollout(kSchema, config, weights, example_columns(), random_rows(5, 1));
    const double kept = layers == 1 ? 0.5 : 0.25;
    EXPECT_NEAR(rollout.class_token, kept + (1.0 - kept) / 6.0, 1e-6);
    const std::vector<FeatureColumn> columns = example_columns();
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const auto tokens = static_cast<double>(tokens_of(columns[i], kSchema).size());
      EXPECT_NEAR(rollout.columns[i], (1.0 - kept) * tokens / 6.0, 1e-6);
    }
  }
}

TEST(AttentionRollout, HasTheSameBitsForAnyNumberOfThreads) {
  const ModelConfig config = small_model(2);
  const auto of = [&](int threads) {
    return attention_rollout(kSchema, config, weights_of(config), example_columns(),
                             random_rows(300, 1), threads);
  };
  EXPECT_EQ(of(1).columns, of(3).columns);
  EXPECT_THROW(
      attention_rollout(kSchema, config, weights_of(config), example_columns(), random_rows(0, 1)),
      Error);
}

}  // namespace
}  // namespace ebb::churn
