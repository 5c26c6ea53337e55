#include "apps/churn/explanation/integrated_gradients.h"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "apps/churn/training/weights.h"
#include "engine/autograd/gradient_check.h"
#include "tests/churn/support/encoded_rows.h"

namespace ebb::churn {
namespace {

const InputSchema kSchema = {{{-2, 0, 2}, {-2, 1, 2}, {-2, 2}, {0, 1}}, {4}};

ModelConfig small_network() {
  ModelConfig config;
  config.dim = 8;
  config.layers = 2;
  config.heads = 2;
  config.feed_forward = 16;
  return config;
}

Attributions explain(const preprocessing::EncodedRows& rows, std::size_t steps, int threads) {
  const Network network(kSchema, small_network(), 7);
  return IntegratedGradients(kSchema, small_network(),
                             named_parts(network.parameters, network.parameters.buffer()),
                             example_columns(), random_rows(16, 1),
                             {.steps = steps, .most_steps = steps, .threads = threads})
      .explain(rows);
}

TEST(IntegratedGradients, AddUpToTheDifferenceOfLogOdds) {
  const Attributions found = explain(random_rows(40, 2), 64, 1);
  double spread = 0.0;
  for (const float logit : found.logits) spread = std::max(spread, std::abs(logit - found.base));
  EXPECT_GT(spread, 0.01);
  EXPECT_LT(found.largest_gap, 0.01 * spread);
  EXPECT_LT(found.largest_gap, explain(random_rows(40, 2), 1, 1).largest_gap);
}

TEST(IntegratedGradients, TakeMoreStepsForRowsThatDoNotAddUp) {
  const Network network(kSchema, small_network(), 7);
  const preprocessing::EncodedRows rows = random_rows(60, 2);
  const auto with = [&](IntegratedGradientsOptions options) {
    return IntegratedGradients(kSchema, small_network(),
                               named_parts(network.parameters, network.parameters.buffer()),
                               example_columns(), random_rows(16, 1), options)
        .explain(rows);
  };
  const Attributions once = with({.steps = 1, .most_steps = 1});
  std::vector<double> gaps;
  for (std::size_t row = 0; row < rows.rows; ++row) gaps.push_back(gap_of(once, row));
  std::ranges::sort(gaps);
  const double tolerance = gaps[30];
  const Attributions again = with({.steps = 1, .most_steps = 64, .tolerance = tolerance});
  EXPECT_LE(again.largest_gap, tolerance);
  for (std::size_t row = 0; row < rows.rows; ++row) {
    if (gap_of(once, row) > tolerance) continue;
    for (std::size_t column = 0; column < once.columns; ++column) {
      EXPECT_EQ(again.value(row, column), once.value(row, column));
    }
  }
  EXPECT_EQ(again.logits, once.logits);
}

TEST(IntegratedGradients, HaveTheSameBitsForAnyNumberOfThreads) {
  EXPECT_EQ(explain(random_rows(90, 3), 4, 1).values, explain(random_rows(90, 3), 4, 2).values);
}

TEST(IntegratedGradients, GradientsOfTokensAgreeWithFiniteDifferences) {
  Context context;
  const Network network(kSchema, small_network(), 7, DType::f64);
  std::vector<double> values;
  preprocessing::SplitMix64 generator(5);
  for (int i = 0; i < 2 * 6 * 8; ++i) {
    values.push_back(static_cast<double>(generator.below(1000)) / 500.0 - 1.0);
  }
  const Tensor tokens[] = {Tensor::from_values({2, 6, 8}, values)};
  const GradientCheck check = check_gradients(
      context,
      [&](const Pass& pass, std::span<const Tensor> inputs) {
        return network.model.forward_tokens(pass, inputs[0]);
      },
      tokens);
  EXPECT_EQ(check.failure, "");
  EXPECT_EQ(check.checked, 96);
}

TEST(IntegratedGradients, QuadratureIsExactForPolynomials) {
  for (const std::size_t count : {1U, 2U, 5U, 16U}) {
    const auto degree = static_cast<double>(2 * count - 1);
    double integral = 0.0;
    for (const QuadratureNode& node : gauss_legendre(count)) {
      integral += node.weight * std::pow(node.place, degree);
    }
    EXPECT_NEAR(integral, 1.0 / (degree + 1.0), 1e-14) << count;
  }
}

}  // namespace
}  // namespace ebb::churn
