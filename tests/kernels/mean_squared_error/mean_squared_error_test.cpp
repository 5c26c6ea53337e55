#include "kernels/mean_squared_error/mean_squared_error.h"

#include <limits>

#include <gtest/gtest.h>

#include "kernels/mean_squared_error/mean_squared_error_reference.h"
#include "tests/kernels/support/backends.h"
#include "tests/kernels/support/buffer.h"
#include "tests/kernels/support/error_rule.h"
#include "tests/kernels/support/finite_differences.h"

namespace ebb::kernels {
namespace {

using ebb::testing::Buffer;
using ebb::testing::expect_same_bits;
using ebb::testing::expect_within;
using ebb::testing::kForwardRule;
using ebb::testing::kGradientRule;
using ebb::testing::random_normal;
using ebb::testing::Statistic;
using ebb::testing::test_device;

template <class T>
struct Operands {
  explicit Operands(const Shape& shape)
      : prediction(random_normal<T>(shape, 1)), target(random_normal<T>(shape, 2)) {}

  MeanSquaredError parameters() {
    return {.prediction = prediction.view(),
            .target = target.view(),
            .loss = loss.view(),
            .grad_prediction = grad.view()};
  }

  Buffer<T> prediction, target;
  Buffer<Statistic<T>> loss{Shape{}};
  Buffer<T> grad{prediction.shape()};
};

template <class T>
void run_kernel(Operands<T>& operands, int threads) {
  Context context(test_device(), threads);
  mean_squared_error(context, operands.parameters());
}

class MeanSquaredErrorTest : public ::testing::TestWithParam<Shape> {};

TEST_P(MeanSquaredErrorTest, FollowsTheErrorRuleOnEveryBackend) {
  ebb::testing::for_each_storage_backend([]<class T> {
    Operands<double> oracle(GetParam());
    Operands<float> naive(GetParam());
    reference::mean_squared_error<double>(oracle.parameters());
    reference::mean_squared_error<float>(naive.parameters());
    Operands<T> actual(GetParam());
    run_kernel(actual, 2);
    expect_within("loss", actual.loss, naive.loss, oracle.loss, kForwardRule);
    expect_within("grad_prediction", actual.grad, naive.grad, oracle.grad, kGradientRule);
  });
}

TEST_P(MeanSquaredErrorTest, HasEqualBitsForAnyNumberOfThreadsAndEveryTime) {
  ebb::testing::for_each_storage_backend([]<class T> {
    Operands<T> first(GetParam());
    run_kernel(first, 1);
    for (const int threads : ebb::testing::kThreadCounts) {
      Operands<T> other(GetParam());
      run_kernel(other, threads);
      expect_same_bits("loss", first.loss, other.loss);
      expect_same_bits("grad_prediction", first.grad, other.grad);
      if (test_device().is_cuda()) break;  // threads mean nothing there
    }
  });
}

INSTANTIATE_TEST_SUITE_P(Shapes, MeanSquaredErrorTest,
                         ::testing::Values(Shape{}, Shape{1}, Shape{7}, Shape{31, 3}, Shape{33},
                                           Shape{257, 2}, Shape{500, 7, 31}));

TEST(MeanSquaredErrorTest, HasTheGradientOfItsFiniteDifferences) {
  if (test_device().is_cuda()) GTEST_SKIP() << "f64 is the CPU's";
  Operands<double> operands({3, 5});
  Context context(test_device(), 1);
  const auto loss = [&] {
    mean_squared_error(context, operands.parameters());
    return operands.loss[0];
  };
  loss();
  const Buffer<double> gradient = operands.grad;
  ebb::testing::expect_gradient("grad_prediction", gradient, operands.prediction, loss);
}

TEST(MeanSquaredErrorTest, DividesByTheNormalizerGiven) {
  Buffer<float> prediction({2}, {1.0F, 5.0F});
  Buffer<float> target({2}, {0.0F, 2.0F});
  Buffer<float> loss{Shape{}};
  Buffer<float> grad({2});
  Context context(test_device(), 1);
  mean_squared_error(context, {.prediction = prediction.view(),
                               .target = target.view(),
                               .normalizer = 4.0,
                               .loss = loss.view(),
                               .grad_prediction = grad.view()});
  EXPECT_EQ(loss[0], 2.5F);
  EXPECT_EQ(grad[0], 0.5F);
  EXPECT_EQ(grad[1], 1.5F);
}

TEST(MeanSquaredErrorTest, KeepsNaNAndHandlesNoElements) {
  Operands<float> operands({9});
  operands.prediction[4] = std::numeric_limits<float>::quiet_NaN();
  run_kernel(operands, 1);
  EXPECT_TRUE(std::isnan(operands.loss[0]));
  for (std::size_t i = 0; i < 9; ++i) EXPECT_EQ(std::isnan(operands.grad[i]), i == 4);

  Operands<float> empty({0, 3});
  run_kernel(empty, 1);
  EXPECT_EQ(empty.loss[0], 0.0F);
}

TEST(MeanSquaredErrorTest, NamesTheOperandThatDoesNotFit) {
  Operands<float> operands({9});
  Buffer<float> shorter({8});
  Context context(test_device(), 1);
  MeanSquaredError p = operands.parameters();
  p.target = shorter.view();
  try {
    mean_squared_error(context, p);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "mean_squared_error: target is [8], expected [9] (as prediction)");
  }
}

}  // namespace
}  // namespace ebb::kernels
