// Attention on f32 in TF32: what it rounds, and that it does so only where it is asked for.
#include <cmath>

#include <gtest/gtest.h>

#include "tests/kernels/attention/attention_naive.h"
#include "tests/kernels/attention/attention_operands.h"

namespace ebb::kernels {
namespace {

using ebb::testing::AttentionCase;
using ebb::testing::AttentionOperands;
using ebb::testing::expect_same_bits;
using ebb::testing::ProductsIn;
using ebb::testing::rounded;
using ebb::testing::run_kernel;
using ebb::testing::test_device;
using ebb::testing::Tf32;

/// Both directions with products in `precision`.
AttentionOperands<float> run_in(Precision precision, const AttentionCase& c) {
  const ProductsIn products(precision);
  AttentionOperands<float> operands(c);
  run_kernel(operands);
  return operands;
}

TEST(AttentionTf32Test, RoundsOperandsToNearestAndNothingElse) {
  if (!test_device().is_cuda()) GTEST_SKIP() << "the CPU has no TF32";
  // Of one key the output is its value, and the value's gradient that of the output.
  for (const std::int64_t head_dim : {13, 32, 64, 128}) {
    const AttentionCase c{.queries = 1, .keys = 1, .head_dim = head_dim};
    const AttentionOperands<float> in_tf32 = run_in(Precision::tf32, c);
    const AttentionOperands<float> exact = run_in(Precision::f32, c);
    for (std::size_t i = 0; i < exact.output.size(); ++i) {
      const float value = exact.inputs.values[i];
      EXPECT_EQ(exact.output[i], value);
      EXPECT_EQ(in_tf32.output[i], rounded<Tf32>(value)) << value;
      EXPECT_EQ(exact.grads.values[i], exact.grad_output[i]);
      EXPECT_EQ(in_tf32.grads.values[i], rounded<Tf32>(exact.grad_output[i]));
    }
  }
}

TEST(AttentionTf32Test, LeavesNoGradientOfAScoreThatHasNoRival) {
  if (!test_device().is_cuda()) GTEST_SKIP() << "the CPU has no TF32";
  // Its probability is 1 whatever it is. What the products round, the sum that they are compared
  // with must have rounded too; what is left is the order of the sums.
  const AttentionCase c{.queries = 3, .keys = 1, .head_dim = 32};
  const AttentionOperands<float> in_tf32 = run_in(Precision::tf32, c);
  for (const float gradient : in_tf32.grads.queries.values()) EXPECT_LT(std::abs(gradient), 1e-5F);
  for (const float gradient : in_tf32.grads.keys.values()) EXPECT_LT(std::abs(gradient), 1e-5F);
}

TEST(AttentionTf32Test, MultipliesWiderHeadsExactly) {
  if (!test_device().is_cuda()) GTEST_SKIP() << "the CPU has no TF32";
  const AttentionCase c{.head_dim = kMaxTf32HeadDim + 1, .bias = ebb::testing::Bias::shared};
  const AttentionOperands<float> in_tf32 = run_in(Precision::tf32, c);
  const AttentionOperands<float> exact = run_in(Precision::f32, c);
  expect_same_bits("output", in_tf32.output, exact.output);
  expect_same_bits("log_sum_exp", in_tf32.log_sum_exp, exact.log_sum_exp);
  expect_same_bits("grad_query", in_tf32.grads.queries, exact.grads.queries);
  expect_same_bits("grad_key", in_tf32.grads.keys, exact.grads.keys);
  expect_same_bits("grad_value", in_tf32.grads.values, exact.grads.values);
  expect_same_bits("grad_bias", in_tf32.grad_bias, exact.grad_bias);
}

}  // namespace
}  // namespace ebb::kernels
