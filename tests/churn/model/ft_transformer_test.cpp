#include "apps/churn/model/ft_transformer.h"

#include <array>
#include <numeric>

#include <gtest/gtest.h>

#include "engine/autograd/gradient_check.h"
#include "engine/operations/losses.h"

namespace ebb::churn {
namespace {

InputSchema small_schema() { return {{{-1.0, 0.0, 1.0}, {0.0, 0.5, 2.0, 3.0}}, {3, 4}}; }

ModelConfig small_model(NumberEmbedding embedding, bool pre_norm) {
  return {.dim = 8,
          .layers = 2,
          .heads = 2,
          .feed_forward = 12,
          .pre_norm = pre_norm,
          .number_embedding = embedding,
          .frequencies = 3};
}

Batch small_batch(DType dtype) {
  const std::vector<double> numbers = {0.3, 0.7, -1.4, 2.5, 0.9, -0.2};
  const std::vector<std::int32_t> token_rows = {0, 1, 5, 0, 3, 7, 0, 2, 4};
  Tensor values = Tensor::from_values({3, 2}, numbers);
  if (dtype == DType::f32) {
    values = Tensor::from_values({3, 2}, std::vector<float>(numbers.begin(), numbers.end()));
  }
  return {values, Tensor::from_values({3, 3}, token_rows)};
}

/// Without weights of their own, as they start, all members are one.
void give_members_weights(const Network& network) {
  const Tensor& weight = network.parameters.at("head.weight").value;
  const Tensor ones = Tensor::full(weight.shape(), 0.3, weight.dtype());
  copy_values(ones, weight);
}

struct Case {
  NumberEmbedding embedding;
  bool pre_norm;
  std::int64_t members = 1;
};

class FTTransformerTest : public ::testing::TestWithParam<Case> {};

TEST_P(FTTransformerTest, HasTheGradientsOfFiniteDifferences) {
  ModelConfig model = small_model(GetParam().embedding, GetParam().pre_norm);
  model.members = GetParam().members;
  Network network(small_schema(), model, 3, DType::f64);
  if (model.members > 1) give_members_weights(network);
  const Batch batch = small_batch(DType::f64);
  const Tensor targets = Tensor::from_values({3}, std::vector<double>{1.0, 0.0, 1.0});
  Context context({}, 1);
  const auto loss = [&](const Pass& pass, std::span<const Tensor> inputs) {
    const Tensor logits = network.model.forward(pass, {inputs[0], batch.token_rows});
    return binary_cross_entropy(pass, logits, targets);
  };
  const GradientCheck check =
      check_gradients(context, loss, std::array{batch.numbers}, &network.parameters,
                      {.settings = {.training = true, .seed = 5, .step = 2}});
  EXPECT_EQ(check.failure, "");
  EXPECT_EQ(check.checked, network.parameters.elements() + batch.numbers.elements());
}

INSTANTIATE_TEST_SUITE_P(Embeddings, FTTransformerTest,
                         ::testing::Values(Case{NumberEmbedding::linear, true},
                                           Case{NumberEmbedding::piecewise_linear, true},
                                           Case{NumberEmbedding::periodic, true},
                                           Case{NumberEmbedding::linear, true, 3},
                                           Case{NumberEmbedding::periodic, false}));

TEST(NetworkTest, RefusesATableWithoutFeatures) { EXPECT_THROW(Network({}, {}, 0), DataError); }

TEST(NetworkTest, WorksWithNumbersAloneAndCategoriesAlone) {
  Context context({}, 1);
  const Network numbers({{{0.0, 1.0}}, {}}, small_model(NumberEmbedding::periodic, true), 0);
  EXPECT_EQ(numbers.model
                .forward(Pass{context}, {Tensor::zeros({2, 1}), Tensor::zeros({2, 1}, DType::i32)})
                .shape(),
            (Shape{2, 1}));
  const Network categories({{}, {3}}, small_model(NumberEmbedding::periodic, true), 0);
  EXPECT_EQ(categories.model
                .forward(Pass{context}, {Tensor::zeros({2, 0}), Tensor::zeros({2, 2}, DType::i32)})
                .shape(),
            (Shape{2, 1}));
}

TEST(NetworkTest, AnEnsembleGivesTheMeanOfItsMembersLogits) {
  ModelConfig config = small_model(NumberEmbedding::periodic, true);
  config.members = 4;
  const Network network(small_schema(), config, 1);
  give_members_weights(network);
  Context context({}, 1);
  const Batch batch = small_batch(DType::f32);
  const Tensor members = network.model.member_logits(Pass{context}, batch);
  ASSERT_EQ(members.shape(), (Shape{3, 4}));
  const Tensor together = network.model.forward(Pass{context}, batch);
  ASSERT_EQ(together.shape(), (Shape{3, 1}));
  for (std::size_t row = 0; row < 3; ++row) {
    const auto own = members.values<float>().subspan(4 * row, 4);
    EXPECT_NEAR(together.values<float>()[row], std::accumulate(own.begin(), own.end(), 0.0F) / 4,
                1e-6F);
    EXPECT_NE(own[0], own[1]);
    EXPECT_NE(own[2], own[3]);
  }
}

TEST(NetworkTest, CountsItsOperations) {
  // Per layer and token 2 (4 d^2 + 2 d ff), and 4 T^2 d for attention.
  const InputSchema schema{{{0.0, 1.0}}, {3}};
  const ModelConfig model{.dim = 64, .layers = 2, .heads = 4, .feed_forward = 256};
  EXPECT_EQ(forward_flops_per_row(schema, model),
            2 * (2 * 3 * (4 * 64 * 64 + 2 * 64 * 256) + 4 * 3 * 3 * 64));
  // A head has a hidden layer and a logit.
  ModelConfig ensemble = model;
  ensemble.members = 5;
  EXPECT_EQ(forward_flops_per_row(schema, ensemble) - forward_flops_per_row(schema, model),
            5 * 2 * (64 * 256 + 256));
}

TEST(InputSchemaTest, GivesEachCategoryItsOwnRowsOfTheTokenTable) {
  preprocessing::EncodedRows rows{.rows = 2,
                                  .number_count = 2,
                                  .category_count = 2,
                                  .numbers = {1, 2, 3, 4},
                                  .codes = {0, 3, 2, 1}};
  const std::size_t order[] = {1, 0};
  const Batch batch = make_batch(small_schema(), rows, order);
  EXPECT_EQ(small_schema().token_rows(), 8);
  EXPECT_EQ(std::vector<float>(batch.numbers.values<float>().begin(),
                               batch.numbers.values<float>().end()),
            (std::vector<float>{3, 4, 1, 2}));
  // Row 0 is the class token; the first category has rows 1 to 3, the second 4 to 7.
  const auto found = batch.token_rows.values<std::int32_t>();
  EXPECT_EQ(std::vector<std::int32_t>(found.begin(), found.end()),
            (std::vector<std::int32_t>{0, 3, 5, 0, 1, 7}));
}

}  // namespace
}  // namespace ebb::churn
