#include "engine/modules/transformer_encoder.h"

#include <gtest/gtest.h>

#include "engine/operations/losses.h"
#include "engine/operations/views.h"
#include "tests/engine/support/tensors.h"

namespace ebb {
namespace {

using ebb::testing::expect_gradients;
using ebb::testing::Found;
using ebb::testing::random_tensor;
using ebb::testing::relative_difference;

constexpr PassSettings kTrainingPass{.training = true, .seed = 7, .step = 3};

TransformerOptions small_options(bool pre_norm) {
  return {.dim = 8,
          .heads = 2,
          .feed_forward = 12,
          .attention_dropout = 0.2,
          .activation_dropout = 0.2,
          .residual_dropout = 0.2,
          .pre_norm = pre_norm};
}

AttentionMasks causal_masks() {
  return {
      .key_padding_mask = Tensor::from_values({2, 3}, std::vector<std::uint8_t>{0, 0, 1, 0, 0, 0}),
      .causal = true};
}

class TransformerEncoderTest : public ::testing::TestWithParam<bool> {};

TEST_P(TransformerEncoderTest, LayerHasRightGradients) {
  ParameterSet parameters(DType::f64);
  const TransformerEncoderLayer layer(Scope(parameters).child("layer"), small_options(GetParam()));
  parameters.initialize(1);
  expect_gradients(
      [&](const Pass& pass, std::span<const Tensor> x) {
        return layer.forward(pass, x[0], causal_masks());
      },
      {random_tensor({2, 3, 8}, 1)}, &parameters, kTrainingPass);
}

TEST_P(TransformerEncoderTest, StackHasRightGradients) {
  ParameterSet parameters(DType::f64);
  const TransformerEncoder encoder(Scope(parameters), 2, small_options(GetParam()));
  parameters.initialize(1);
  expect_gradients(
      [&](const Pass& pass, std::span<const Tensor> x) { return encoder.forward(pass, x[0]); },
      {random_tensor({2, 3, 8}, 1)}, &parameters, kTrainingPass);
}

// The layers of an encoder on their own, with the names that the encoder gives them and so the same
// first values and dropout masks.
struct SeparateLayers {
  SeparateLayers(const Scope& scope, std::int64_t count, const TransformerOptions& options) {
    for (std::int64_t i = 0; i < count; ++i) {
      layers.push_back(std::make_unique<TransformerEncoderLayer>(
          scope.child("layers").child(std::to_string(i)), options));
    }
    if (options.pre_norm) norm = std::make_unique<LayerNorm>(scope.child("norm"), options.dim);
  }

  Tensor forward(const Pass& pass, const Tensor& input, const AttentionMasks& masks) const {
    Tensor value = input;
    for (const auto& layer : layers) value = layer->forward(pass, value, masks);
    return norm != nullptr ? norm->forward(pass, value) : value;
  }

  std::vector<std::unique_ptr<TransformerEncoderLayer>> layers;
  std::unique_ptr<LayerNorm> norm;
};

TEST_P(TransformerEncoderTest, FusedStreamEqualsItsLayersRunOneByOne) {
  ParameterSet fused_parameters(DType::f64);
  const TransformerEncoder fused(Scope(fused_parameters), 3, small_options(GetParam()));
  fused_parameters.initialize(1);
  ParameterSet separate_parameters(DType::f64);
  const SeparateLayers separate(Scope(separate_parameters), 3, small_options(GetParam()));
  separate_parameters.initialize(1);

  Context context({}, 1);
  const Tensor input = random_tensor({2, 3, 8}, 1);
  const Tensor upstream = random_tensor({2, 3, 8}, 2);
  const auto run = [&](const auto& model, const ParameterSet& parameters) {
    Tape tape(context, &parameters);
    const Pass pass{context, &tape, kTrainingPass};
    const Tensor watched = tape.watch(input);
    const Tensor output = model.forward(pass, watched, causal_masks());
    tape.backward(mean_squared_error(pass, output, upstream));
    return Found{output, {tape.gradient(watched), tape.gradients()}};
  };
  const Found one = run(fused, fused_parameters);
  const Found other = run(separate, separate_parameters);
  EXPECT_LE(relative_difference(one.output, other.output), 1e-12);
  EXPECT_LE(relative_difference(one.gradients[0], other.gradients[0]), 1e-12);
  EXPECT_LE(relative_difference(one.gradients[1], other.gradients[1]), 1e-12);
}

struct LeadingCase {
  std::int64_t count;
  std::int64_t first_row;
  AttentionMasks masks;
};

// The first positions found with and without the work on the others, for one shard of a batch.
void expect_leading_equals_whole(bool pre_norm, const LeadingCase& given) {
  ParameterSet parameters(DType::f64);
  const TransformerEncoder encoder(Scope(parameters), 3, small_options(pre_norm));
  parameters.initialize(1);
  Context context({}, 1);
  const Tensor input = random_tensor({2, 3, 8}, 1);
  const Tensor upstream = random_tensor({2, given.count, 8}, 2);
  const auto run = [&](auto&& forward) {
    Tape tape(context, &parameters);
    const Pass pass{context, &tape, kTrainingPass, given.first_row};
    const Tensor watched = tape.watch(input);
    const Tensor output = forward(pass, watched);
    tape.backward(mean_squared_error(pass, output, upstream));
    return Found{output, {tape.gradient(watched), tape.gradients()}};
  };
  const Found part = run([&](const Pass& pass, const Tensor& x) {
    return encoder.forward_first(pass, x, given.count, given.masks);
  });
  const Found whole = run([&](const Pass& pass, const Tensor& x) {
    return leading(pass, encoder.forward(pass, x, given.masks), given.count);
  });
  EXPECT_EQ(part.output.shape(), (Shape{2, given.count, 8}));
  EXPECT_LE(relative_difference(part.output, whole.output), 1e-14);
  EXPECT_LE(relative_difference(part.gradients[0], whole.gradients[0]), 1e-14);
  EXPECT_LE(relative_difference(part.gradients[1], whole.gradients[1]), 1e-14);
}

TEST_P(TransformerEncoderTest, FirstPositionsEqualThoseOfTheWholeDropoutIncluded) {
  expect_leading_equals_whole(GetParam(), {1, 0, {}});
  expect_leading_equals_whole(GetParam(), {2, 5, {}});
  expect_leading_equals_whole(GetParam(), {3, 5, {}});
}

TEST_P(TransformerEncoderTest, FirstPositionsEqualThoseOfTheWholeUnderMasks) {
  AttentionMasks masks = causal_masks();
  expect_leading_equals_whole(GetParam(), {2, 5, masks});
  masks.causal = false;
  masks.bias = random_tensor({1, 2, 3, 3}, 3);
  expect_leading_equals_whole(GetParam(), {1, 5, masks});
}

TEST(TransformerEncoderErrors, RefusesPositionsThatTheInputLacks) {
  ParameterSet parameters;
  const TransformerEncoder encoder(Scope(parameters), 1, small_options(true));
  parameters.initialize(1);
  Context context({}, 1);
  const Tensor input = Tensor::zeros({2, 3, 8});
  EXPECT_THROW(encoder.forward_first(Pass{context}, input, 0), Error);
  EXPECT_THROW(encoder.forward_first(Pass{context}, input, 4), Error);
}

INSTANTIATE_TEST_SUITE_P(Norms, TransformerEncoderTest, ::testing::Bool(),
                         [](const auto& norm) { return norm.param ? "PreNorm" : "PostNorm"; });

}  // namespace
}  // namespace ebb
