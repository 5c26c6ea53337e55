#include "engine/operations/embedding.h"

#include <gtest/gtest.h>

#include "engine/operations/elementwise.h"
#include "tests/engine/support/tensors.h"
#include "tests/kernels/support/expect_error.h"

namespace ebb {
namespace {

using ebb::testing::expect_error;
using ebb::testing::expect_gradients;
using ebb::testing::random_tensor;

const Tensor kIndices = Tensor::from_values({2, 3}, std::vector<std::int32_t>{4, 0, 4, 1, 4, 0});

TEST(EmbeddingOperationTest, LooksRowsUp) {
  Context context({}, 1);
  const Tensor table = random_tensor({5, 3}, 1, DType::f32);
  const Tensor output = embedding({context}, table, kIndices);
  EXPECT_EQ(output.shape(), (Shape{2, 3, 3}));
  for (std::size_t i = 0; i < 18; ++i) {
    const auto row = static_cast<std::size_t>(kIndices.values<std::int32_t>()[i / 3]);
    EXPECT_EQ(output.values<float>()[i], table.values<float>()[row * 3 + i % 3]);
  }
}

TEST(EmbeddingOperationTest, HasRightGradients) {
  expect_gradients(
      [](const Pass& pass, std::span<const Tensor> x) { return embedding(pass, x[0], kIndices); },
      {random_tensor({5, 3}, 1)});
  // The table is used twice: the second gradient is added to the first.
  expect_gradients(
      [](const Pass& pass, std::span<const Tensor> x) {
        const Tensor rows = embedding(pass, x[0], kIndices);
        return multiply(pass, rows, embedding(pass, x[0], kIndices));
      },
      {random_tensor({5, 3}, 1)});
}

TEST(EmbeddingOperationTest, RefusesAnIndexOutsideOfTheTable) {
  Context context({}, 1);
  EXPECT_THROW(embedding({context}, Tensor::zeros({4, 3}), kIndices), Error);
  expect_error("embedding: table is [4], expected [count, dim]",
               [&] { embedding({context}, Tensor::zeros({4}), kIndices); });
}

}  // namespace
}  // namespace ebb
