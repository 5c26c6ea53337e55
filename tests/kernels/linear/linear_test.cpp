#include "kernels/linear/linear.h"

#include <gtest/gtest.h>

#include "kernels/activation/activation_reference.h"
#include "kernels/matrix_product/matrix_product_reference.h"
#include "tests/kernels/linear/linear_operands.h"
#include "tests/kernels/support/backends.h"
#include "tests/kernels/support/error_rule.h"

namespace ebb::kernels {
namespace {

using ebb::testing::Buffer;
using ebb::testing::expect_same_bits;
using ebb::testing::expect_within;
using ebb::testing::LinearCase;
using ebb::testing::LinearOperands;
using ebb::testing::transposed;

/// Both directions as plain loops.
template <class T>
void run_reference(LinearOperands<T>& operands) {
  const LinearForward f = operands.forward();
  reference::matrix_product<T>({f.input, transposed(f.weight), f.output, false});
  reference::activation<T>({.input = f.output,
                            .bias = f.bias,
                            .kind = f.activation,
                            .dropout = f.dropout,
                            .derivative = f.derivative,
                            .output = f.output});
  const LinearBackward b = operands.backward();
  const Buffer<T> ones(operands.output.shape(), std::vector<T>(operands.output.size(), T{1}));
  reference::activation_backward<T>({.derivative = operands.curved() ? b.derivative : ones.view(),
                                     .grad_output = b.grad_output,
                                     .grad_input = b.grad_pre_activation,
                                     .grad_bias = b.grad_bias,
                                     .accumulate = b.accumulate_bias});
  reference::matrix_product<T>({b.grad_pre_activation, b.weight, b.grad_input, b.accumulate_input});
  reference::matrix_product<T>(
      {transposed(b.grad_pre_activation), b.input, b.grad_weight, b.accumulate_weight});
}

void run_kernel(LinearOperands<float>& operands, int threads) {
  Context context({}, threads);
  linear(context, operands.forward());
  linear_backward(context, operands.backward());
}

class LinearTest : public ::testing::TestWithParam<LinearCase> {};

TEST_P(LinearTest, FollowsTheErrorRuleAtEveryInstructionSet) {
  LinearOperands<double> oracle(GetParam());
  LinearOperands<float> naive(GetParam());
  run_reference(oracle);
  run_reference(naive);
  ebb::testing::for_each_instruction_set([&] {
    LinearOperands<float> actual(GetParam());
    run_kernel(actual, 2);
    const auto& forward = ebb::testing::kForwardRule;
    const auto& gradient = ebb::testing::kGradientRule;
    expect_within("derivative", actual.derivative, naive.derivative, oracle.derivative, forward);
    expect_within("output", actual.output, naive.output, oracle.output, forward);
    expect_within("grad_input", actual.grad_input, naive.grad_input, oracle.grad_input, gradient);
    expect_within("grad_weight", actual.grad_weight, naive.grad_weight, oracle.grad_weight,
                  gradient);
    expect_within("grad_bias", actual.grad_bias, naive.grad_bias, oracle.grad_bias, gradient);
  });
}

TEST_P(LinearTest, HasEqualBitsForAnyNumberOfThreads) {
  LinearOperands<float> first(GetParam());
  run_kernel(first, 1);
  for (const int threads : ebb::testing::kThreadCounts) {
    LinearOperands<float> other(GetParam());
    run_kernel(other, threads);
    expect_same_bits("output", first.output, other.output);
    expect_same_bits("grad_input", first.grad_input, other.grad_input);
    expect_same_bits("grad_weight", first.grad_weight, other.grad_weight);
    expect_same_bits("grad_bias", first.grad_bias, other.grad_bias);
  }
}

// From one row to several blocks.
INSTANTIATE_TEST_SUITE_P(
    Shapes, LinearTest,
    ::testing::Values(LinearCase{1, 1, 1, Activation::identity, 0.0F, false},
                      LinearCase{7, 31, 33, Activation::relu, 0.0F, true},
                      LinearCase{128, 64, 64, Activation::gelu, 0.1F, false},
                      LinearCase{257, 33, 7, Activation::silu, 0.5F, true},
                      LinearCase{600, 64, 257, Activation::gelu, 0.1F, false},
                      LinearCase{1100, 33, 31, Activation::relu, 0.1F, false},
                      LinearCase{700, 257, 64, Activation::identity, 0.1F, true},
                      LinearCase{300, 31, 7, Activation::gelu, 0.3F, false, true}));

TEST(LinearKernelTest, DoesWithoutOptionalOperands) {
  const LinearCase spec{257, 33, 7, Activation::gelu, 0.0F, false};
  LinearOperands<float> all(spec);
  run_kernel(all, 1);
  LinearOperands<float> some(spec);
  LinearForward f = some.forward();
  f.derivative = {};
  LinearBackward b = some.backward();
  b.grad_input = {};
  b.grad_bias = {};
  Context context({}, 1);
  linear(context, f);
  linear_backward(context, b);
  expect_same_bits("output", all.output, some.output);
  expect_same_bits("grad_weight", all.grad_weight, some.grad_weight);
}

TEST(LinearKernelTest, KeepsNaNInItsRow) {
  LinearOperands<float> operands({200, 5, 3, Activation::relu, 0.0F, false});
  operands.input[150 * 5 + 2] = std::numeric_limits<float>::quiet_NaN();
  ebb::testing::for_each_instruction_set([&] {
    run_kernel(operands, 2);
    for (std::size_t i = 0; i < operands.output.size(); ++i) {
      EXPECT_EQ(std::isnan(operands.output[i]), i / 3 == 150) << i;
    }
  });
}

}  // namespace
}  // namespace ebb::kernels
