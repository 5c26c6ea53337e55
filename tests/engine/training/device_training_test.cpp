// Training on the device under test, beside the CPU.
#include <array>
#include <cmath>

#include <gtest/gtest.h>

#include "engine/optim/optimizer.h"
#include "tests/engine/support/device_parity.h"
#include "tests/engine/support/small_classifier.h"
#include "tests/kernels/support/expect_error.h"
#include "tests/support/test_device.h"

namespace ebb {
namespace {

using ebb::testing::expect_error;
using ebb::testing::expect_within_rule;
using ebb::testing::random_tensor;
using ebb::testing::same_bits;
using ebb::testing::SmallBatch;
using ebb::testing::SmallClassifier;
using ebb::testing::test_device;

constexpr std::int64_t kBatchRows = 13;
constexpr int kSteps = 3;

struct DeviceTraining {
  explicit DeviceTraining(Device device, std::int64_t rows_per_shard = 8)
      : model(DType::f32, device),
        batch(kBatchRows, DType::f32, device),
        plan(Lanes::plan(kBatchRows, rows_per_shard, device)),
        step(model.parameters, device, 1),
        optimizer(model.parameters, {.average_decay = 0.99}) {}

  /// Every dropout of the network is on, and the gradients are clipped.
  StepResult run() {
    const PassSettings settings{
        .training = true, .seed = 7, .step = static_cast<std::uint32_t>(optimizer.steps())};
    step.find(plan, settings,
              [this](const Pass& pass, RowRange range) { return batch.loss(model, pass, range); });
    optimizer.step(step.team(), step.gradients(),
                   {.learning_rate = 1e-2, .clipping = step.clipping(0.5)});
    return step.result();
  }

  SmallClassifier model;
  SmallBatch batch;
  ShardPlan plan;
  GradientStep step;
  AdamW optimizer;
};

TEST(DeviceTrainingTest, DrawsTheSameFirstWeightsEverywhere) {
  const SmallClassifier here(DType::f32);
  const SmallClassifier there(DType::f32, test_device());
  EXPECT_EQ(there.parameters.buffer().device(), test_device());
  EXPECT_TRUE(same_bits(here.parameters.buffer(), there.parameters.buffer().to(Device())));
  EXPECT_EQ(there.parameters.parameters().front().value.device(), test_device());
}

TEST(DeviceTrainingTest, HasTheCpusLossInEveryStep) {
  DeviceTraining here{Device()};
  DeviceTraining there(test_device());
  for (int i = 0; i < kSteps; ++i) {
    const StepResult expected = here.run();
    const StepResult found = there.run();
    EXPECT_NEAR(found.loss, expected.loss, 1e-4 * expected.loss) << "step " << i;
    EXPECT_NEAR(found.gradient_norm, expected.gradient_norm, 1e-3 * expected.gradient_norm);
  }
}

TEST(DeviceTrainingTest, GivesTheSameBitsTwice) {
  DeviceTraining first(test_device());
  DeviceTraining second(test_device());
  for (int i = 0; i < kSteps; ++i) {
    const StepResult a = first.run();
    const StepResult b = second.run();
    EXPECT_EQ(a.loss, b.loss) << "step " << i;
    EXPECT_EQ(a.gradient_norm, b.gradient_norm) << "step " << i;
  }
  EXPECT_TRUE(same_bits(first.model.parameters.buffer().to(Device()),
                        second.model.parameters.buffer().to(Device())));
  EXPECT_TRUE(
      same_bits(first.optimizer.average().to(Device()), second.optimizer.average().to(Device())));
}

TEST(DeviceTrainingTest, AddsUpShards) {
  DeviceTraining whole(test_device());
  whole.plan = {kBatchRows, kBatchRows, 1};
  DeviceTraining divided(test_device());
  divided.plan = {kBatchRows, 5, 3};
  const StepResult expected = whole.run();
  const StepResult found = divided.run();
  EXPECT_NEAR(found.loss, expected.loss, 1e-5 * expected.loss);
  EXPECT_LE(ebb::testing::relative_difference(divided.step.gradients().to(Device()),
                                              whole.step.gradients().to(Device())),
            1e-5);
}

TEST(DeviceTrainingTest, AsksTheDeviceForNoMemoryInAWarmStep) {
  DeviceTraining training(test_device());
  for (int i = 0; i < 2; ++i) training.run();
  const std::uint64_t before = CachingAllocator::of(test_device()).statistics().allocations;
  training.run();
  EXPECT_EQ(CachingAllocator::of(test_device()).statistics().allocations, before);
}

// Two sizes of batches whose data change, every dropout on, and a rate that changes.
struct GraphTraining {
  explicit GraphTraining(bool graphs)
      : model(DType::f32, test_device()),
        step(model.parameters, test_device(), 1),
        optimizer(model.parameters, {.average_decay = 0.99}) {
    if (graphs) step.use_graphs();
    for (const std::int64_t rows : {13, 5}) batches.emplace_back(rows, DType::f32, test_device());
  }

  StepResult run(int number) {
    const SmallBatch& batch = batches[number % 3 == 2 ? 1 : 0];
    const Shape shape = batch.input.shape();
    copy_values(random_tensor(shape, static_cast<std::uint64_t>(100 + number), DType::f32),
                batch.input);
    const ShardPlan plan = Lanes::plan(shape[0], 8, test_device());
    const PassSettings settings{
        .training = true, .seed = 7, .step = static_cast<std::uint32_t>(optimizer.steps())};
    const double rate = 1e-2 / (1 + number);
    const auto loss = [&](const Pass& pass, RowRange range) {
      ++calls;
      return batch.loss(model, pass, range);
    };
    if (step.uses_graphs()) {
      step.run_as_graph(batch.input.view().data, plan, settings, optimizer.begin_step(rate), loss,
                        [&](const StepScalars* scalars) {
                          optimizer.apply(
                              step.team(), step.gradients(),
                              {.clipping = step.clipping(0.5), .device_scalars = scalars});
                        });
    } else {
      step.find(plan, settings, loss);
      optimizer.step(step.team(), step.gradients(),
                     {.learning_rate = rate, .clipping = step.clipping(0.5)});
    }
    return step.result();
  }

  SmallClassifier model;
  std::vector<SmallBatch> batches;
  GradientStep step;
  AdamW optimizer;
  int calls = 0;
};

TEST(DeviceTrainingTest, StepsAsGraphsHaveTheSameBits) {
  if (!test_device().is_cuda()) GTEST_SKIP() << "graphs are of CUDA devices";
  GraphTraining eager(false);
  GraphTraining graphs(true);
  // Tensors that live on would be overwritten, were a graph's memory given to them.
  std::vector<Tensor> others;
  for (int i = 0; i < 10; ++i) {
    const StepResult expected = eager.run(i);
    const StepResult found = graphs.run(i);
    EXPECT_EQ(found.loss, expected.loss) << "step " << i;
    EXPECT_EQ(found.gradient_norm, expected.gradient_norm) << "step " << i;
    for (const std::int64_t count : {16, 200, 1000, 4000}) {
      others.push_back(Tensor::full({count}, 3.0, DType::f32, test_device()));
    }
  }
  EXPECT_EQ(eager.calls, 10);
  EXPECT_EQ(graphs.calls, 4) << "two for each size: called, then recorded";
  for (const auto& [name, value] : graphs.optimizer.state()) {
    EXPECT_TRUE(same_bits(value.to(Device()), eager.optimizer.state().at(name).to(Device())))
        << name;
  }
  EXPECT_TRUE(same_bits(graphs.model.parameters.buffer().to(Device()),
                        eager.model.parameters.buffer().to(Device())));
  for (const Tensor& other : others) {
    EXPECT_TRUE(same_bits(other.to(Device()), Tensor::full(other.shape(), 3.0)));
  }
}

TEST(DeviceTrainingTest, GraphsRefuseWhatTheyCannotRecord) {
  SmallClassifier here(DType::f32);
  GradientStep on_host(here.parameters, Device(), 1);
  expect_error<UnsupportedError>("CUDA graphs: they run on a CUDA device, not on cpu",
                                 [&] { on_host.use_graphs(); });
  if (!test_device().is_cuda()) return;
  GraphTraining training(true);
  expect_error<UnsupportedError>(
      "anomalies are looked for by the host, which a CUDA graph does without",
      [&] { training.step.detect_anomalies(true); });
  const SmallBatch& batch = training.batches[0];
  int calls = 0;
  const auto run = [&] {
    training.step.run_as_graph(
        &batch, Lanes::plan(13, 8, test_device()), {}, training.optimizer.begin_step(0.1),
        [&](const Pass& pass, RowRange range) {
          if (++calls == 2) Tensor::full({4}, 1.0, DType::f32, test_device());
          return batch.loss(training.model, pass, range);
        },
        [](const StepScalars*) {});
  };
  run();
  expect_error(fmt::format("a tensor moves between cpu and {} within a step that is recorded as a "
                           "CUDA graph",
                           to_string(test_device())),
               run);
  run();  // the recording that failed is forgotten
  EXPECT_EQ(calls, 3);
}

TEST(DeviceTrainingTest, FindsAnomaliesThere) {
  DeviceTraining training(test_device());
  training.step.detect_anomalies(true);
  training.run();
  EXPECT_EQ(training.step.anomaly(), nullptr);
  const Tensor bad = Tensor::full({}, std::nan("")).reshape({1});
  copy_values(bad, training.batch.targets.slice(0, 3, 1));
  training.run();
  ASSERT_NE(training.step.anomaly(), nullptr);
  EXPECT_EQ(training.step.anomaly()->operation, "binary_cross_entropy");
}

// What one run of an encoder finds: the output, then the gradients of its input and parameters.
std::vector<Tensor> run_encoder(bool pre_norm, DType dtype, Device device) {
  ParameterSet parameters(dtype, device);
  const TransformerEncoder encoder(
      Scope(parameters).child("encoder"), 2,
      {.dim = 16, .heads = 2, .feed_forward = 24, .pre_norm = pre_norm});
  parameters.initialize(3);
  Context context(device, 1);
  Tape tape(context, &parameters);
  const Pass pass{context, &tape, {.training = true, .seed = 7, .step = 3}};
  const auto data = [&](const Shape& shape, std::uint64_t seed) {
    return random_tensor(shape, seed, dtype).to(device);
  };
  const std::vector<std::uint8_t> hidden{0, 0, 1, 0, 0, 0, 0, 0, 0, 1};
  const AttentionMasks masks{.key_padding_mask = Tensor::from_values({2, 5}, hidden, device)};
  const Tensor input = tape.watch(data({2, 5, 16}, 1));
  const Tensor output = encoder.forward(pass, input, masks);
  tape.backward(mean_squared_error(pass, output, data({2, 5, 16}, 2)));
  std::vector<Tensor> found{output, tape.gradient(input)};
  for (const Parameter& parameter : parameters.parameters()) {
    found.push_back(tape.gradient(parameter));
  }
  for (Tensor& tensor : found) tensor = tensor.to(Device());
  return found;
}

TEST(DeviceTrainingTest, TransformerEncoderIsAsExactAsTheCpus) {
  for (const bool pre_norm : {true, false}) {
    const std::vector<Tensor> oracle = run_encoder(pre_norm, DType::f64, {});
    const std::vector<Tensor> naive = run_encoder(pre_norm, DType::f32, {});
    const std::vector<Tensor> actual = run_encoder(pre_norm, DType::f32, test_device());
    for (std::size_t i = 0; i < oracle.size(); ++i) {
      expect_within_rule(fmt::format("tensor {}, pre-norm {}", i, pre_norm), actual[i], naive[i],
                         oracle[i], i == 0 ? 2.0 : 3.0);
    }
  }
}

}  // namespace
}  // namespace ebb
