// The two encodings of number features.
#include <gtest/gtest.h>

#include "engine/operations/linear.h"
#include "engine/operations/periodic_encoding.h"
#include "engine/operations/piecewise_linear_encoding.h"
#include "engine/operations/views.h"
#include "tests/engine/support/tensors.h"
#include "tests/kernels/support/expect_error.h"

namespace ebb {
namespace {

using ebb::testing::expect_error;
using ebb::testing::expect_gradients;
using ebb::testing::random_tensor;

const Tensor kEdges =
    Tensor::from_values({2, 4}, std::vector<double>{-1.0, -0.2, 0.4, 1.5, 0.0, 0.5, 0.0, 0.0});
const Tensor kCounts = Tensor::from_values({2}, std::vector<std::int32_t>{3, 1});

Tensor encode(const Pass& pass, std::span<const Tensor> x) {
  return piecewise_linear_encoding(pass, x[0], kEdges, kCounts);
}

TEST(PiecewiseLinearEncodingOperationTest, HasRightGradients) {
  expect_gradients(encode, {random_tensor({9, 2}, 1)});
}

TEST(PiecewiseLinearEncodingOperationTest, FeedsAProductPerFeature) {
  expect_gradients(
      [](const Pass& pass, std::span<const Tensor> x) {
        const Tensor by_feature = transpose(pass, encode(pass, x), 0, 1);
        return matmul(pass, by_feature, x[1]);
      },
      {random_tensor({5, 2}, 1), random_tensor({2, 5, 4}, 2)});
}

TEST(PeriodicEncodingOperationTest, HasRightGradients) {
  expect_gradients([](const Pass& pass,
                      std::span<const Tensor> x) { return periodic_encoding(pass, x[0], x[1]); },
                   {random_tensor({5, 3}, 1), random_tensor({3, 4}, 2)});
}

TEST(PeriodicEncodingOperationTest, EitherInputMayBeConstant) {
  const Tensor numbers = random_tensor({5, 3}, 1);
  const Tensor frequencies = random_tensor({3, 4}, 2);
  expect_gradients(
      [&](const Pass& pass, std::span<const Tensor> x) {
        return periodic_encoding(pass, numbers, x[0]);
      },
      {frequencies});
  expect_gradients(
      [&](const Pass& pass, std::span<const Tensor> x) {
        return periodic_encoding(pass, x[0], frequencies);
      },
      {numbers});
}

TEST(NumberEncodingTest, ErrorsNameShapes) {
  Context context({}, 1);
  expect_error(
      "periodic_encoding: input is [3] and frequencies are [3, 2], expected [rows, features] and "
      "[features, k]",
      [&] {
        periodic_encoding({context}, Tensor::zeros({3}), Tensor::zeros({3, 2}));
      });
  expect_error(
      "piecewise_linear_encoding: edges is [2, 4], expected [3, 4] ([features, bins + 1])", [&] {
        piecewise_linear_encoding({context}, Tensor::zeros({5, 3}, DType::f64), kEdges, kCounts);
      });
}

}  // namespace
}  // namespace ebb
