#include "engine/operations/attention.h"

#include <array>

#include <gtest/gtest.h>

#include "engine/operations/views.h"
#include "tests/engine/support/tensors.h"
#include "tests/kernels/support/expect_error.h"

namespace ebb {
namespace {

using ebb::testing::expect_equal_computations;
using ebb::testing::expect_error;
using ebb::testing::expect_gradients;
using ebb::testing::random_tensor;
using ebb::testing::relative_difference;

struct Case {
  Shape query;  // [batch, heads, queries, head_dim]
  std::int64_t keys;
  bool causal;
  bool padding;
  int bias_batch;  // extents of the bias; 0: none
  int bias_heads;
};

// Hides a key of each batch entry, never the first one, which every causal query sees.
Tensor padding_mask(std::int64_t batch, std::int64_t keys) {
  std::vector<std::uint8_t> mask(static_cast<std::size_t>(batch * keys), 0);
  for (std::int64_t b = 0; b < batch && keys > 1; ++b) {
    mask[static_cast<std::size_t>(b * keys + 1 + b % (keys - 1))] = 1;
  }
  return Tensor::from_values({batch, keys}, mask);
}

class AttentionTest : public ::testing::TestWithParam<Case> {
 protected:
  static AttentionOptions options(std::span<const Tensor> x) {
    AttentionOptions options;
    options.causal = GetParam().causal;
    if (GetParam().padding) {
      options.key_padding_mask = padding_mask(GetParam().query[0], GetParam().keys);
    }
    if (GetParam().bias_batch > 0) options.bias = x[3];
    return options;
  }
  static Tensor fused(const Pass& pass, std::span<const Tensor> x) {
    return attention(pass, x[0], x[1], x[2], options(x));
  }
  static Tensor composed(const Pass& pass, std::span<const Tensor> x) {
    return attention_composed(pass, x[0], x[1], x[2], options(x));
  }
  static std::vector<Tensor> inputs() {
    const Case& c = GetParam();
    Shape key = c.query;
    key[2] = c.keys;
    std::vector<Tensor> all{random_tensor(c.query, 1), random_tensor(key, 2),
                            random_tensor(key, 3)};
    if (c.bias_batch > 0) {
      all.push_back(random_tensor({c.bias_batch, c.bias_heads, c.query[2], c.keys}, 4));
    }
    return all;
  }
};

TEST_P(AttentionTest, EqualsItsComposition) {
  expect_equal_computations(fused, composed, inputs());
}

TEST_P(AttentionTest, HasRightGradients) { expect_gradients(fused, inputs()); }

INSTANTIATE_TEST_SUITE_P(Shapes, AttentionTest,
                         ::testing::Values(Case{{1, 1, 1, 8}, 1, false, false, 0, 0},
                                           Case{{2, 3, 7, 8}, 7, false, true, 0, 0},
                                           Case{{2, 2, 5, 9}, 5, true, false, 1, 1},
                                           Case{{2, 2, 3, 8}, 6, true, true, 2, 2},
                                           Case{{3, 2, 4, 4}, 9, false, true, 1, 2},
                                           Case{{2, 2, 4, 4}, 5, false, false, 2, 1}));

TEST(AttentionOperationTest, DropoutHasRightGradientsUnderOneMask) {
  expect_gradients(
      [](const Pass& pass, std::span<const Tensor> x) {
        return attention(pass, x[0], x[1], x[2], {.dropout = 0.3, .stream = 2});
      },
      {random_tensor({2, 2, 3, 4}, 1), random_tensor({2, 2, 5, 4}, 2),
       random_tensor({2, 2, 5, 4}, 3)},
      nullptr, {.training = true, .seed = 5, .step = 2});
}

// One projection [batch, length, 3 * heads * head_dim], taken apart and put together by views.
Tensor self_composed(const Pass& pass, const Tensor& qkv, std::int64_t heads,
                     const AttentionOptions& options) {
  const std::int64_t head_dim = qkv.extent(2) / (3 * heads);
  const Tensor all = reshape(pass, qkv, {qkv.extent(0), qkv.extent(1), 3 * heads, head_dim});
  const auto part = [&](std::int64_t index) {
    return contiguous(pass, transpose(pass, slice(pass, all, 2, index * heads, heads), 1, 2));
  };
  const Tensor mixed = attention_composed(pass, part(0), part(1), part(2), options);
  return reshape(pass, contiguous(pass, transpose(pass, mixed, 1, 2)),
                 {qkv.extent(0), qkv.extent(1), qkv.extent(2) / 3});
}

TEST(AttentionOperationTest, SelfAttentionEqualsItsComposition) {
  const AttentionOptions options{.key_padding_mask = padding_mask(2, 7), .causal = true};
  expect_equal_computations(
      [&](const Pass& pass, std::span<const Tensor> x) {
        return self_attention(pass, x[0], 2, options);
      },
      [&](const Pass& pass, std::span<const Tensor> x) {
        return self_composed(pass, x[0], 2, options);
      },
      {random_tensor({2, 7, 3 * 2 * 9}, 1)});
}

TEST(AttentionOperationTest, SelfAttentionHasRightGradients) {
  expect_gradients(
      [](const Pass& pass, std::span<const Tensor> x) {
        return self_attention(pass, x[0], 2, {.bias = x[1], .scale = 0.7, .dropout = 0.2});
      },
      {random_tensor({2, 3, 3 * 2 * 4}, 1), random_tensor({1, 2, 3, 3}, 2)}, nullptr,
      {.training = true, .seed = 5});
}

TEST(AttentionOperationTest, AQueryThatSeesNoKeyGivesZerosAndNoGradient) {
  const AttentionOptions options{
      .key_padding_mask = Tensor::from_values({2, 3}, std::vector<std::uint8_t>{1, 1, 1, 0, 0, 1})};
  const std::vector<Tensor> inputs{random_tensor({2, 1, 3, 4}, 1), random_tensor({2, 1, 3, 4}, 2),
                                   random_tensor({2, 1, 3, 4}, 3)};
  const auto function = [&](const Pass& pass, std::span<const Tensor> x) {
    return attention(pass, x[0], x[1], x[2], options);
  };
  const ebb::testing::Found found = ebb::testing::run_with_gradients(function, inputs);
  const Tensor zeros = Tensor::zeros({1, 1, 3, 4}, DType::f64);
  EXPECT_EQ(relative_difference(found.output.slice(0, 0, 1), zeros), 0.0);
  for (const Tensor& gradient : found.gradients) {
    EXPECT_EQ(relative_difference(gradient.slice(0, 0, 1), zeros), 0.0);
  }
  expect_gradients(function, inputs);
}

TEST(AttentionOperationTest, ShardsDrawThePartOfTheBatchsMask) {
  Context context({}, 1);
  const Tensor qkv = random_tensor({4, 5, 3 * 2 * 8}, 1, DType::f32);
  const AttentionOptions options{.dropout = 0.5, .stream = 1};
  const PassSettings settings{.training = true, .seed = 9};
  const Tensor whole = self_attention({context, nullptr, settings}, qkv, 2, options);
  const Tensor shard =
      self_attention({context, nullptr, settings, 3}, qkv.slice(0, 3, 1), 2, options);
  EXPECT_TRUE(ebb::testing::same_bits(shard, whole.slice(0, 3, 1)));
}

TEST(AttentionOperationTest, ErrorsNameShapes) {
  Context context({}, 1);
  expect_error(
      "attention: query is [2, 3] and key is [2, 3], expected [batch, heads, length, head_dim]",
      [&] {
        attention({context}, Tensor::zeros({2, 3}), Tensor::zeros({2, 3}), Tensor::zeros({2, 3}));
      });
  expect_error(
      "self_attention: qkv is [2, 3, 20], expected [batch, length, 3 * heads * head_dim] with 4 "
      "heads",
      [&] {
        self_attention({context}, Tensor::zeros({2, 3, 20}), 4);
      });
  expect_error<UnsupportedError>(
      "attention_composed: has no dropout, got a probability of 0.5", [&] {
        const Tensor x = Tensor::zeros({1, 1, 1, 4});
        attention_composed({context, nullptr, {.training = true}}, x, x, x, {.dropout = 0.5});
      });
}

}  // namespace
}  // namespace ebb
