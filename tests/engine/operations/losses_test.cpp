#include "engine/operations/losses.h"

#include <gtest/gtest.h>

#include "engine/operations/elementwise.h"
#include "engine/operations/views.h"
#include "tests/engine/support/tensors.h"
#include "tests/kernels/support/expect_error.h"

namespace ebb {
namespace {

using ebb::testing::expect_equal_computations;
using ebb::testing::expect_error;
using ebb::testing::expect_gradients;
using ebb::testing::random_tensor;

// Values of the dtype of `like`.
Tensor values_like(const Tensor& like, const std::vector<double>& values) {
  const Shape shape{static_cast<std::int64_t>(values.size())};
  if (like.dtype() == DType::f64) return Tensor::from_values(shape, values);
  return Tensor::from_values(shape, std::vector<float>(values.begin(), values.end()));
}

BinaryCrossEntropyOptions plain_options(const Tensor&) { return {}; }

BinaryCrossEntropyOptions all_options(const Tensor& like) {
  return {.sample_weights = values_like(like, {1.0, 2.0, 0.5, 0.0, 3.0, 1.0}),
          .ignored = Tensor::from_values({6}, std::vector<std::uint8_t>{0, 0, 0, 0, 1, 0}),
          .positive_weight = 2.5,
          .label_smoothing = 0.1,
          .focusing = 1.5};
}

BinaryCrossEntropyOptions share_options(const Tensor&) { return {.normalizer = 40.0}; }

TEST(BinaryCrossEntropyOperationTest, EqualsItsCompositionAndFiniteDifferences) {
  for (const auto& options : {plain_options, all_options, share_options}) {
    const auto loss = [&](auto form) {
      return [=](const Pass& pass, std::span<const Tensor> x) {
        const Tensor targets = values_like(x[0], {0, 1, 1, 0, 1, 0.25});
        return form(pass, x[0], targets, options(x[0]));
      };
    };
    const std::vector<Tensor> inputs{random_tensor({6}, 1, DType::f64, 3.0)};
    expect_equal_computations(loss(binary_cross_entropy), loss(binary_cross_entropy_composed),
                              inputs);
    expect_gradients(loss(binary_cross_entropy), inputs);
    expect_gradients(loss(binary_cross_entropy_composed), inputs);
  }
}

TEST(BinaryCrossEntropyOperationTest, TakesAColumnOfLogits) {
  expect_gradients(
      [](const Pass& pass, std::span<const Tensor> x) {
        return binary_cross_entropy(pass, x[0], values_like(x[0], {0, 1, 1}));
      },
      {random_tensor({3, 1}, 1)});
}

TEST(BinaryCrossEntropyOperationTest, ScalesWithWhatFollowsIt) {
  expect_gradients(
      [](const Pass& pass, std::span<const Tensor> x) {
        const Tensor targets = values_like(x[0], {0, 1, 1});
        const Tensor once = binary_cross_entropy(pass, x[0], targets);
        return add(pass, scale(pass, once, -2.5), multiply(pass, once, once));
      },
      {random_tensor({3}, 1)});
}

CrossEntropyOptions class_options(const Tensor& like) {
  return {.class_weights = values_like(like, {1.0, 2.0, 0.5, 0.7}), .label_smoothing = 0.2};
}

TEST(CrossEntropyOperationTest, EqualsItsCompositionAndFiniteDifferences) {
  const Tensor targets = Tensor::from_values({5}, std::vector<std::int32_t>{0, 3, -100, 2, 2});
  for (const bool every_option : {false, true}) {
    const auto loss = [&](auto form) {
      return [=](const Pass& pass, std::span<const Tensor> x) {
        return form(pass, x[0], targets,
                    every_option ? class_options(x[0]) : CrossEntropyOptions{});
      };
    };
    const std::vector<Tensor> inputs{random_tensor({5, 4}, 1, DType::f64, 3.0)};
    expect_equal_computations(loss(cross_entropy), loss(cross_entropy_composed), inputs);
    expect_gradients(loss(cross_entropy), inputs);
    expect_gradients(loss(cross_entropy_composed), inputs);
  }
}

TEST(MeanSquaredErrorOperationTest, EqualsItsCompositionAndFiniteDifferences) {
  const auto loss = [](auto form) {
    return [=](const Pass& pass, std::span<const Tensor> x) {
      return form(pass, x[0], values_like(x[0], {1, -2, 0.5, 3}), 0.0);
    };
  };
  const std::vector<Tensor> inputs{random_tensor({4}, 1)};
  expect_equal_computations(loss(mean_squared_error), loss(mean_squared_error_composed), inputs);
  expect_gradients(loss(mean_squared_error), inputs);
}

TEST(LossesTest, ErrorsNameOperands) {
  Context context({}, 1);
  expect_error("binary_cross_entropy: targets is [2], expected [3] (as logits)",
               [&] { binary_cross_entropy({context}, Tensor::zeros({3}), Tensor::zeros({2})); });
}

}  // namespace
}  // namespace ebb
