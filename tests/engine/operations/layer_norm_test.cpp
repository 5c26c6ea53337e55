#include "engine/operations/layer_norm.h"

#include <array>

#include <gtest/gtest.h>

#include "engine/operations/dropout.h"
#include "engine/operations/elementwise.h"
#include "engine/operations/views.h"
#include "tests/engine/support/tensors.h"

namespace ebb {
namespace {

using ebb::testing::expect_equal_computations;
using ebb::testing::expect_gradients;
using ebb::testing::random_tensor;

const DropoutSpec kDropout{.probability = 0.3F, .key = {.seed = 3, .step = 1, .stream = 2}};

Tensor fused(const Pass& pass, std::span<const Tensor> x) {
  return layer_norm(pass, x[0], x[1], x[2]);
}

Tensor composed(const Pass& pass, std::span<const Tensor> x) {
  return layer_norm_composed(pass, x[0], x[1], x[2]);
}

// Both results side by side, so that both gradients flow.
Tensor both(const Pass& pass, const ResidualNorm& stream) {
  const std::array<Tensor, 2> parts{stream.sum, stream.output};
  return concat(pass, parts, 0);
}

Tensor fused_residual(const Pass& pass, std::span<const Tensor> x, const DropoutSpec& spec) {
  return both(pass, add_layer_norm(pass, x[0], x[1], x[2], x[3], spec));
}

Tensor composed_residual(const Pass& pass, std::span<const Tensor> x, const DropoutSpec& spec) {
  const Tensor sum = add(pass, x[0], dropout(pass, x[1], spec));
  return both(pass, {sum, layer_norm_composed(pass, sum, x[2], x[3])});
}

std::vector<Tensor> inputs(const Shape& shape, int terms) {
  std::vector<Tensor> all;
  for (int i = 0; i < terms; ++i)
    all.push_back(random_tensor(shape, 10 + static_cast<std::uint64_t>(i)));
  all.push_back(random_tensor({shape[-1]}, 2));
  all.push_back(random_tensor({shape[-1]}, 3));
  return all;
}

TEST(LayerNormOperationTest, HasRightGradients) { expect_gradients(fused, inputs({2, 3, 5}, 1)); }

TEST(LayerNormOperationTest, EqualsItsComposition) {
  expect_equal_computations(fused, composed, inputs({7, 33}, 1));
  expect_equal_computations(fused, composed, inputs({3, 31, 64}, 1));
}

TEST(LayerNormOperationTest, ResidualFormHasRightGradients) {
  for (const DropoutSpec& spec : {DropoutSpec{}, kDropout}) {
    expect_gradients(
        [&](const Pass& pass, std::span<const Tensor> x) { return fused_residual(pass, x, spec); },
        inputs({4, 5}, 2));
  }
}

TEST(LayerNormOperationTest, ResidualFormEqualsItsComposition) {
  for (const DropoutSpec& spec : {DropoutSpec{}, kDropout}) {
    expect_equal_computations(
        [&](const Pass& pass, std::span<const Tensor> x) { return fused_residual(pass, x, spec); },
        [&](const Pass& pass, std::span<const Tensor> x) {
          return composed_residual(pass, x, spec);
        },
        inputs({31, 33}, 2));
  }
}

TEST(LayerNormOperationTest, EitherResultMayGoUnused) {
  expect_gradients(
      [](const Pass& pass, std::span<const Tensor> x) {
        return add_layer_norm(pass, x[0], x[1], x[2], x[3], kDropout).sum;
      },
      inputs({4, 5}, 2));
  expect_gradients(
      [](const Pass& pass, std::span<const Tensor> x) {
        return add_layer_norm(pass, x[0], x[1], x[2], x[3], kDropout).output;
      },
      inputs({4, 5}, 2));
}

TEST(LayerNormOperationTest, ParametersMayBeConstantOrShared) {
  const Tensor gamma = random_tensor({5}, 2);
  const Tensor beta = random_tensor({5}, 3);
  expect_gradients([&](const Pass& pass,
                       std::span<const Tensor> x) { return layer_norm(pass, x[0], gamma, beta); },
                   {random_tensor({4, 5}, 1)});
  // gamma alone is wanted, and it has a gradient already when the second use adds to it.
  expect_gradients(
      [&](const Pass& pass, std::span<const Tensor> x) {
        return multiply(pass, layer_norm(pass, x[0], x[1], beta), x[1]);
      },
      {random_tensor({4, 5}, 1), gamma});
}

TEST(LayerNormOperationTest, ResidualMayBeTheInput) {
  expect_gradients(
      [](const Pass& pass, std::span<const Tensor> x) {
        return both(pass, add_layer_norm(pass, x[0], x[0], x[1], x[2], {}));
      },
      inputs({4, 5}, 1));
}

}  // namespace
}  // namespace ebb
