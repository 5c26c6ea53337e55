#include "engine/operations/views.h"

#include <array>

#include <gtest/gtest.h>

#include "engine/operations/elementwise.h"
#include "engine/operations/reduce.h"
#include "tests/engine/support/tensors.h"
#include "tests/kernels/support/expect_error.h"

namespace ebb {
namespace {

using ebb::testing::expect_error;
using ebb::testing::expect_gradients;
using ebb::testing::random_tensor;
using ebb::testing::relative_difference;

TEST(ViewsTest, ViewsCopyNothing) {
  Context context({}, 1);
  const Tensor x = random_tensor({2, 3, 4}, 1);
  const Pass pass{context};
  EXPECT_EQ(reshape(pass, x, {6, 4}).view().data, x.view().data);
  EXPECT_EQ(transpose(pass, x, 0, 2).view().data, x.view().data);
  EXPECT_EQ(slice(pass, x, 0, 0, 1).view().data, x.view().data);
  EXPECT_EQ(contiguous(pass, x).view().data, x.view().data);
}

TEST(ViewsTest, HaveRightGradients) {
  const std::vector<Tensor> inputs{random_tensor({2, 3, 4}, 1)};
  expect_gradients(
      [](const Pass& pass, std::span<const Tensor> x) {
        return reshape(pass, x[0], {4, 6});
      },
      inputs);
  for (const auto& [first, second] : {std::pair{0, 1}, {0, 2}, {1, -1}, {1, 1}}) {
    expect_gradients(
        [first, second](const Pass& pass, std::span<const Tensor> x) {
          return contiguous(pass, transpose(pass, x[0], first, second));
        },
        inputs);
  }
  for (int dimension = -3; dimension < 3; ++dimension) {
    expect_gradients(
        [=](const Pass& pass, std::span<const Tensor> x) {
          return contiguous(pass, slice(pass, x[0], dimension, 1, 1));
        },
        inputs);
  }
}

TEST(ViewsTest, OverlappingSlicesAddTheirGradients) {
  expect_gradients(
      [](const Pass& pass, std::span<const Tensor> x) {
        const Tensor left = contiguous(pass, slice(pass, x[0], 1, 0, 3));
        const Tensor right = contiguous(pass, slice(pass, x[0], 1, 2, 3));
        return multiply(pass, left, right);
      },
      {random_tensor({2, 5}, 1)});
}

TEST(ViewsTest, ConcatenatesAlongEachDimension) {
  Context context({}, 1);
  const std::array<Tensor, 2> parts{Tensor::from_values({2, 1}, std::vector<double>{1, 4}),
                                    Tensor::from_values({2, 2}, std::vector<double>{2, 3, 5, 6})};
  const Tensor expected = Tensor::from_values({2, 3}, std::vector<double>{1, 2, 3, 4, 5, 6});
  EXPECT_EQ(relative_difference(concat({context}, parts, 1), expected), 0.0);
  const std::array<Tensor, 2> rows{expected.slice(0, 0, 1), expected.slice(0, 1, 1)};
  EXPECT_EQ(relative_difference(concat({context}, rows, -2), expected), 0.0);
}

TEST(ViewsTest, ConcatenationHasRightGradients) {
  for (int dimension = -3; dimension < 3; ++dimension) {
    SCOPED_TRACE(dimension);
    Shape longer{2, 3, 4};
    longer[dimension] += 2;
    expect_gradients(
        [=](const Pass& pass, std::span<const Tensor> x) { return concat(pass, x, dimension); },
        {random_tensor({2, 3, 4}, 1), random_tensor(longer, 2), random_tensor({2, 3, 4}, 3)});
  }
}

TEST(ViewsTest, ConcatenatesATensorWithItselfAndWithConstants) {
  const Tensor constant = random_tensor({2, 2}, 9);
  expect_gradients(
      [&](const Pass& pass, std::span<const Tensor> x) {
        const std::array<Tensor, 3> parts{x[0], constant, x[0]};
        return concat(pass, parts, 1);
      },
      {random_tensor({2, 3}, 1)});
}

TEST(ViewsTest, ConcatenationUsedTwiceGivesBothGradients) {
  expect_gradients(
      [](const Pass& pass, std::span<const Tensor> x) {
        const Tensor joined = concat(pass, x, 0);
        return multiply(pass, joined, add(pass, joined, joined));
      },
      {random_tensor({2, 3}, 1), random_tensor({1, 3}, 2)});
}

TEST(ViewsTest, RefusesTensorsThatDoNotJoin) {
  Context context({}, 1);
  const std::array<Tensor, 2> parts{Tensor::zeros({2, 3}), Tensor::zeros({3, 3})};
  expect_error("concat: f32 [3, 3] cannot follow f32 [2, 3] along dimension 1",
               [&] { concat({context}, parts, 1); });
  expect_error("concat: dimension 2 is outside of [2, 3]", [&] { concat({context}, parts, 2); });
  expect_error("concat: no tensors given", [&] { concat({context}, {}, 0); });
}

}  // namespace
}  // namespace ebb
