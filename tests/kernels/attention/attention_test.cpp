#include "kernels/attention/attention.h"

#include <gtest/gtest.h>

#include "tests/kernels/attention/attention_operands.h"
#include "tests/kernels/support/backends.h"
#include "tests/kernels/support/error_rule.h"

namespace ebb::kernels {
namespace {

using ebb::testing::AttentionCase;
using ebb::testing::AttentionOperands;
using ebb::testing::Bias;
using ebb::testing::Buffer;
using ebb::testing::ErrorRule;
using ebb::testing::expect_same_bits;
using ebb::testing::expect_within;
using ebb::testing::kForwardRule;
using ebb::testing::kGradientRule;
using ebb::testing::Layout;
using ebb::testing::Padding;
using ebb::testing::run_kernel;
using ebb::testing::run_reference;

/// The largest probability * (|grad_p| + |delta|): what cancels in a gradient of scores.
double largest_score_term(AttentionOperands<double>& oracle) {
  const AttentionForward p = oracle.forward();
  const AttentionCase& c = oracle.spec;
  double largest = 0.0;
  for (std::size_t row = 0; row < oracle.rows(); ++row) {
    const auto q = static_cast<std::int64_t>(row) % c.queries;
    const auto h = static_cast<std::int64_t>(row) / c.queries % c.heads;
    const auto b = static_cast<std::int64_t>(row) / c.queries / c.heads;
    const reference::AttentionHead<double> head(p, b, h);
    const double* grad_output = &oracle.grad_output[oracle.at(b, h, q, 0)];
    const double delta = head.dot(grad_output, &oracle.output[oracle.at(b, h, q, 0)]);
    for (std::int64_t k = 0; k < c.keys; ++k) {
      if (!head.visible(q, k)) continue;
      const double probability = std::exp(head.score(q, k) - oracle.log_sum_exp[row]);
      const double grad_p = head.dropout_factor(q, k) * head.dot(grad_output, head.value(k));
      largest = std::max(largest, probability * (std::fabs(grad_p) + std::fabs(delta)));
    }
  }
  return largest;
}

double largest_of(const Buffer<double>& buffer) {
  double largest = 0.0;
  for (const double value : buffer.values()) largest = std::max(largest, std::fabs(value));
  return largest;
}

void expect_gradients_within(AttentionOperands<float>& actual, AttentionOperands<float>& naive,
                             AttentionOperands<double>& oracle) {
  const double term = largest_score_term(oracle);
  ErrorRule rule = kGradientRule;
  rule.largest_intermediate = term;
  if (oracle.spec.bias != Bias::none) {
    const auto summed = static_cast<double>(oracle.spec.batch * oracle.spec.heads) /
                        static_cast<double>(oracle.bias.shape()[0] * oracle.bias.shape()[1]);
    rule.largest_intermediate *= summed;
    expect_within("grad_bias", actual.grad_bias, naive.grad_bias, oracle.grad_bias, rule);
  }
  const double scale = 1.0 / std::sqrt(static_cast<double>(oracle.spec.head_dim));
  if (oracle.spec.layout == Layout::fused) {
    rule.largest_intermediate =
        std::max(term * scale * largest_of(oracle.inputs.all), largest_of(oracle.grads.all));
    return expect_within("grads", actual.grads.all, naive.grads.all, oracle.grads.all, rule);
  }
  rule.largest_intermediate = term * scale * largest_of(oracle.inputs.keys);
  expect_within("grad_query", actual.grads.queries, naive.grads.queries, oracle.grads.queries,
                rule);
  rule.largest_intermediate = term * scale * largest_of(oracle.inputs.queries);
  expect_within("grad_key", actual.grads.keys, naive.grads.keys, oracle.grads.keys, rule);
  expect_within("grad_value", actual.grads.values, naive.grads.values, oracle.grads.values,
                kGradientRule);
}

class AttentionTest : public ::testing::TestWithParam<AttentionCase> {};

TEST_P(AttentionTest, FollowsTheErrorRuleAtEveryInstructionSet) {
  AttentionOperands<double> oracle(GetParam());
  AttentionOperands<float> naive(GetParam());
  run_reference(oracle);
  run_reference(naive);
  ebb::testing::for_each_instruction_set([&] {
    AttentionOperands<float> actual(GetParam());
    run_kernel(actual, 2);
    expect_within("output", actual.output, naive.output, oracle.output, kForwardRule);
    expect_within("log_sum_exp", actual.log_sum_exp, naive.log_sum_exp, oracle.log_sum_exp,
                  kForwardRule);
    expect_gradients_within(actual, naive, oracle);
  });
}

TEST_P(AttentionTest, HasEqualBitsForAnyNumberOfThreads) {
  AttentionOperands<float> first(GetParam());
  run_kernel(first, 1);
  for (const int threads : ebb::testing::kThreadCounts) {
    AttentionOperands<float> other(GetParam());
    run_kernel(other, threads);
    expect_same_bits("output", first.output, other.output);
    expect_same_bits("log_sum_exp", first.log_sum_exp, other.log_sum_exp);
    expect_same_bits("grads", first.grads.all, other.grads.all);
    expect_same_bits("grad_query", first.grads.queries, other.grads.queries);
    expect_same_bits("grad_key", first.grads.keys, other.grads.keys);
    expect_same_bits("grad_value", first.grads.values, other.grads.values);
    if (GetParam().bias != Bias::none) {
      expect_same_bits("grad_bias", first.grad_bias, other.grad_bias);
    }
  }
}

AttentionCase square(std::int64_t tokens, std::int64_t head_dim, AttentionCase c = {}) {
  c.queries = c.keys = tokens;
  c.head_dim = head_dim;
  return c;
}

AttentionCase oblong(std::int64_t queries, std::int64_t keys, std::int64_t head_dim,
                     AttentionCase c = {}) {
  c.queries = queries;
  c.keys = keys;
  c.head_dim = head_dim;
  return c;
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, AttentionTest,
    ::testing::Values(square(1, 1), square(1, 8), square(7, 5), square(8, 8), square(20, 16),
                      square(31, 24), square(33, 32), square(64, 64), square(257, 64),
                      square(20, 128), square(17, 256), oblong(7, 1, 16), oblong(1, 257, 24),
                      oblong(33, 130, 13), oblong(300, 20, 16),
                      square(20, 16, {.batch = 33, .heads = 4, .layout = Layout::fused})));

INSTANTIATE_TEST_SUITE_P(
    Masks, AttentionTest,
    ::testing::Values(square(20, 16, {.padding = Padding::tail}),
                      square(33, 13, {.padding = Padding::holes}),
                      square(257, 32, {.layout = Layout::fused, .padding = Padding::holes}),
                      oblong(5, 300, 8, {.padding = Padding::tail}),
                      square(20, 16, {.causal = true}), square(130, 24, {.causal = true}),
                      oblong(33, 160, 8, {.causal = true}), oblong(160, 33, 8, {.causal = true}),
                      square(150, 16, {.padding = Padding::holes, .causal = true})));

INSTANTIATE_TEST_SUITE_P(
    Biases, AttentionTest,
    ::testing::Values(
        square(20, 16, {.bias = Bias::full}), square(33, 8, {.batch = 3, .bias = Bias::shared}),
        oblong(7, 140, 16, {.heads = 5, .bias = Bias::shared_batch}),
        oblong(31, 20, 16, {.batch = 5, .padding = Padding::holes, .bias = Bias::shared_heads}),
        square(40, 8, {.padding = Padding::tail, .bias = Bias::full, .causal = true})));

INSTANTIATE_TEST_SUITE_P(
    Dropout, AttentionTest,
    ::testing::Values(square(20, 16, {.layout = Layout::fused, .dropout = 0.1F}),
                      square(33, 8, {.padding = Padding::holes, .dropout = 0.5F}),
                      oblong(35, 261, 16, {.causal = true, .dropout = 0.1F}),
                      oblong(9, 300, 24,
                             {.padding = Padding::holes, .bias = Bias::shared, .dropout = 0.3F})));

TEST(AttentionTest, TakesNoKeysAndNoQueries) {
  AttentionOperands<float> no_keys(oblong(5, 0, 8));
  run_kernel(no_keys);
  for (const float value : no_keys.output.values()) EXPECT_EQ(value, 0.0F);
  for (const float value : no_keys.grads.queries.values()) EXPECT_EQ(value, 0.0F);
  AttentionOperands<float> no_queries(oblong(0, 5, 8, {.bias = Bias::full}));
  run_kernel(no_queries);
  for (const float value : no_queries.grads.keys.values()) EXPECT_EQ(value, 0.0F);
  for (const float value : no_queries.grads.values.values()) EXPECT_EQ(value, 0.0F);
}

TEST(AttentionTest, DropsWhatTheReferenceDrops) {
  // With the identity as values, the output is the row of probabilities after dropout.
  AttentionOperands<float> operands(
      oblong(37, 29, 29, {.padding = Padding::holes, .dropout = 0.25F}));
  for (std::size_t i = 0; i < operands.inputs.values.size(); ++i) {
    operands.inputs.values[i] = i / 29 % 29 == i % 29 ? 1.0F : 0.0F;
  }
  const AttentionForward p = operands.forward();
  ebb::testing::for_each_instruction_set([&] {
    run_kernel(operands);
    for (std::int64_t b = 0; b < 2; ++b) {
      for (std::int64_t h = 0; h < 2; ++h) {
        const reference::AttentionHead<float> head(p, b, h);
        for (std::int64_t i = 0; i < 37 * 29; ++i) {
          const bool kept =
              head.visible(i / 29, i % 29) && head.dropout_factor(i / 29, i % 29) != 0.0F;
          EXPECT_EQ(operands.output[operands.at(b, h, i / 29, i % 29)] != 0.0F, kept);
        }
      }
    }
  });
}

double loss_of(AttentionOperands<double>& operands) {
  Context context({}, 1);
  attention(context, operands.forward());
  double loss = 0.0;
  for (std::size_t i = 0; i < operands.output.size(); ++i) {
    loss += operands.output[i] * operands.grad_output[i];
  }
  return loss;
}

TEST(AttentionTest, HasTheGradientsOfFiniteDifferencesInFloat64) {
  AttentionOperands<double> operands(oblong(
      6, 9, 5,
      {.padding = Padding::holes, .bias = Bias::shared_heads, .causal = true, .dropout = 0.2F}));
  loss_of(operands);
  Context context({}, 1);
  attention_backward(context, operands.backward());
  const auto expect_gradient = [&](Buffer<double>& input, const Buffer<double>& gradient) {
    constexpr double kStep = 1e-5;
    for (std::size_t i = 0; i < input.size(); ++i) {
      const double before = input[i];
      input[i] = before + kStep;
      const double above = loss_of(operands);
      input[i] = before - kStep;
      const double below = loss_of(operands);
      input[i] = before;
      EXPECT_NEAR(gradient[i], (above - below) / (2 * kStep), 1e-8);
    }
  };
  expect_gradient(operands.inputs.queries, operands.grads.queries);
  expect_gradient(operands.inputs.keys, operands.grads.keys);
  expect_gradient(operands.inputs.values, operands.grads.values);
  expect_gradient(operands.bias, operands.grad_bias);
}

}  // namespace
}  // namespace ebb::kernels
