#include "engine/operations/linear.h"

#include <gtest/gtest.h>

#include "engine/operations/views.h"
#include "tests/engine/support/tensors.h"
#include "tests/kernels/support/expect_error.h"

namespace ebb {
namespace {

using ebb::testing::expect_equal_computations;
using ebb::testing::expect_error;
using ebb::testing::expect_gradients;
using ebb::testing::random_tensor;
using ebb::testing::relative_difference;

struct LinearCase {
  Activation activation;
  float dropout;
  bool bias;
};

class LinearTest : public ::testing::TestWithParam<LinearCase> {
 protected:
  static DropoutSpec dropout() {
    return {.probability = GetParam().dropout, .key = {.seed = 3, .step = 1, .stream = 2}};
  }
  static Tensor bias(std::span<const Tensor> x) { return GetParam().bias ? x[2] : Tensor(); }
  static Tensor fused(const Pass& pass, std::span<const Tensor> x) {
    return linear(pass, x[0], x[1], bias(x), GetParam().activation, dropout());
  }
  static Tensor composed(const Pass& pass, std::span<const Tensor> x) {
    return linear_composed(pass, x[0], x[1], bias(x), GetParam().activation, dropout());
  }
  static std::vector<Tensor> inputs(const Shape& shape, std::int64_t out) {
    std::vector<Tensor> all{random_tensor(shape, 1), random_tensor({out, shape[-1]}, 2)};
    if (GetParam().bias) all.push_back(random_tensor({out}, 3));
    return all;
  }
};

TEST_P(LinearTest, HasRightGradients) { expect_gradients(fused, inputs({2, 3, 5}, 4)); }

TEST_P(LinearTest, EqualsItsComposition) {
  expect_equal_computations(fused, composed, inputs({7, 31, 33}, 17));
  expect_equal_computations(fused, composed, inputs({257, 8}, 1));
}

INSTANTIATE_TEST_SUITE_P(Epilogues, LinearTest,
                         ::testing::Values(LinearCase{Activation::identity, 0.0F, true},
                                           LinearCase{Activation::identity, 0.0F, false},
                                           LinearCase{Activation::relu, 0.0F, true},
                                           LinearCase{Activation::gelu, 0.3F, true},
                                           LinearCase{Activation::silu, 0.0F, false},
                                           LinearCase{Activation::identity, 0.5F, true}));

TEST(LinearOperationTest, NeedsNoGradientOfTheInput) {
  const Tensor input = random_tensor({3, 4}, 1);
  expect_gradients(
      [&](const Pass& pass, std::span<const Tensor> x) { return linear(pass, input, x[0], x[1]); },
      {random_tensor({2, 4}, 2), random_tensor({2}, 3)});
}

TEST(LinearOperationTest, WeightsUsedTwiceReceiveBothGradients) {
  expect_gradients(
      [](const Pass& pass, std::span<const Tensor> x) {
        const Tensor once = linear(pass, x[0], x[1], x[2], Activation::gelu);
        return linear(pass, once, x[1], x[2]);
      },
      {random_tensor({3, 4}, 1), random_tensor({4, 4}, 2), random_tensor({4}, 3)});
}

TEST(MatmulTest, HasRightGradients) {
  const auto product = [](const Pass& pass, std::span<const Tensor> x) {
    return matmul(pass, x[0], x[1]);
  };
  expect_gradients(product, {random_tensor({3, 4}, 1), random_tensor({4, 5}, 2)});
  expect_gradients(product, {random_tensor({2, 2, 3, 4}, 1), random_tensor({2, 2, 4, 1}, 2)});
}

TEST(MatmulTest, TakesTransposedViews) {
  expect_gradients(
      [](const Pass& pass, std::span<const Tensor> x) {
        return matmul(pass, transpose(pass, x[0], 0, 1), transpose(pass, x[1], -1, -2));
      },
      {random_tensor({3, 2, 4}, 1), random_tensor({2, 5, 4}, 2)});
}

TEST(LinearOperationTest, ErrorsNameShapes) {
  Context context({}, 1);
  expect_error("linear: input is [2, 3] and weight is [4, 5], expected [rows, in] and [out, in]",
               [&] {
                 linear({context}, Tensor::zeros({2, 3}), Tensor::zeros({4, 5}), {});
               });
  expect_error("linear: bias is [3], expected [4] ([out])", [&] {
    linear({context}, Tensor::zeros({2, 5}), Tensor::zeros({4, 5}), Tensor::zeros({3}));
  });
  expect_error("matmul: a is [3] and b is [3, 2], expected [..., m, k] and [..., k, n]", [&] {
    matmul({context}, Tensor::zeros({3}), Tensor::zeros({3, 2}));
  });
}

}  // namespace
}  // namespace ebb
