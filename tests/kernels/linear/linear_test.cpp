#include "kernels/linear/linear.h"

#include <cstring>
#include <limits>

#include <gtest/gtest.h>

#include "kernels/activation/activation_reference.h"
#include "kernels/matrix_product/matrix_product_reference.h"
#include "tests/kernels/linear/linear_operands.h"
#include "tests/kernels/support/backends.h"
#include "tests/kernels/support/error_rule.h"
#include "tests/kernels/support/product_libraries.h"

namespace ebb::kernels {
namespace {

using ebb::testing::Buffer;
using ebb::testing::expect_same_bits;
using ebb::testing::expect_within;
using ebb::testing::for_each_product_backend;
using ebb::testing::LinearCase;
using ebb::testing::LinearOperands;
using ebb::testing::test_device;
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

template <class T>
void run_kernel(LinearOperands<T>& operands, int threads) {
  Context context(test_device(), threads);
  linear(context, operands.forward());
  linear_backward(context, operands.backward());
}

/// The gradient of pre_activation is kept in T before it is multiplied.
template <class T>
void expect_gradients_within(LinearOperands<T>& actual, LinearOperands<float>& naive,
                             LinearOperands<double>& oracle) {
  const auto& gradient = ebb::testing::kGradientRule;
  expect_within("grad_input", actual.grad_input, naive.grad_input, oracle.grad_input, gradient);
  expect_within("grad_weight", actual.grad_weight, naive.grad_weight, oracle.grad_weight, gradient);
  expect_within("grad_bias", actual.grad_bias, naive.grad_bias, oracle.grad_bias, gradient);
}

class LinearTest : public ::testing::TestWithParam<LinearCase> {};

TEST_P(LinearTest, FollowsTheErrorRuleOnEveryBackend) {
  for_each_product_backend([&]<class T> {
    LinearOperands<double> oracle(GetParam());
    LinearOperands<float> naive(GetParam());
    run_reference(oracle);
    run_reference(naive);
    LinearOperands<T> actual(GetParam());
    run_kernel(actual, 2);
    const auto& forward = ebb::testing::kForwardRule;
    expect_within("derivative", actual.derivative, naive.derivative, oracle.derivative, forward);
    expect_within("output", actual.output, naive.output, oracle.output, forward);
    expect_gradients_within(actual, naive, oracle);
  });
}

TEST_P(LinearTest, HasEqualBitsForAnyNumberOfThreads) {
  for_each_product_backend([&]<class T> {
    LinearOperands<T> first(GetParam());
    run_kernel(first, 1);
    for (const int threads : ebb::testing::kThreadCounts) {
      if (test_device().is_cuda() && threads > 1) break;
      LinearOperands<T> other(GetParam());
      run_kernel(other, threads);
      expect_same_bits("output", first.output, other.output);
      expect_same_bits("grad_input", first.grad_input, other.grad_input);
      expect_same_bits("grad_weight", first.grad_weight, other.grad_weight);
      expect_same_bits("grad_bias", first.grad_bias, other.grad_bias);
    }
  });
}

// From one row to several blocks.
INSTANTIATE_TEST_SUITE_P(
    Shapes, LinearTest,
    ::testing::Values(LinearCase{1, 1, 1, Activation::identity, 0.0F, false},
                      LinearCase{300, 20, 37, Activation::identity, 0.0F, false},
                      LinearCase{7, 31, 33, Activation::relu, 0.0F, true},
                      LinearCase{128, 64, 64, Activation::gelu, 0.1F, false},
                      LinearCase{257, 33, 7, Activation::silu, 0.5F, true},
                      LinearCase{600, 64, 257, Activation::gelu, 0.1F, false},
                      LinearCase{1100, 33, 31, Activation::relu, 0.1F, false},
                      LinearCase{700, 257, 64, Activation::identity, 0.1F, true},
                      LinearCase{300, 31, 7, Activation::gelu, 0.3F, false, true},
                      LinearCase{5, 1030, 20, Activation::silu, 0.1F, false}));

TEST(LinearKernelTest, DoesWithoutOptionalOperands) {
  for_each_product_backend([]<class T> {
    const LinearCase spec{257, 33, 7, Activation::gelu, 0.0F, false};
    LinearOperands<T> all(spec);
    run_kernel(all, 1);
    LinearOperands<T> some(spec);
    LinearForward f = some.forward();
    f.derivative = {};
    LinearBackward b = some.backward();
    b.grad_input = {};
    b.grad_bias = {};
    Context context(test_device(), 1);
    linear(context, f);
    linear_backward(context, b);
    expect_same_bits("output", all.output, some.output);
    expect_same_bits("grad_weight", all.grad_weight, some.grad_weight);
  });
}

// Nothing but a product, and a product alone with a bias.
TEST(LinearKernelTest, NeedsNoEpilogue) {
  for_each_product_backend([]<class T> {
    const LinearCase spec{70, 20, 12, Activation::identity, 0.0F, false};
    const auto forward = [](auto& operands, bool with_bias) {
      LinearForward f = operands.forward();
      f.derivative = {};
      if (!with_bias) f.bias = {};
      return f;
    };
    for (const bool with_bias : {false, true}) {
      LinearOperands<double> oracle(spec);
      LinearOperands<float> naive(spec);
      LinearOperands<T> actual(spec);
      const auto run_plain = [&]<class Exact>(LinearOperands<Exact>& operands) {
        const LinearForward f = forward(operands, with_bias);
        reference::matrix_product<Exact>({f.input, transposed(f.weight), f.output, false});
        reference::activation<Exact>({.input = f.output, .bias = f.bias, .output = f.output});
      };
      run_plain(oracle);
      run_plain(naive);
      Context context(test_device(), 1);
      linear(context, forward(actual, with_bias));
      expect_within("output", actual.output, naive.output, oracle.output,
                    ebb::testing::kForwardRule);
    }
  });
}

// In f32 on the CPU.
TEST(LinearKernelTest, RoundsARowTheSameWhateverStandsBesideIt) {
  const LinearCase spec{900, 300, 45, Activation::gelu, 0.0F, false};  // two blocks
  LinearOperands<float> together(spec);
  Context context(Device{}, 1);
  linear(context, together.forward());
  for (const std::int64_t rows : {1, 2, 5, 11, 12, 13, 31, 192, 193}) {
    for (const std::int64_t first : {0L, 700L, 900L - rows}) {
      const auto rows_of = [&](auto view) {
        view.data = view.template as<float>() + first * view.shape[1];
        view.shape[0] = rows;
        return view;
      };
      LinearOperands<float> apart(spec);
      LinearForward f = apart.forward();
      f.input = rows_of(f.input);
      f.derivative = rows_of(f.derivative);
      f.output = rows_of(f.output);
      linear(context, f);
      const auto same = [&](const Buffer<float>& all, const Buffer<float>& some) {
        const std::int64_t begin = first * spec.out;
        return std::memcmp(all.data() + begin, some.data() + begin,
                           sizeof(float) * static_cast<std::size_t>(rows * spec.out)) == 0;
      };
      EXPECT_TRUE(same(together.output, apart.output)) << rows << " rows from " << first;
      EXPECT_TRUE(same(together.derivative, apart.derivative)) << rows << " rows from " << first;
    }
  }
}

TEST(LinearKernelTest, SumsOfNoInputsAreTheBias) {
  LinearOperands<float> operands({3, 0, 37, Activation::identity, 0.0F, false});
  Context context(Device{}, 1);
  linear(context, operands.forward());
  for (std::size_t i = 0; i < operands.output.size(); ++i) {
    EXPECT_EQ(operands.output[i], operands.bias[i % 37]) << i;
  }
}

TEST(LinearKernelTest, TakesNoRows) {
  for_each_product_backend([]<class T> {
    LinearOperands<T> operands({0, 5, 3, Activation::gelu, 0.1F, false});
    run_kernel(operands, 1);
    for (const T value : operands.grad_weight.values()) {
      EXPECT_EQ(ebb::testing::to_double(value), 0.0);
    }
  });
}

TEST(LinearKernelTest, KeepsNaNInItsRow) {
  for_each_product_backend([]<class T> {
    LinearOperands<T> operands({200, 5, 3, Activation::relu, 0.0F, false});
    operands.input[150 * 5 + 2] =
        ebb::testing::to_number<T>(std::numeric_limits<double>::quiet_NaN());
    run_kernel(operands, 2);
    for (std::size_t i = 0; i < operands.output.size(); ++i) {
      EXPECT_EQ(std::isnan(ebb::testing::to_double(operands.output[i])), i / 3 == 150) << i;
    }
  });
}

}  // namespace
}  // namespace ebb::kernels
