#include "engine/autograd/gradient_check.h"

#include <gtest/gtest.h>

#include "engine/modules/linear.h"
#include "engine/operations/elementwise.h"
#include "engine/operations/unary.h"
#include "tests/engine/support/tensors.h"
#include "tests/kernels/support/expect_error.h"

namespace ebb {
namespace {

using ebb::testing::expect_error;
using ebb::testing::random_tensor;

// input^2, whose recorded gradient is `wrong` times the true one.
Tensor squared(const Pass& pass, const Tensor& input, double wrong) {
  const Tensor detached = input.with_slot({});
  const Tensor output = multiply({pass.context}, detached, detached);
  if (!pass.records(input)) return output;
  const Tensor recorded = pass.tape->attach(output);
  pass.tape->record("squared", [input, wrong, slot = recorded.slot()](Tape& tape) {
    const Pass plain{tape.context()};
    const Tensor gradient = multiply(plain, tape.take(slot), input.with_slot({}));
    tape.add(input.slot(), scale(plain, gradient, 2.0 * wrong));
  });
  return recorded;
}

GradientCheck check_squared(double wrong) {
  Context context({}, 1);
  const std::vector<Tensor> inputs{random_tensor({3, 5}, 1)};
  return check_gradients(
      context,
      [&](const Pass& pass, std::span<const Tensor> x) { return squared(pass, x[0], wrong); },
      inputs);
}

TEST(GradientCheckTest, PassesARightGradient) {
  const GradientCheck check = check_squared(1.0);
  EXPECT_EQ(check.failure, "");
  EXPECT_EQ(check.checked, 15);
  EXPECT_LT(check.largest_error, 1e-9);
}

TEST(GradientCheckTest, CatchesASlightlyWrongGradient) {
  const GradientCheck check = check_squared(1.0 + 1e-6);
  EXPECT_NE(check.failure.find("input 0["), std::string::npos) << check.failure;
  EXPECT_NE(check.failure.find("finite differences give"), std::string::npos);
}

TEST(GradientCheckTest, CatchesNaN) {
  EXPECT_NE(check_squared(std::numeric_limits<double>::quiet_NaN()).failure, "");
}

TEST(GradientCheckTest, CatchesAGradientThatWasForgotten) {
  Context context({}, 1);
  const std::vector<Tensor> inputs{random_tensor({2}, 1)};
  const GradientCheck check = check_gradients(
      context,
      [](const Pass& pass, std::span<const Tensor> x) {
        return add(pass, x[0], exp(pass, x[0].with_slot({})));
      },
      inputs);
  EXPECT_NE(check.failure, "");
}

TEST(GradientCheckTest, ChecksParametersAndPutsThemBack) {
  ParameterSet parameters(DType::f64);
  const Linear layer(Scope(parameters), 3, 2);
  parameters.initialize(5);
  Context context({}, 1);
  const Tensor before = scale({context}, parameters.buffer(), 1.0);
  const std::vector<Tensor> inputs{random_tensor({4, 3}, 1)};
  const GradientCheck check = check_gradients(
      context,
      [&](const Pass& pass, std::span<const Tensor> x) { return layer.forward(pass, x[0]); },
      inputs, &parameters);
  EXPECT_EQ(check.failure, "");
  EXPECT_EQ(check.checked, 12 + 6 + 2);
  EXPECT_TRUE(ebb::testing::same_bits(parameters.buffer(), before));
}

TEST(GradientCheckTest, WantsDoublePrecision) {
  Context context({}, 1);
  const std::vector<Tensor> inputs{Tensor::zeros({2}, DType::f32)};
  expect_error("check_gradients: input 0 must be a contiguous f64 tensor", [&] {
    static_cast<void>(check_gradients(
        context, [](const Pass&, std::span<const Tensor> x) { return x[0]; }, inputs));
  });
}

}  // namespace
}  // namespace ebb
