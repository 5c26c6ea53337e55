// Training and predicting with the linear layers in bf16.
#include <gtest/gtest.h>

#include "engine/optim/optimizer.h"
#include "tests/engine/support/small_classifier.h"

namespace ebb {
namespace {

using ebb::testing::relative_difference;
using ebb::testing::same_bits;
using ebb::testing::SmallBatch;
using ebb::testing::SmallClassifier;

constexpr std::int64_t kRows = 37;

class Bf16StepTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::string reason = kernels::bf16_product_unsupported(Device{});
    if (!reason.empty()) GTEST_SKIP() << reason;
  }
};

struct Bf16Training {
  Bf16Training(int threads, Precision precision)
      : step(model.parameters, Device{}, threads, precision) {}

  StepResult run(std::uint32_t number) {
    const PassSettings settings{.training = true, .seed = 7, .step = number};
    const StepResult result = step.run(plan, settings, [this](const Pass& pass, RowRange range) {
      return batch.loss(model, pass, range);
    });
    optimizer.step(step.team(), step.gradients(), {.learning_rate = 1e-2});
    return result;
  }

  SmallClassifier model{DType::f32};
  SmallBatch batch{kRows, DType::f32};
  ShardPlan plan = Lanes::plan(kRows, 8);
  GradientStep step;
  AdamW optimizer{model.parameters, AdamWOptions{}};
};

// Several steps: weights that are not packed anew would show from the second on.
TEST_F(Bf16StepTest, HasEqualBitsForAnyNumberOfThreads) {
  Bf16Training one(1, Precision::bf16);
  for (std::uint32_t i = 0; i < 3; ++i) one.run(i);
  for (int threads = 2; threads <= 5; ++threads) {
    Bf16Training other(threads, Precision::bf16);
    for (std::uint32_t i = 0; i < 3; ++i) other.run(i);
    EXPECT_TRUE(same_bits(one.model.parameters.buffer(), other.model.parameters.buffer()))
        << threads;
  }
}

TEST_F(Bf16StepTest, IsNearF32ButNotEqual) {
  Bf16Training f32(2, Precision::f32);
  Bf16Training bf16(2, Precision::bf16);
  const double expected = f32.run(0).loss;
  EXPECT_NEAR(bf16.run(0).loss, expected, 0.01 * expected);
  const double difference = relative_difference(bf16.step.gradients(), f32.step.gradients());
  EXPECT_LE(difference, 0.05);
  EXPECT_GT(difference, 1e-4);
}

TEST_F(Bf16StepTest, FollowsTheWeights) {
  Bf16Training training(2, Precision::bf16);
  const double first = training.run(0).loss;
  double last = first;
  for (std::uint32_t i = 1; i < 60; ++i) last = training.run(i).loss;
  EXPECT_LT(last, 0.5 * first);
}

TEST_F(Bf16StepTest, PredictsWithoutTapes) {
  const SmallClassifier model(DType::f32);
  const SmallBatch batch(21, DType::f32);
  Context context({}, 1);
  const Tensor expected = model.forward({context}, batch.input);
  Lanes lanes({}, 3, nullptr, Precision::bf16);
  Tensor logits = Tensor::empty({21, 1});
  lanes.for_each_shard(Lanes::plan(21, 4), {}, [&](const Pass& pass, RowRange range) {
    const Tensor share = model.forward(pass, batch.input.slice(0, range.begin, range.count));
    std::copy_n(share.data<float>(), range.count, logits.data<float>() + range.begin);
  });
  const double difference = relative_difference(logits, expected);
  EXPECT_LE(difference, 0.05);
  EXPECT_GT(difference, 1e-5);
}

TEST(Bf16SupportTest, IsRefusedWhereTheMachineLacksIt) {
  const std::string reason = kernels::bf16_product_unsupported(Device{});
  if (reason.empty()) GTEST_SKIP() << "this machine has bf16";
  EXPECT_THROW(Lanes({}, 1, nullptr, Precision::bf16), UnsupportedError);
}

TEST(Tf32SupportTest, IsRefusedOnTheCpu) {
  EXPECT_THROW(Lanes({}, 1, nullptr, Precision::tf32), UnsupportedError);
}

}  // namespace
}  // namespace ebb
