#include "kernels/unary/unary.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "kernels/unary/unary_reference.h"
#include "tests/kernels/support/backends.h"
#include "tests/kernels/support/buffer.h"
#include "tests/kernels/support/error_rule.h"
#include "tests/kernels/support/expect_error.h"
#include "tests/kernels/support/finite_differences.h"

namespace ebb::kernels {
namespace {

using ebb::testing::Buffer;
using ebb::testing::converted;
using ebb::testing::expect_error;
using ebb::testing::random_normal;
using ebb::testing::test_device;
using ebb::testing::to_double;

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
  ebb::testing::for_each_storage_backend([]<class T> {
    for (const std::int64_t count : {0, 1, 7, 5000, 5003}) {
      const auto numbers = converted<T>(positive_numbers<float>(count));
      const auto grad_output = random_normal<T>({count}, 2);
      for (const UnaryFunction function : kFunctions) {
        for (const int threads : ebb::testing::kThreadCounts) {
          Context context(test_device(), threads);
          Buffer<T> output({count});
          Buffer<T> grad_input({count});
          unary(context, {.function = function, .input = numbers.view(), .output = output.view()});
          unary_backward(context, {.function = function,
                                   .input = numbers.view(),
                                   .output = output.view(),
                                   .grad_output = grad_output.view(),
                                   .grad_input = grad_input.view()});
          for (std::size_t i = 0; i < output.size(); ++i) {
            const double x = to_double(numbers[i]);
            const double exact = formula(function, x);
            // The result is rounded to T, half a unit in its last place.
            const double ulp = ebb::testing::epsilon_of<T>();
            ASSERT_NEAR(to_double(output[i]), exact, 1.7 * ulp * std::max(1.0, std::fabs(exact)));
            const double slope =
                reference::unary_derivative<double>(function, x, to_double(output[i]));
            const double gradient = slope * to_double(grad_output[i]);
            ASSERT_NEAR(to_double(grad_input[i]), gradient,
                        3 * ulp * std::max(1.0, std::fabs(gradient)));
          }
        }
      }
    }
  });
}

TEST(UnaryTest, TakesMemoryThatIsNotAlignedToAPackAndWorksInPlace) {
  ebb::testing::for_each_storage_backend([]<class T> {
    const auto numbers = converted<T>(positive_numbers<float>(100));
    Context context(test_device(), 1);
    for (const UnaryFunction function : kFunctions) {
      Buffer<T> apart({100});
      unary(context, {.function = function, .input = numbers.view(), .output = apart.view()});
      Buffer<T> values = numbers;
      const View part(values.data() + 1, dtype_of<T>, {98});
      unary(context, {.function = function, .input = part, .output = part});
      EXPECT_EQ(to_double(values[0]), to_double(numbers[0]));
      EXPECT_EQ(to_double(values[99]), to_double(numbers[99]));
      for (std::size_t i = 1; i < 99; ++i) EXPECT_EQ(to_double(values[i]), to_double(apart[i]));
    }
  });
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

TEST(UnaryTest, IsExactAtSpecialValues) {
  ebb::testing::for_each_storage_backend([]<class T> {
    const double infinity = std::numeric_limits<double>::infinity();
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const double inputs[] = {nan, infinity, -infinity, 0.0, -0.0, 1.0, -1.0};
    Buffer<T> input({7});
    for (std::size_t i = 0; i < 7; ++i) input[i] = ebb::testing::to_number<T>(inputs[i]);
    Context context(test_device(), 1);
    for (const UnaryFunction function : kFunctions) {
      Buffer<T> output({7});
      unary(context, {.function = function, .input = input.view(), .output = output.view()});
      for (std::size_t i = 0; i < 7; ++i) {
        const double exact = formula(function, inputs[i]);
        const double got = to_double(output[i]);
        if (std::isnan(exact)) {
          EXPECT_TRUE(std::isnan(got)) << inputs[i];
        } else if (exact == 0.0 || std::isinf(exact)) {
          EXPECT_EQ(got, exact) << inputs[i];
          EXPECT_EQ(std::signbit(got), std::signbit(exact)) << inputs[i];
        }
      }
    }
  });
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
