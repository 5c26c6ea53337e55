#include "engine/operations/unary.h"

#include <gtest/gtest.h>

#include "tests/engine/support/tensors.h"

namespace ebb {
namespace {

using ebb::testing::expect_gradients;

TEST(UnaryTest, HasRightValuesAndGradients) {
  Context context({}, 1);
  const Tensor x = Tensor::from_values({3}, std::vector<double>{0.5, 1.0, 4.0});
  EXPECT_DOUBLE_EQ(exp({context}, x).values<double>()[1], 2.718281828459045);
  EXPECT_DOUBLE_EQ(log({context}, x).values<double>()[2], 1.3862943611198906);
  EXPECT_DOUBLE_EQ(sqrt({context}, x).values<double>()[2], 2.0);
  EXPECT_DOUBLE_EQ(reciprocal({context}, x).values<double>()[0], 2.0);
  for (Tensor (*function)(const Pass&, const Tensor&) : {exp, log, sqrt, reciprocal}) {
    expect_gradients(
        [&](const Pass& pass, std::span<const Tensor> inputs) { return function(pass, inputs[0]); },
        {x});
  }
}

}  // namespace
}  // namespace ebb
