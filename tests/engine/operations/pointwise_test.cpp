// Activations, softmax and dropout.
#include <cmath>

#include <gtest/gtest.h>

#include "engine/operations/activation.h"
#include "engine/operations/dropout.h"
#include "engine/operations/softmax.h"
#include "tests/engine/support/tensors.h"

namespace ebb {
namespace {

using ebb::testing::expect_gradients;
using ebb::testing::random_tensor;

TEST(ActivationOperationTest, HasRightGradients) {
  using kernels::Activation;
  for (const Activation kind :
       {Activation::identity, Activation::relu, Activation::gelu, Activation::silu}) {
    SCOPED_TRACE(kernels::name_of(kind));
    expect_gradients(
        [=](const Pass& pass, std::span<const Tensor> x) { return activate(pass, x[0], kind); },
        {random_tensor({3, 7}, 1)});
  }
}

TEST(SoftmaxOperationTest, HasRowsOfSumOneAndRightGradients) {
  Context context({}, 1);
  const Tensor output = softmax({context}, random_tensor({3, 5}, 1));
  for (std::size_t row = 0; row < 3; ++row) {
    double total = 0.0;
    for (std::size_t i = 0; i < 5; ++i) total += output.values<double>()[row * 5 + i];
    EXPECT_NEAR(total, 1.0, 1e-15);
  }
  expect_gradients([](const Pass& pass, std::span<const Tensor> x) { return softmax(pass, x[0]); },
                   {random_tensor({2, 3, 5}, 1)});
}

DropoutSpec spec_of(const Pass& pass, const Tensor& like) {
  return pass.dropout(0.4, 3, like.elements() / like.extent(0));
}

TEST(DropoutOperationTest, HasRightGradientsUnderOneMask) {
  expect_gradients(
      [](const Pass& pass, std::span<const Tensor> x) {
        return dropout(pass, x[0], spec_of(pass, x[0]));
      },
      {random_tensor({6, 7}, 1)}, nullptr, {.training = true, .seed = 5, .step = 2});
}

TEST(DropoutOperationTest, DropsTheShareAskedForAndScalesTheRest) {
  Context context({}, 1);
  const Pass pass{context, nullptr, {.training = true, .seed = 1}};
  const Tensor ones = Tensor::full({100, 100}, 1.0);
  const Tensor output = dropout(pass, ones, spec_of(pass, ones));
  int dropped = 0;
  for (const float value : output.values<float>()) {
    if (value == 0.0F) {
      ++dropped;
    } else {
      EXPECT_NEAR(value, 1.0 / 0.6, 1e-4);
    }
  }
  EXPECT_NEAR(dropped, 4000, 4 * std::sqrt(10000 * 0.4 * 0.6));
}

TEST(DropoutOperationTest, IsTheIdentityOutsideOfTraining) {
  Context context({}, 1);
  const Pass pass{context};
  const Tensor ones = Tensor::full({4}, 1.0);
  EXPECT_EQ(dropout(pass, ones, spec_of(pass, ones)).view().data, ones.view().data);
}

TEST(DropoutOperationTest, MasksDifferByStepStreamAndRow) {
  Context context({}, 1);
  const Tensor ones = Tensor::full({8, 8}, 1.0);
  const auto mask = [&](std::uint32_t step, std::uint32_t stream, std::int64_t first_row) {
    const Pass pass{context, nullptr, {.training = true, .seed = 1, .step = step}, first_row};
    return dropout(pass, ones, pass.dropout(0.5, stream, 8));
  };
  const Tensor first = mask(0, 0, 0);
  EXPECT_TRUE(ebb::testing::same_bits(first, mask(0, 0, 0)));
  EXPECT_FALSE(ebb::testing::same_bits(first, mask(1, 0, 0)));
  EXPECT_FALSE(ebb::testing::same_bits(first, mask(0, 1, 0)));
  // A shard that starts at row 3 draws the rows from 3 on of the whole batch's mask.
  EXPECT_TRUE(ebb::testing::same_bits(first.slice(0, 3, 5), mask(0, 0, 3).slice(0, 0, 5)));
}

}  // namespace
}  // namespace ebb
