#include "engine/training/gradient_step.h"

#include <array>
#include <bit>
#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "tests/engine/support/small_classifier.h"
#include "tests/kernels/support/expect_error.h"

namespace ebb {
namespace {

using ebb::testing::expect_error;
using ebb::testing::relative_difference;
using ebb::testing::same_bits;
using ebb::testing::SmallBatch;
using ebb::testing::SmallClassifier;

constexpr PassSettings kTraining{.training = true, .seed = 7, .step = 3};

struct Outcome {
  StepResult result;
  Tensor gradients;
};

Outcome run(const SmallClassifier& model, const SmallBatch& batch, const ShardPlan& plan,
            int threads) {
  GradientStep step(model.parameters, {}, threads);
  const StepResult result = step.run(plan, kTraining, [&](const Pass& pass, RowRange range) {
    return batch.loss(model, pass, range);
  });
  return {result, step.gradients()};
}

TEST(GradientStepTest, HasEqualBitsForAnyNumberOfThreads) {
  const SmallClassifier model(DType::f32);
  for (const std::int64_t rows : {1, 7, 37, 130}) {
    const SmallBatch batch(rows, DType::f32);
    const ShardPlan plan = Lanes::plan(rows, 8);
    const Outcome one = run(model, batch, plan, 1);
    for (int threads = 2; threads <= 5; ++threads) {
      const Outcome other = run(model, batch, plan, threads);
      EXPECT_EQ(one.result.loss, other.result.loss);
      EXPECT_EQ(one.result.gradient_norm, other.result.gradient_norm);
      EXPECT_TRUE(same_bits(one.gradients, other.gradients)) << rows << " rows, " << threads;
    }
  }
}

// Dropout is on: the masks must be those of the whole batch, however it is divided.
TEST(GradientStepTest, EqualsOneUndividedBatch) {
  const SmallClassifier model(DType::f64);
  const SmallBatch batch(37, DType::f64);
  const Outcome whole = run(model, batch, {.rows = 37, .rows_per_shard = 37, .lanes = 1}, 1);
  for (const ShardPlan& plan : {Lanes::plan(37, 4), ShardPlan{37, 5, 3}, ShardPlan{37, 1, 8}}) {
    const Outcome divided = run(model, batch, plan, 2);
    EXPECT_NEAR(divided.result.loss, whole.result.loss, 1e-14);
    EXPECT_LE(relative_difference(divided.gradients, whole.gradients), 1e-12);
  }
}

TEST(GradientStepTest, EqualsOneUndividedBatchInSinglePrecision) {
  const SmallClassifier model(DType::f32);
  const SmallBatch batch(37, DType::f32);
  const Outcome whole = run(model, batch, {.rows = 37, .rows_per_shard = 37, .lanes = 1}, 1);
  const Outcome divided = run(model, batch, Lanes::plan(37, 4), 2);
  EXPECT_LE(relative_difference(divided.gradients, whole.gradients), 1e-5);
}

TEST(GradientStepTest, AgreesWithAPlainTape) {
  const SmallClassifier model(DType::f64);
  const SmallBatch batch(6, DType::f64);
  Context context({}, 1);
  Tape tape(context, &model.parameters);
  const Tensor loss = batch.loss(model, {context, &tape, kTraining}, {0, 6});
  tape.backward(loss);
  double squares = 0.0;
  for (const double g : tape.gradients().values<double>()) squares += g * g;
  const Outcome divided = run(model, batch, {6, 2, 3}, 2);
  EXPECT_NEAR(divided.result.loss, loss.item(), 1e-14);
  EXPECT_NEAR(divided.result.gradient_norm, std::sqrt(squares), 1e-12);
  EXPECT_LE(relative_difference(divided.gradients, tape.gradients()), 1e-12);
}

TEST(GradientStepTest, StartsAnewAfterAStepThatThrew) {
  const SmallClassifier model(DType::f32);
  const SmallBatch batch(16, DType::f32);
  const ShardPlan plan = Lanes::plan(16, 4);
  const Outcome expected = run(model, batch, plan, 2);
  GradientStep step(model.parameters, {}, 2);
  const auto loss = [&](const Pass& pass, RowRange range) {
    return batch.loss(model, pass, range);
  };
  expect_error("the second half is bad", [&] {
    step.run(plan, kTraining, [&](const Pass& pass, RowRange range) {
      const Tensor share = loss(pass, range);
      if (range.begin >= 8) fail("the second half is bad");
      return share;
    });
  });
  step.run(plan, kTraining, loss);
  EXPECT_TRUE(same_bits(step.gradients(), expected.gradients));
}

TEST(LanesTest, PlansCoverEachRowOnce) {
  for (std::int64_t rows = 1; rows < 200; ++rows) {
    for (const std::int64_t per_shard : {1, 3, 8, 64, 1000}) {
      const ShardPlan plan = Lanes::plan(rows, per_shard);
      ASSERT_LE(plan.lanes, Lanes::kMost);
      ASSERT_EQ(plan.first_shard(0), 0);
      ASSERT_EQ(plan.first_shard(plan.lanes), plan.shards());
      std::int64_t next = 0;
      for (std::int64_t i = 0; i < plan.shards(); ++i) {
        ASSERT_EQ(plan.shard(i).begin, next);
        ASSERT_GT(plan.shard(i).count, 0);
        ASSERT_LE(plan.shard(i).count, per_shard);
        next += plan.shard(i).count;
      }
      ASSERT_EQ(next, rows);
    }
  }
  expect_error("Lanes: 0 rows in shards of 4, expected at least 1", [] { Lanes::plan(0, 4); });
}

TEST(LanesTest, PredictWithoutTapes) {
  const SmallClassifier model(DType::f32);
  const SmallBatch batch(21, DType::f32);
  Context context({}, 1);
  const Tensor expected = model.forward({context}, batch.input);
  Lanes lanes({}, 3, nullptr);
  Tensor logits = Tensor::empty({21, 1});
  lanes.for_each_shard(Lanes::plan(21, 4), {}, [&](const Pass& pass, RowRange range) {
    EXPECT_EQ(pass.tape, nullptr);
    const Tensor share = model.forward(pass, batch.input.slice(0, range.begin, range.count));
    std::copy_n(share.data<float>(), range.count, logits.data<float>() + range.begin);
  });
  EXPECT_LE(relative_difference(logits, expected), 1e-5);
}

// On every thread alike, and not beyond the lanes.
TEST(LanesTest, TakeDenormalsForZero) {
  const volatile float smallest_normal = std::numeric_limits<float>::min();
  for (const int threads : {1, 3}) {
    Lanes lanes({}, threads, nullptr);
    std::array<float, 21> products;
    products.fill(1.0F);
    lanes.for_each_shard(Lanes::plan(21, 1), {}, [&](const Pass&, RowRange range) {
      products[static_cast<std::size_t>(range.begin)] = smallest_normal * 0.5F;
    });
    for (const float product : products) EXPECT_EQ(std::bit_cast<std::uint32_t>(product), 0U);
    EXPECT_NE(std::bit_cast<std::uint32_t>(smallest_normal * 0.5F), 0U);
  }
}

}  // namespace
}  // namespace ebb
