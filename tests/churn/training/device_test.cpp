// Training and prediction on the device under test, beside the CPU.
#include <cmath>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "apps/churn/config/device_choice.h"
#include "apps/churn/training/predictor.h"
#include "tests/churn/support/small_model.h"
#include "tests/support/test_data.h"
#include "tests/support/test_device.h"

namespace ebb::churn {
namespace {

using ebb::testing::test_data;
using ebb::testing::test_device;

/// The first rows of a table.
std::string first_rows(const std::filesystem::path& path, int rows) {
  std::ifstream file(path);
  std::string text;
  std::string line;
  for (int i = 0; i <= rows && std::getline(file, line); ++i) text += line + '\n';
  return text;
}

RunConfig tiny_config(const TemporaryFolder& folder, NumberEmbedding numbers) {
  RunConfig config;
  config.data.path = folder.write("table.csv", first_rows(test_data("synthetic_churn.csv"), 90));
  config.data.target = "churn";
  config.data.id_column = "customer_id";
  config.model.dim = 8;
  config.model.layers = 1;
  config.model.heads = 2;
  config.model.feed_forward = 16;
  config.model.bins = 4;
  config.model.frequencies = 3;
  config.model.number_embedding = numbers;
  config.training.epochs = 2;
  config.training.batch_size = 24;
  config.runtime.threads = 1;
  return config;
}

struct Outcome {
  std::vector<double> losses;  // by step
  std::vector<EpochRecord> history;
  std::map<std::string, Tensor> weights;
  std::vector<float> probabilities;
};

Outcome train_on(Device device, RunConfig config, const PreparedData& data) {
  config.runtime.device = to_string(device);
  Trainer trainer(config, data);
  Outcome outcome;
  while (!trainer.finished()) {
    trainer.run_epoch([&](const StepReport& step) {
      outcome.losses.push_back(step.loss);
      return true;
    });
  }
  outcome.history = trainer.history();
  outcome.weights = trainer.best_weights();
  Predictor predictor(schema_of(data.pipeline), config.model, outcome.weights, config.runtime);
  outcome.probabilities = predictor.probabilities(data.train.features);
  Predictor on_cpu(schema_of(data.pipeline), config.model, outcome.weights, {.device = "cpu"});
  const std::vector<float> expected = on_cpu.embeddings(data.train.features);
  const std::vector<float> embeddings = predictor.embeddings(data.train.features);
  EXPECT_EQ(embeddings.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(embeddings[i], expected[i], 1e-4F);
  return outcome;
}

/// What a training may use beside the defaults.
struct Recipe {
  NumberEmbedding numbers;
  bool is_weighted_ensemble = false;  // of three members, with the focal loss and weights of rows
};

class DeviceTest : public ::testing::TestWithParam<Recipe> {};

// Every dropout is on, and gradients are clipped.
TEST_P(DeviceTest, TrainsAsTheCpuDoesAndTwiceTheSame) {
  const TemporaryFolder folder;
  RunConfig config = tiny_config(folder, GetParam().numbers);
  PreparedData data = prepare_data(config);
  if (GetParam().is_weighted_ensemble) {
    config.model.members = 3;
    config.training.focal_gamma = 1.5;
    for (std::size_t row = 0; row < data.train.rows(); ++row) {
      data.train.weights.push_back(0.25F * static_cast<float>(row % 9));
    }
  }
  const Outcome expected = train_on({}, config, data);
  const Outcome found = train_on(test_device(), config, data);
  ASSERT_EQ(found.losses.size(), expected.losses.size());
  ASSERT_GE(found.losses.size(), 4u);
  for (std::size_t i = 0; i < expected.losses.size(); ++i) {
    EXPECT_NEAR(found.losses[i], expected.losses[i], 1e-4 * expected.losses[i]) << "step " << i;
  }
  for (std::size_t i = 0; i < expected.history.size(); ++i) {
    EXPECT_NEAR(found.history[i].validation_loss, expected.history[i].validation_loss, 1e-3);
  }
  for (std::size_t i = 0; i < expected.probabilities.size(); ++i) {
    EXPECT_NEAR(found.probabilities[i], expected.probabilities[i], 1e-3F) << "row " << i;
  }

  const Outcome again = train_on(test_device(), config, data);
  EXPECT_EQ(again.losses, found.losses);
  EXPECT_EQ(again.probabilities, found.probabilities);
  for (const auto& [name, weight] : found.weights) {
    EXPECT_EQ(bytes_of(again.weights.at(name)), bytes_of(weight)) << name;
  }

  if (!test_device().is_cuda()) return;
  RunConfig recorded = config;
  recorded.runtime.cuda_graph = true;
  const Outcome graphs = train_on(test_device(), recorded, data);
  EXPECT_EQ(graphs.losses, found.losses);
  for (const auto& [name, weight] : found.weights) {
    EXPECT_EQ(bytes_of(graphs.weights.at(name)), bytes_of(weight)) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(Recipes, DeviceTest,
                         ::testing::Values(Recipe{NumberEmbedding::linear},
                                           Recipe{NumberEmbedding::piecewise_linear},
                                           Recipe{NumberEmbedding::periodic},
                                           Recipe{NumberEmbedding::linear, true}));

TEST(DeviceResumeTest, GoesOnBitForBit) {
  const TemporaryFolder folder;
  RunConfig config = tiny_config(folder, NumberEmbedding::piecewise_linear);
  config.runtime.device = to_string(test_device());
  const PreparedData data = prepare_data(config);
  const auto go_on = [](const StepReport&) { return true; };
  Trainer whole(config, data);
  whole.run_epoch(go_on);
  TrainerState middle = whole.state();
  for (auto& [name, tensor] : middle.tensors) {
    const Tensor copy = Tensor::empty(tensor.shape(), tensor.dtype());
    copy_values(tensor, copy);
    tensor = copy;
  }
  whole.run_epoch(go_on);
  Trainer resumed(config, data);
  resumed.restore(middle);
  resumed.run_epoch(go_on);
  const TrainerState expected = whole.state();
  for (const auto& [name, tensor] : resumed.state().tensors) {
    EXPECT_EQ(tensor.device(), Device());
    EXPECT_EQ(bytes_of(tensor), bytes_of(expected.tensors.at(name))) << name;
  }
}

TEST(DeviceChoiceTest, TakesTheGpuIfThereIsOne) {
  const Device gpu{DeviceKind::cuda, 0};
  EXPECT_EQ(choose_device("auto"), device_unavailable(gpu).empty() ? gpu : Device());
  EXPECT_EQ(choose_device("cpu"), Device());
  EXPECT_TRUE(is_device_name("cuda:1"));
  EXPECT_FALSE(is_device_name("gpu"));
  EXPECT_EQ(message_of([] { choose_device("gpu"); }),
            "unknown device \"gpu\": expected auto, cpu, cuda or cuda:N");
}

}  // namespace
}  // namespace ebb::churn
