// Gradients of modules with respect to their input and all parameters.
#include <gtest/gtest.h>

#include "engine/modules/batch_ensemble_linear.h"
#include "engine/modules/embedding.h"
#include "engine/modules/layer_norm.h"
#include "engine/modules/linear.h"
#include "engine/modules/multi_head_attention.h"
#include "engine/modules/sequential.h"
#include "engine/operations/views.h"
#include "tests/engine/support/tensors.h"
#include "tests/kernels/support/expect_error.h"

namespace ebb {
namespace {

using ebb::testing::expect_error;
using ebb::testing::expect_gradients;
using ebb::testing::random_tensor;

constexpr PassSettings kTraining{.training = true, .seed = 7, .step = 3};

CheckedFunction forward_of(const Module& module) {
  return
      [&module](const Pass& pass, std::span<const Tensor> x) { return module.forward(pass, x[0]); };
}

TEST(ModulesTest, LinearHasRightGradients) {
  ParameterSet parameters(DType::f64);
  const Linear module(Scope(parameters), 5, 3, {.activation = Activation::gelu, .dropout = 0.3});
  parameters.initialize(1);
  expect_gradients(forward_of(module), {random_tensor({2, 3, 5}, 1)}, &parameters, kTraining);
}

TEST(ModulesTest, BatchEnsembleLinearHasRightGradients) {
  ParameterSet parameters(DType::f64);
  const BatchEnsembleLinear module(Scope(parameters), 4, 5, 3);
  parameters.initialize(1);
  expect_gradients(forward_of(module), {random_tensor({2, 4, 5}, 1)}, &parameters);
}

// Each member is a linear layer whose weight is the shared one times its two scales.
TEST(ModulesTest, BatchEnsembleLinearIsALinearLayerPerMember) {
  ParameterSet parameters(DType::f64);
  const BatchEnsembleLinear module(Scope(parameters), 4, 5, 3);
  parameters.initialize(1);
  const auto values = [&](const char* name) { return parameters.at(name).value.values<double>(); };
  double* const output_scale = parameters.at("output_scale").value.data<double>();
  for (int i = 0; i < 12; ++i) output_scale[i] = 0.5 + i;
  const Tensor input = random_tensor({2, 4, 5}, 1);
  Context context({}, 1);
  const Tensor output = module.forward({context}, input);
  ASSERT_EQ(output.shape(), (Shape{2, 4, 3}));
  for (std::size_t row = 0; row < 2; ++row) {
    for (std::size_t member = 0; member < 4; ++member) {
      for (std::size_t out = 0; out < 3; ++out) {
        double expected = values("bias")[member * 3 + out];
        for (std::size_t in = 0; in < 5; ++in) {
          expected += values("output_scale")[member * 3 + out] * values("weight")[out * 5 + in] *
                      values("input_scale")[member * 5 + in] *
                      input.values<double>()[(row * 4 + member) * 5 + in];
        }
        EXPECT_NEAR(output.values<double>()[(row * 4 + member) * 3 + out], expected, 1e-14);
      }
    }
  }
  expect_error("BatchEnsembleLinear: 0 members, 5 inputs and 3 outputs, expected at least 1", [] {
    ParameterSet none;
    BatchEnsembleLinear(Scope(none), 0, 5, 3);
  });
}

TEST(ModulesTest, LayerNormHasRightGradients) {
  ParameterSet parameters(DType::f64);
  const LayerNorm module(Scope(parameters), 5);
  parameters.initialize(1);
  expect_gradients(forward_of(module), {random_tensor({2, 3, 5}, 1)}, &parameters);
}

TEST(ModulesTest, EmbeddingHasRightGradients) {
  ParameterSet parameters(DType::f64);
  const Embedding module(Scope(parameters), 4, 3);
  parameters.initialize(1);
  const Tensor indices = Tensor::from_values({3}, std::vector<std::int32_t>{1, 3, 1});
  expect_gradients(
      [&](const Pass& pass, std::span<const Tensor>) { return module.forward(pass, indices); }, {},
      &parameters);
}

TEST(ModulesTest, AttentionMixesValuesByItsProbabilities) {
  ParameterSet parameters(DType::f64);
  const MultiHeadAttention module(Scope(parameters), 8, 2, 0.0);
  parameters.initialize(1);
  const Tensor input = random_tensor({2, 3, 8}, 1);
  Context context({}, 1);
  const Pass pass{context};
  const auto part = [&](const char* name, std::int64_t first, std::int64_t count) {
    return parameters.at(name).value.slice(0, first, count);
  };
  const Tensor value =
      linear(pass, input, part("in_projection.weight", 16, 8), part("in_projection.bias", 16, 8));
  const Tensor heads = transpose(pass, value.reshape({2, 3, 2, 4}), 1, 2);
  const Tensor mixed =
      transpose(pass, matmul(pass, module.probabilities(pass, input), heads), 1, 2);
  const Tensor expected =
      linear(pass, contiguous(pass, mixed).reshape({2, 3, 8}), part("out_projection.weight", 0, 8),
             part("out_projection.bias", 0, 8));
  const Tensor found = module.forward(pass, input);
  for (std::size_t i = 0; i < 48; ++i) {
    EXPECT_NEAR(found.values<double>()[i], expected.values<double>()[i], 1e-13);
  }
}

TEST(ModulesTest, MultiHeadAttentionHasRightGradients) {
  ParameterSet parameters(DType::f64);
  const MultiHeadAttention module(Scope(parameters).child("attention"), 8, 2, 0.2);
  parameters.initialize(1);
  const AttentionMasks masks{
      .key_padding_mask = Tensor::from_values({2, 3}, std::vector<std::uint8_t>{0, 0, 1, 0, 0, 0}),
      .bias = random_tensor({1, 2, 3, 3}, 5)};
  expect_gradients([&](const Pass& pass,
                       std::span<const Tensor> x) { return module.forward(pass, x[0], masks); },
                   {random_tensor({2, 3, 8}, 1)}, &parameters, kTraining);
}

TEST(ModulesTest, SequentialRunsItsModulesInOrder) {
  ParameterSet parameters(DType::f64);
  const Scope scope = Scope(parameters).child("head");
  Sequential module;
  module.add<LayerNorm>(scope, 5);
  const Linear& linear = module.add<Linear>(scope, 5, 2);
  parameters.initialize(1);
  EXPECT_EQ(linear.weight().name, "head.1.weight");
  EXPECT_EQ(parameters.parameters().front().name, "head.0.weight");
  expect_gradients(forward_of(module), {random_tensor({3, 5}, 1)}, &parameters);
}

TEST(ModulesTest, RefuseSizesThatDoNotFit) {
  ParameterSet parameters;
  const Scope scope(parameters);
  expect_error("MultiHeadAttention: 3 heads do not divide a width of 8",
               [&] { MultiHeadAttention(scope.child("a"), 8, 3, 0.0); });
  expect_error("Linear: 0 inputs and 2 outputs, expected at least 1",
               [&] { Linear(scope.child("b"), 0, 2); });
}

}  // namespace
}  // namespace ebb
