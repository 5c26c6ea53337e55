#include "engine/operations/reduce.h"

#include <gtest/gtest.h>

#include "tests/engine/support/tensors.h"
#include "tests/kernels/support/expect_error.h"

namespace ebb {
namespace {

using ebb::testing::expect_error;
using ebb::testing::expect_gradients;
using ebb::testing::random_tensor;
using ebb::testing::relative_difference;

TEST(ReduceTest, SumsEachDimension) {
  Context context({}, 1);
  const Tensor x = Tensor::from_values({2, 3}, std::vector<double>{1, 2, 3, 4, 5, 6});
  EXPECT_EQ(sum({context}, x).item(), 21.0);
  EXPECT_EQ(mean({context}, x).item(), 3.5);
  const Tensor rows = Tensor::from_values({3}, std::vector<double>{5, 7, 9});
  const Tensor columns = Tensor::from_values({2}, std::vector<double>{2, 5});
  EXPECT_EQ(relative_difference(sum({context}, x, 0), rows), 0.0);
  EXPECT_EQ(relative_difference(mean({context}, x, -1), columns), 0.0);
}

TEST(ReduceTest, HasRightGradients) {
  const std::vector<Tensor> inputs{random_tensor({2, 3, 4}, 1)};
  expect_gradients([](const Pass& pass, std::span<const Tensor> x) { return sum(pass, x[0]); },
                   inputs);
  expect_gradients([](const Pass& pass, std::span<const Tensor> x) { return mean(pass, x[0]); },
                   inputs);
  for (int dimension = -3; dimension < 3; ++dimension) {
    SCOPED_TRACE(dimension);
    expect_gradients(
        [=](const Pass& pass, std::span<const Tensor> x) { return sum(pass, x[0], dimension); },
        inputs);
    expect_gradients(
        [=](const Pass& pass, std::span<const Tensor> x) { return mean(pass, x[0], dimension); },
        inputs);
  }
}

TEST(ReduceTest, RepeatsAlongANewDimension) {
  Context context({}, 1);
  const Tensor x = Tensor::from_values({2}, std::vector<double>{1, 2});
  const Tensor rows = Tensor::from_values({3, 2}, std::vector<double>{1, 2, 1, 2, 1, 2});
  const Tensor columns = Tensor::from_values({2, 3}, std::vector<double>{1, 1, 1, 2, 2, 2});
  EXPECT_EQ(relative_difference(repeat({context}, x, 0, 3), rows), 0.0);
  EXPECT_EQ(relative_difference(repeat({context}, x, -1, 3), columns), 0.0);
}

TEST(ReduceTest, RepetitionHasRightGradients) {
  for (int dimension = -3; dimension < 3; ++dimension) {
    expect_gradients([=](const Pass& pass,
                         std::span<const Tensor> x) { return repeat(pass, x[0], dimension, 5); },
                     {random_tensor({2, 3}, 1)});
  }
}

TEST(ReduceTest, RefusesDimensionsThatDoNotExist) {
  Context context({}, 1);
  expect_error("sum: dimension 2 is outside of [-2, 2) for input [2, 3]", [&] {
    sum({context}, Tensor::zeros({2, 3}), 2);
  });
  expect_error("repeat: dimension -4 is outside of [-3, 3) for input [2, 3]", [&] {
    repeat({context}, Tensor::zeros({2, 3}), -4, 2);
  });
}

}  // namespace
}  // namespace ebb
