// A training step that has run before asks the system for no memory.
#include <array>

#include <gtest/gtest.h>

#include "engine/operations/activation.h"
#include "engine/operations/elementwise.h"
#include "engine/operations/embedding.h"
#include "engine/operations/linear.h"
#include "engine/operations/periodic_encoding.h"
#include "engine/operations/piecewise_linear_encoding.h"
#include "engine/operations/reduce.h"
#include "engine/operations/softmax.h"
#include "engine/operations/views.h"
#include "engine/optim/optimizer.h"
#include "tests/engine/support/allocation_counter.h"
#include "tests/engine/support/small_classifier.h"

namespace ebb {
namespace {

using ebb::testing::AllocationCounter;
using ebb::testing::SmallBatch;
using ebb::testing::SmallClassifier;

struct WarmTraining {
  explicit WarmTraining(int threads, Precision precision = Precision::f32)
      : step(model.parameters, {}, threads, precision) {}

  void run(std::uint32_t number) {
    const PassSettings settings{.training = true, .seed = 7, .step = number};
    const StepResult result = step.run(plan, settings, [this](const Pass& pass, RowRange range) {
      return batch.loss(model, pass, range);
    });
    optimizer.step(step.team(), step.gradients(),
                   {.gradient_scale = clipping_scale(result.gradient_norm, 1.0)});
  }

  SmallClassifier model{DType::f32};
  SmallBatch batch{64, DType::f32};
  ShardPlan plan = Lanes::plan(64, 8);
  GradientStep step;
  AdamW optimizer{model.parameters, {.average_decay = 0.99}};
};

void expect_no_operator_new(Precision precision) {
  WarmTraining training(1, precision);
  std::uint32_t number = 0;
  while (number < 3) training.run(number++);
  AllocationCounter counter;
  training.run(number);
  counter.stop();
  ::testing::Test::RecordProperty("operator_new_of_onednn", static_cast<int>(counter.vendor()));
  EXPECT_EQ(counter.ours(), 0u) << counter.callers();
}

TEST(WarmStepTest, CallsNoOperatorNew) { expect_no_operator_new(Precision::f32); }

TEST(WarmStepTest, CallsNoOperatorNewInBf16) {
  const std::string reason = kernels::bf16_product_unsupported(Device{});
  if (!reason.empty()) GTEST_SKIP() << reason;
  expect_no_operator_new(Precision::bf16);
}

// With several threads, how many tensors live at once depends on timing, so that the allocator may
// still have to grow: only what is not tensor memory must be zero.
TEST(WarmStepTest, CallsNoOperatorNewOnSeveralThreadsButForTensors) {
  WarmTraining training(3);
  std::uint32_t number = 0;
  while (number < 5) training.run(number++);
  const std::uint64_t before = CachingAllocator::of({}).statistics().allocations;
  AllocationCounter counter;
  training.run(number);
  counter.stop();
  const std::uint64_t tensors = CachingAllocator::of({}).statistics().allocations - before;
  EXPECT_EQ(counter.ours(), tensors) << counter.callers();
}

// The operations that turn the columns of a table into tokens.
struct TableTokens {
  TableTokens() { parameters.initialize(1); }

  Tensor loss(const Pass& pass) const {
    const auto product = [&](const Tensor& encoded, const Parameter& weight) {
      const Tensor tokens = matmul(pass, transpose(pass, encoded, 0, 1), pass.parameter(weight));
      return contiguous(pass, transpose(pass, tokens, 0, 1));
    };
    const std::array<Tensor, 4> tokens{
        repeat(pass, pass.parameter(class_token), 0, 6),
        product(piecewise_linear_encoding(pass, numbers, edges, counts), linear_weight),
        product(periodic_encoding(pass, numbers, pass.parameter(frequencies)), periodic_weight),
        embedding(pass, pass.parameter(table), codes)};
    const Tensor joined = concat(pass, tokens, 1);
    const Tensor mixed = softmax(pass, activate(pass, joined, Activation::silu));
    return mean(pass, sum(pass, multiply(pass, mixed, add(pass, joined, mixed)), -1));
  }

  static constexpr Initializer kNormal{Initializer::Kind::normal, 1.0};
  ParameterSet parameters;
  Scope scope{parameters};
  const Parameter& class_token = scope.parameter("class", {1, 4}, kNormal, true);
  const Parameter& linear_weight = scope.parameter("linear", {3, 4, 4}, kNormal, true);
  const Parameter& periodic_weight = scope.parameter("periodic", {3, 11, 4}, kNormal, true);
  const Parameter& frequencies = scope.parameter("frequencies", {3, 5}, kNormal, true);
  const Parameter& table = scope.parameter("table", {7, 4}, kNormal, true);
  Tensor numbers = ebb::testing::random_tensor({6, 3}, 1, DType::f32);
  Tensor edges = Tensor::from_values({3, 3}, std::vector<float>{-1, 0, 1, -1, 0, 1, -1, 0, 1});
  Tensor counts = Tensor::from_values({3}, std::vector<std::int32_t>{2, 2, 2});
  Tensor codes = Tensor::from_values({6, 2}, std::vector<std::int32_t>(12, 3));
};

TEST(WarmStepTest, OperationsOnTablesCallNoOperatorNew) {
  const TableTokens model;
  Context context({}, 1);
  Tape tape(context, &model.parameters);
  const auto step = [&] {
    tape.clear();
    tape.backward(model.loss({context, &tape}));
  };
  step();
  step();
  AllocationCounter counter;
  step();
  counter.stop();
  EXPECT_EQ(counter.ours(), 0u) << counter.callers();
}

TEST(WarmStepTest, TheCounterSeesWhatItShould) {
  AllocationCounter counter;
  const std::vector<int> numbers(100);
  const Tensor tensor = Tensor::empty({1 << 22});
  counter.stop();
  EXPECT_EQ(numbers.size(), 100u);
  EXPECT_TRUE(tensor.defined());
  EXPECT_GE(counter.ours(), 1u);
  EXPECT_NE(counter.callers(), "");
}

}  // namespace
}  // namespace ebb
