#include "engine/operations/elementwise.h"

#include <gtest/gtest.h>

#include "tests/engine/support/tensors.h"
#include "tests/kernels/support/expect_error.h"

namespace ebb {
namespace {

using ebb::testing::element;
using ebb::testing::expect_error;
using ebb::testing::expect_gradients;
using ebb::testing::random_tensor;

using Binary = Tensor (*)(const Pass&, const Tensor&, const Tensor&);

struct ElementwiseCase {
  Binary operation;
  double (*formula)(double, double);
};

const ElementwiseCase kCases[] = {{add, [](double a, double b) { return a + b; }},
                                  {subtract, [](double a, double b) { return a - b; }},
                                  {multiply, [](double a, double b) { return a * b; }}};

// The second operand's shape beside a first one of [2, 3, 4].
const Shape kSecondShapes[] = {{2, 3, 4}, {3, 4}, {4}, {}};

TEST(ElementwiseTest, FollowsTheFormulaAndRepeatsTheSecondOperand) {
  Context context({}, 1);
  for (const DType dtype : {DType::f32, DType::f64}) {
    const Tensor a = random_tensor({2, 3, 4}, 1, dtype);
    for (const Shape& shape : kSecondShapes) {
      const Tensor b = random_tensor(shape, 2, dtype);
      for (const ElementwiseCase& c : kCases) {
        const Tensor output = c.operation({context}, a, b);
        for (std::int64_t i = 0; i < a.elements(); ++i) {
          const double expected = c.formula(element(a, i), element(b, i % b.elements()));
          ASSERT_NEAR(element(output, i), expected, 1e-6) << to_string(shape);
        }
      }
    }
  }
}

TEST(ElementwiseTest, HasRightGradients) {
  for (const Shape& shape : kSecondShapes) {
    SCOPED_TRACE(to_string(shape));
    for (const ElementwiseCase& c : kCases) {
      expect_gradients([&](const Pass& pass,
                           std::span<const Tensor> x) { return c.operation(pass, x[0], x[1]); },
                       {random_tensor({2, 3, 4}, 1), random_tensor(shape, 2)});
    }
  }
}

TEST(ElementwiseTest, HasRightGradientsWhereOneOperandIsConstant) {
  const Tensor constant = random_tensor({3, 4}, 2);
  for (const ElementwiseCase& c : kCases) {
    expect_gradients([&](const Pass& pass,
                         std::span<const Tensor> x) { return c.operation(pass, x[0], constant); },
                     {random_tensor({3, 4}, 1)});
    expect_gradients([&](const Pass& pass,
                         std::span<const Tensor> x) { return c.operation(pass, constant, x[0]); },
                     {random_tensor({4}, 1)});
  }
}

TEST(ElementwiseTest, HasRightGradientsOfATensorWithItself) {
  for (const ElementwiseCase& c : kCases) {
    expect_gradients(
        [&](const Pass& pass, std::span<const Tensor> x) { return c.operation(pass, x[0], x[0]); },
        {random_tensor({5}, 1)});
  }
}

TEST(ElementwiseTest, Scales) {
  Context context({}, 1);
  EXPECT_EQ(scale({context}, Tensor::full({2}, 3.0), -0.5).values<float>()[1], -1.5F);
  expect_gradients(
      [](const Pass& pass, std::span<const Tensor> x) { return scale(pass, x[0], -2.5); },
      {random_tensor({7}, 1)});
}

TEST(ElementwiseTest, RefusesShapesThatDoNotFit) {
  Context context({}, 1);
  expect_error("add: second is [2], expected the shape of first, [2, 3], or its last dimensions",
               [&] {
                 add({context}, Tensor::zeros({2, 3}), Tensor::zeros({2}));
               });
}

}  // namespace
}  // namespace ebb
