#include "apps/churn/artefact/checkpoint.h"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "apps/churn/artefact/history.h"
#include "engine/io/safetensors.h"
#include "kernels/common/error.h"
#include "tests/churn/support/small_model.h"

namespace ebb::churn {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class CheckpointTest : public ::testing::Test {
 protected:
  std::string path() const { return (folder_ / "checkpoint.safetensors").string(); }

  std::string refusal(const std::string& bytes) {
    const std::string file = folder_.write("checkpoint.safetensors", bytes);
    return message_of<DataError>([&] { load_checkpoint(file); });
  }

  TemporaryFolder folder_;
  RunConfig config_ = small_config(folder_);
};

// A structured binding, so that a new member fails to compile until it is compared here.
std::vector<double> numbers(const ProgressState& progress) {
  const auto& [best, observations, best_observation, without_improvement] = progress;
  return {best, static_cast<double>(observations), static_cast<double>(best_observation),
          static_cast<double>(without_improvement)};
}

std::string change_message(const RunConfig& before, const RunConfig& after) {
  return message_of<DataError>([&] { require_same_run("run", before, "aa", after, "aa"); });
}

TEST_F(CheckpointTest, EverythingComesBackToTheBit) {
  TrainerState state = small_state(3);
  state.progress.best = -std::numeric_limits<double>::infinity();
  state.history[1].validation_auc = std::nan("");
  save_checkpoint(path(), {config_, "abc", state, {}});
  const Checkpoint read = load_checkpoint(path());
  EXPECT_EQ(read.config, config_);
  EXPECT_EQ(read.data_fingerprint, "abc");
  EXPECT_EQ(read.build, this_build(Precision::f32));
  EXPECT_EQ(read.state.steps_done, 30);
  EXPECT_EQ(numbers(read.state.progress), numbers(state.progress));
  EXPECT_EQ(numbers(read.state.plateau.progress), numbers(state.plateau.progress));
  EXPECT_EQ(read.state.plateau.scale, 0.1);
  EXPECT_EQ(read.state.plateau.cooldown_left, 2);
  EXPECT_EQ(history_csv(read.state.history), history_csv(state.history));
  ASSERT_EQ(read.state.tensors.size(), state.tensors.size());
  for (const auto& [name, tensor] : state.tensors) {
    EXPECT_EQ(bytes_of(read.state.tensors.at(name)), bytes_of(tensor)) << name;
  }
  const std::string bytes = read_bytes(path());
  save_checkpoint(path(), read);
  EXPECT_EQ(read_bytes(path()), bytes);
}

TEST_F(CheckpointTest, AStateBeforeTheFirstEpochHasNoHistory) {
  save_checkpoint(path(), {config_, "abc", small_state(0), {}});
  EXPECT_TRUE(load_checkpoint(path()).state.history.empty());
}

TEST_F(CheckpointTest, DamageIsNoticed) {
  save_checkpoint(path(), {config_, "abc", small_state(2), {}});
  const std::string bytes = read_bytes(path());
  EXPECT_THAT(refusal(bytes.substr(0, bytes.size() - 4)),
              HasSubstr("the file was cut or is damaged"));
  EXPECT_THAT(refusal(bytes.substr(0, bytes.size() / 2)), HasSubstr("it was cut or is damaged"));
  for (std::size_t i = 0; i < bytes.size(); i += 61) {
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x10);
    EXPECT_THAT(refusal(damaged), HasSubstr("checkpoint.safetensors")) << "byte " << i;
  }
}

TEST_F(CheckpointTest, WrongShapesAndMissingTensorsAreNamed) {
  save_checkpoint(path(), {config_, "abc", small_state(2), {}});
  SafetensorsMetadata metadata;
  {
    const SafetensorsFile file(path());
    metadata = file.metadata();
  }
  const std::vector<double> values(18);
  const auto entry = [&](const char* name, const Shape& shape) {
    return SafetensorsEntry{
        name, DType::f64, shape,
        std::as_bytes(std::span(values)).first(static_cast<std::size_t>(shape.elements()) * 8)};
  };
  const auto refusal_of = [&](const SafetensorsEntry& history) {
    write_safetensors(path(), {&history, 1}, metadata);
    return message_of<DataError>([&] { load_checkpoint(path()); });
  };
  EXPECT_THAT(refusal_of(entry("other", {1})), HasSubstr("the tensor \"run/history\" is missing"));
  EXPECT_THAT(refusal_of(entry("run/history", {3, 6})),
              AllOf(HasSubstr("checkpoint.safetensors: "),
                    HasSubstr("the history is [3, 6] of f64, expected [epochs, 9] of f64")));
  EXPECT_THAT(refusal_of(entry("run/history", {1, 9})),
              HasSubstr("\"progress.observations\" is wrong: 2, but the history has 1 epochs"));
  metadata["steps_done"] = "-1";
  EXPECT_THAT(refusal_of(entry("run/history", {2, 9})),
              HasSubstr("the metadata \"steps_done\" is wrong: -1, expected a count"));
  metadata.erase("plateau.scale");
  metadata["steps_done"] = "1";
  EXPECT_THAT(refusal_of(entry("run/history", {2, 9})),
              HasSubstr("the metadata \"plateau.scale\" is wrong: it is missing"));
}

TEST_F(CheckpointTest, ChangedSettingsAndDataAreRefusedByName) {
  RunConfig changed = config_;
  changed.runtime.threads = 9;
  changed.data.path = "elsewhere.csv";
  EXPECT_NO_THROW(require_same_run("run", config_, "aa", changed, "aa"));
  changed.training.epochs = 30;
  changed.model.dim = 32;
  EXPECT_THAT(change_message(config_, changed),
              AllOf(HasSubstr("run: the run cannot be resumed"), HasSubstr("model.dim: 64 -> 32"),
                    HasSubstr("training.epochs: 20 -> 30"), HasSubstr("--overwrite")));
  EXPECT_THAT(message_of<DataError>([&] { require_same_run("run", config_, "aa", config_, "bb"); }),
              HasSubstr("contents of the data: aa -> bb"));
}

TEST_F(CheckpointTest, AnotherBuildIsAWarning) {
  EXPECT_EQ(build_warning(this_build(Precision::f32), this_build(Precision::f32)), "");
  const BuildInfo other{"0.0.9", "avx2", "2.5.0"};
  EXPECT_THAT(build_warning(other, this_build(Precision::f32)),
              AllOf(HasSubstr("ebb 0.0.9, avx2, oneDNN 2.5.0"), HasSubstr("may differ")));
}

TEST(HistoryTest, IsATableWithOneLinePerEpoch) {
  EXPECT_EQ(history_csv(small_state(2).history),
            "epoch,train_loss,validation_loss,validation_auc,learning_rate,gradient_norm,"
            "rows_per_second,gigaflops_per_second,best\n"
            "1,0.5,0.4,0.8,0.001,2,100000,12.5,0\n"
            "2,0.25,0.4,0.8,0.001,2,100000,12.5,1\n");
}

}  // namespace
}  // namespace ebb::churn
