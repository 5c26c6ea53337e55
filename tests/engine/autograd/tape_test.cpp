#include "engine/autograd/tape.h"

#include <thread>

#include <gtest/gtest.h>

#include "engine/modules/linear.h"
#include "engine/operations/elementwise.h"
#include "engine/operations/reduce.h"
#include "engine/operations/views.h"
#include "tests/engine/support/tensors.h"
#include "tests/kernels/support/expect_error.h"

namespace ebb {
namespace {

using ebb::testing::expect_error;
using ebb::testing::random_tensor;
using ebb::testing::relative_difference;
using ebb::testing::same_bits;

class TapeTest : public ::testing::Test {
 protected:
  Pass pass(Tape& tape) { return {context, &tape}; }

  Context context{{}, 1};
};

TEST_F(TapeTest, FindsTheGradientOfAWatchedTensor) {
  Tape tape(context);
  const Tensor x = tape.watch(Tensor::full({3}, 2.0, DType::f64));
  tape.backward(sum(pass(tape), multiply(pass(tape), x, x)));
  for (const double g : tape.gradient(x).values<double>()) EXPECT_EQ(g, 4.0);
}

TEST_F(TapeTest, ScalesByTheUpstreamGradient) {
  Tape tape(context);
  const Tensor x = tape.watch(Tensor::full({2}, 1.0, DType::f64));
  tape.backward(sum(pass(tape), x), -3.0);
  for (const double g : tape.gradient(x).values<double>()) EXPECT_EQ(g, -3.0);
}

TEST_F(TapeTest, RecordsNothingThatNoGradientReaches) {
  Tape tape(context);
  const Tensor x = Tensor::full({2}, 1.0);
  const Tensor y = multiply(pass(tape), x, x);
  EXPECT_FALSE(y.slot());
  EXPECT_FALSE(add({context}, tape.watch(x), x).slot()) << "a pass without a tape recorded";
}

TEST_F(TapeTest, LeavesAnUnreachedTensorWithoutAGradient) {
  Tape tape(context);
  const Tensor x = tape.watch(Tensor::full({2}, 1.0));
  const Tensor unused = tape.watch(Tensor::full({2}, 1.0));
  tape.backward(sum(pass(tape), x));
  EXPECT_FALSE(tape.gradient(unused).defined());
}

// Both inputs of an addition receive the very same gradient tensor; what one of them receives later
// must not show in the other.
TEST_F(TapeTest, AccumulatesWithoutTouchingSharedGradients) {
  Tape tape(context);
  const Tensor a = tape.watch(Tensor::full({2}, 1.0, DType::f64));
  const Tensor b = tape.watch(Tensor::full({2}, 1.0, DType::f64));
  const Tensor tripled = scale(pass(tape), a, 3.0);
  tape.backward(sum(pass(tape), add(pass(tape), add(pass(tape), a, b), tripled)));
  for (const double g : tape.gradient(a).values<double>()) EXPECT_EQ(g, 4.0);
  for (const double g : tape.gradient(b).values<double>()) EXPECT_EQ(g, 1.0);
}

TEST_F(TapeTest, AccumulatesATensorUsedTwiceByOneOperation) {
  Tape tape(context);
  const Tensor x = tape.watch(Tensor::full({2}, 5.0, DType::f64));
  const Tensor twice = add(pass(tape), x, x);
  tape.backward(
      sum(pass(tape), subtract(pass(tape), add(pass(tape), twice, x), scale(pass(tape), x, 0.5))));
  for (const double g : tape.gradient(x).values<double>()) EXPECT_EQ(g, 2.5);
}

TEST_F(TapeTest, AccumulatesThroughViewsOfOneGradient) {
  Tape tape(context);
  const Tensor x = tape.watch(Tensor::full({2, 3}, 1.0, DType::f64));
  const Tensor flat = reshape(pass(tape), x, {6});
  const Tensor again = reshape(pass(tape), flat, {2, 3});
  tape.backward(sum(pass(tape), add(pass(tape), add(pass(tape), again, x), x)));
  for (const double g : tape.gradient(x).values<double>()) EXPECT_EQ(g, 3.0);
}

class ParameterTapeTest : public TapeTest {
 protected:
  ParameterTapeTest() : layer(Scope(parameters), 3, 2) { parameters.initialize(1); }

  Tensor loss(const Pass& on, const Tensor& input) {
    const Tensor output = layer.forward(on, input);
    return mean(on, multiply(on, output, output));
  }

  ParameterSet parameters{DType::f64};
  Linear layer;
};

TEST_F(ParameterTapeTest, AddsTheGradientsOfMicroSteps) {
  const Tensor first = random_tensor({4, 3}, 1);
  const Tensor second = random_tensor({4, 3}, 2);
  Tape apart(context, &parameters);
  apart.backward(loss(pass(apart), first), 0.5);
  const Tensor of_first = add({context}, apart.gradients(), Tensor::zeros({}, DType::f64));
  apart.clear();
  apart.backward(loss(pass(apart), second), 0.5);
  const Tensor expected = add({context}, of_first, apart.gradients());

  Tape together(context, &parameters);
  together.backward(loss(pass(together), first), 0.5);
  together.backward(loss(pass(together), second), 0.5);
  EXPECT_LE(relative_difference(together.gradients(), expected), 1e-15);
}

TEST_F(ParameterTapeTest, ClearStartsGradientsAtZero) {
  const Tensor input = random_tensor({4, 3}, 1);
  Tape tape(context, &parameters);
  tape.backward(loss(pass(tape), input));
  const Tensor once = add({context}, tape.gradients(), Tensor::zeros({}, DType::f64));
  tape.clear();
  for (const double g : tape.gradients().values<double>()) EXPECT_EQ(g, 0.0);
  tape.clear();
  tape.backward(loss(pass(tape), input));
  EXPECT_TRUE(same_bits(tape.gradients(), once));
}

TEST_F(ParameterTapeTest, GradientsOfUnusedParametersAreZero) {
  ParameterSet set(DType::f64);
  const Scope scope(set);
  const Parameter& used = scope.parameter("used", {2}, {}, true);
  const Parameter& unused = scope.parameter("unused", {2}, {}, true);
  set.initialize(0);
  Tape tape(context, &set);
  tape.backward(sum(pass(tape), tape.parameter(used)));
  EXPECT_EQ(tape.gradient(used).values<double>()[1], 1.0);
  EXPECT_EQ(tape.gradient(unused).values<double>()[1], 0.0);
}

TEST_F(ParameterTapeTest, AParameterUsedTwiceReceivesBothGradients) {
  Tape tape(context, &parameters);
  const Tensor weight = tape.parameter(layer.weight());
  tape.backward(sum(pass(tape), add(pass(tape), weight, tape.parameter(layer.weight()))));
  for (const double g : tape.gradient(layer.weight()).values<double>()) EXPECT_EQ(g, 2.0);
}

TEST_F(ParameterTapeTest, SeveralTapesRecordAtOnce) {
  const Tensor input = random_tensor({4, 3}, 1);
  Tape alone(context, &parameters);
  alone.backward(loss(pass(alone), input));
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      Context own({}, 1);
      Tape tape(own, &parameters);
      for (int i = 0; i < 50; ++i) {
        tape.clear();
        tape.backward(loss({own, &tape}, input));
        ASSERT_TRUE(same_bits(tape.gradients(), alone.gradients()));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST_F(ParameterTapeTest, TwoTapesInterleaveOnOneThread) {
  const Tensor input = random_tensor({4, 3}, 1);
  Tape first(context, &parameters);
  Tape second(context, &parameters);
  const Tensor first_loss = loss(pass(first), input);
  const Tensor second_loss = loss(pass(second), input);
  first.backward(first_loss);
  second.backward(second_loss);
  EXPECT_TRUE(same_bits(first.gradients(), second.gradients()));
}

TEST_F(TapeTest, RefusesATensorOfAnotherTape) {
  Tape tape(context);
  Tape other(context);
  const Tensor x = tape.watch(Tensor::full({2}, 1.0));
  expect_error("tensor [2] was recorded on another tape, or before this one was cleared",
               [&] { add(pass(other), x, x); });
}

TEST_F(TapeTest, RefusesATensorOfAClearedRecording) {
  Tape tape(context);
  const Tensor x = tape.watch(Tensor::full({2}, 1.0));
  tape.clear();
  expect_error("tensor [2] was recorded on another tape, or before this one was cleared",
               [&] { scale(pass(tape), x, 2.0); });
  EXPECT_FALSE(x.with_slot({}).slot()) << "detaching makes the tensor usable again";
}

TEST_F(TapeTest, RefusesALossThatIsNoRecordedScalar) {
  Tape tape(context);
  const Tensor x = tape.watch(Tensor::full({2}, 1.0));
  expect_error("backward: loss is [2], expected a scalar", [&] { tape.backward(x); });
  expect_error("backward: loss was not recorded on this tape, so it has no gradients",
               [&] { tape.backward(Tensor::full({}, 1.0)); });
  expect_error("gradient: this tape does not watch the tensor",
               [&] { static_cast<void>(tape.gradient(Tensor::full({}, 1.0))); });
}

TEST_F(TapeTest, TakesParametersForConstantsWithoutASet) {
  ParameterSet set;
  const Parameter& parameter = Scope(set).parameter("w", {1}, {}, true);
  set.initialize(0);
  Tape tape(context);
  EXPECT_FALSE(tape.wants(tape.parameter(parameter)));
  expect_error("gradient: w is not a parameter of this tape", [&] { tape.gradient(parameter); });
}

TEST_F(TapeTest, KeepsGoingAfterAFailedBackward) {
  Tape tape(context);
  const Tensor x = tape.watch(Tensor::full({2}, 1.0, DType::f64));
  const Tensor bad = tape.attach(Tensor::full({}, 1.0, DType::f64));
  tape.record("bad", [](Tape&) { fail("a kernel failed"); });
  expect_error("a kernel failed", [&] { tape.backward(bad); });
  tape.clear();
  const Tensor y = tape.watch(x.with_slot({}));
  tape.backward(sum(pass(tape), y));
  for (const double g : tape.gradient(y).values<double>()) EXPECT_EQ(g, 1.0);
}

TEST_F(TapeTest, ReleasesWhatNodesSavedAsItGoes) {
  const std::size_t before = CachingAllocator::of({}).statistics().current;
  {
    Tape tape(context);
    Tensor value = tape.watch(Tensor::full({1000}, 1.0));
    for (int i = 0; i < 10; ++i) value = multiply(pass(tape), value, value);
    const Tensor loss = sum(pass(tape), value);
    value = Tensor();
    const std::size_t recorded = CachingAllocator::of({}).statistics().current;
    tape.backward(loss);
    EXPECT_LT(CachingAllocator::of({}).statistics().current, recorded - 8 * 4000);
  }
  EXPECT_EQ(CachingAllocator::of({}).statistics().current, before);
}

TEST_F(TapeTest, WalksDeepGraphsWithoutRecursion) {
  constexpr int kDepth = 100'000;
  Tape tape(context);
  const Tensor x = tape.watch(Tensor::full({1}, 1.0, DType::f64));
  Tensor value = x;
  for (int i = 0; i < kDepth; ++i) value = add(pass(tape), value, x);
  tape.backward(sum(pass(tape), value));
  EXPECT_EQ(tape.gradient(x).values<double>()[0], kDepth + 1.0);
  // A recording that is dropped is taken apart iteratively too.
  value = x;
  for (int i = 0; i < kDepth; ++i) value = add(pass(tape), value, x);
  tape.clear();
}

}  // namespace
}  // namespace ebb
