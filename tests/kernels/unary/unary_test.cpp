#include "kernels/unary/unary.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "tests/kernels/support/backends.h"
#include "tests/kernels/support/buffer.h"
#include "tests/kernels/support/error_rule.h"
#include "tests/kernels/support/expect_error.h"
#include "tests/kernels/support/finite_differences.h"

namespace ebb::kernels {
namespace {

using ebb::testing::Buffer;
using ebb::testing::expect_error;
using ebb::testing::random_normal;

constexpr UnaryFunction kFunctions[] = {UnaryFunction::exponential, UnaryFunction::logarithm,
                                        UnaryFunction::square_root, UnaryFunction::reciprocal};

double formula(UnaryFunction function, double x) {
  switch (function) {
    case UnaryFunction::exponential:
      return std::exp(x);
    case UnaryFunction::logarithm:
      return std::log(x);
    case UnaryFunction::square_root:
      return std::sqrt(x);
    case UnaryFunction::reciprocal:
      return 1.0 / x;
  }
  return x;
}

template <class T>
Buffer<T> positive_numbers(std::int64_t count) {
  Buffer<T> numbers = random_normal<T>({count}, 1);
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = std::abs(numbers[i]) + T{0.5};
  return numbers;
}

TEST(UnaryTest, FollowsTheFormulaForAnyNumberOfThreads) {
  const auto input = positive_numbers<float>(5000);
  for (const UnaryFunction function : kFunctions) {
    for (const int threads : ebb::testing::kThreadCounts) {
      Context context({}, threads);
      Buffer<float> output(input.shape());
      unary(context, {.function = function, .input = input.view(), .output = output.view()});
      for (std::size_t i = 0; i < input.size(); ++i) {
        const double exact = formula(function, input[i]);
        ASSERT_NEAR(output[i], exact, 2e-7 * std::max(1.0, std::fabs(exact)));
      }
    }
  }
}

TEST(UnaryTest, AgreesWithFiniteDifferences) {
  Context context({}, 1);
  for (const UnaryFunction function : kFunctions) {
    auto input = positive_numbers<double>(9);
    const auto grad_output = random_normal<double>(input.shape(), 2);
    Buffer<double> output(input.shape());
    Buffer<double> grad_input(input.shape());
    unary(context, {.function = function, .input = input.view(), .output = output.view()});
    unary_backward(context, {.function = function,
                             .input = input.view(),
                             .output = output.view(),
                             .grad_output = grad_output.view(),
                             .grad_input = grad_input.view()});
    ebb::testing::expect_gradient("input", grad_input, input, [&] {
      unary(context, {.function = function, .input = input.view(), .output = output.view()});
      double loss = 0.0;
      for (std::size_t i = 0; i < output.size(); ++i) loss += output[i] * grad_output[i];
      return loss;
    });
  }
}

TEST(UnaryTest, KeepsNaN) {
  Context context({}, 1);
  Buffer<float> input({1}, {std::numeric_limits<float>::quiet_NaN()});
  for (const UnaryFunction function : kFunctions) {
    Buffer<float> output({1}, {0.0F});
    unary(context, {.function = function, .input = input.view(), .output = output.view()});
    EXPECT_TRUE(std::isnan(output[0]));
  }
}

TEST(UnaryTest, NamesTheOperandThatDoesNotFit) {
  Context context({}, 1);
  Buffer<float> input({3});
  Buffer<float> output({4});
  expect_error("unary: output is [4], expected [3] (as input)",
               [&] { unary(context, {.input = input.view(), .output = output.view()}); });
}

}  // namespace
}  // namespace ebb::kernels
