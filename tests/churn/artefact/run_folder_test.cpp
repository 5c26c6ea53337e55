#include "apps/churn/artefact/run_folder.h"

#include <csignal>
#include <sys/wait.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "apps/churn/config/config_file.h"
#include "engine/io/safetensors.h"
#include "kernels/common/error.h"
#include "tests/churn/support/small_model.h"

namespace ebb::churn {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

class RunFolderTest : public ::testing::Test {
 protected:
  RunFolderTest() : config_(small_config(data_)), model_(small_model(config_)) {}

  RunStart start(RunFolder& run) const { return run.start(config_, model_.data_fingerprint); }

  void finish_a_run() {
    RunFolder run(out(), ExistingRun::overwrite);
    start(run);
    run.save_checkpoint(small_state(2));
    run.finish(model_, small_state(2).history);
  }

  std::filesystem::path out() const { return folder_ / "模型 1"; }
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(out())) {
      names.push_back(entry.path().filename().string());
    }
    return names;
  }
  std::string refusal(ExistingRun existing) const {
    return message_of<Error>([&] {
      RunFolder run(out(), existing);
      start(run);
    });
  }

  TemporaryFolder data_;
  TemporaryFolder folder_;
  RunConfig config_;
  ModelFile model_;
};

TEST_F(RunFolderTest, AFolderMadeForNothingIsRemoved) {
  { const RunFolder run(out(), ExistingRun::refuse); }
  EXPECT_FALSE(std::filesystem::exists(out()));
  std::filesystem::create_directory(out());
  { const RunFolder run(out(), ExistingRun::refuse); }
  EXPECT_TRUE(std::filesystem::exists(out()));
}

TEST_F(RunFolderTest, AFinishedRunHasAModelAndCopiesForPeople) {
  finish_a_run();
  EXPECT_THAT(files(),
              UnorderedElementsAre("model.safetensors", "checkpoint.safetensors", "pipeline.json",
                                   "config.toml", "metrics.json", "history.csv"));
  EXPECT_EQ(load_model(out()).pipeline, model_.pipeline);
  EXPECT_EQ(load_config(out() / "config.toml"), config_);
  EXPECT_EQ(read_bytes(out() / "metrics.json"),
            nlohmann::ordered_json::parse(kSmallMetrics).dump(2) + '\n');
  EXPECT_THAT(read_bytes(out() / "pipeline.json"), HasSubstr("\"套餐\""));
}

TEST_F(RunFolderTest, AnExistingRunIsNotTouchedUnlessAsked) {
  finish_a_run();
  const std::string model = read_bytes(out() / "model.safetensors");
  EXPECT_THAT(refusal(ExistingRun::refuse), AllOf(HasSubstr("holds a trained model"),
                                                  HasSubstr("--resume"), HasSubstr("--overwrite")));
  std::filesystem::remove(out() / "model.safetensors");
  EXPECT_THAT(refusal(ExistingRun::refuse), HasSubstr("holds an unfinished run"));
  // Opening alone keeps the run, so that bad data do not cost the user a model.
  finish_a_run();
  { const RunFolder run(out(), ExistingRun::overwrite); }
  EXPECT_EQ(read_bytes(out() / "model.safetensors"), model);
}

TEST_F(RunFolderTest, OverwritingKeepsTheFormerModelUntilTheNewOneIsThere) {
  finish_a_run();
  const std::string former = read_bytes(out() / "model.safetensors");
  model_.training_base_rate = 0.125;
  config_.training.seed = 5;
  model_.config = config_;
  RunFolder run(out(), ExistingRun::overwrite);
  EXPECT_FALSE(start(run).state);
  EXPECT_FALSE(std::filesystem::exists(out() / "checkpoint.safetensors"));
  EXPECT_EQ(files().size(), 5U);
  run.save_checkpoint(small_state(1));
  EXPECT_EQ(read_bytes(out() / "model.safetensors"), former);
  run.finish(model_, small_state(1).history);
  EXPECT_EQ(load_model(out()).training_base_rate, 0.125);
}

TEST_F(RunFolderTest, ResumingIsNotMisledByAFormerModel) {
  finish_a_run();
  const RunConfig former = config_;
  config_.training.seed = 5;
  {
    RunFolder run(out(), ExistingRun::overwrite);
    start(run);
  }
  // Stopped before the first checkpoint: there is nothing of the new run yet.
  EXPECT_THAT(refusal(ExistingRun::resume), HasSubstr("training.seed: 0 -> 5"));
  {
    RunFolder run(out(), ExistingRun::overwrite);
    start(run);
    run.save_checkpoint(small_state(1));
  }
  {
    RunFolder run(out(), ExistingRun::resume);
    const RunStart resumed = start(run);
    ASSERT_TRUE(resumed.state);
    EXPECT_FALSE(resumed.is_finished);
  }
  // The former run is finished still, whatever the checkpoint is.
  config_ = former;
  RunFolder run(out(), ExistingRun::resume);
  EXPECT_TRUE(start(run).is_finished);
}

TEST_F(RunFolderTest, AModelOfAnotherBuildIsWrittenAnewFromTheCheckpoint) {
  finish_a_run();
  SafetensorsMetadata metadata;
  {
    const SafetensorsFile file(out() / "model.safetensors");
    metadata = file.metadata();
    metadata["instruction_set"] = "another";
    write_safetensors(out() / "model.safetensors", file.entries(), metadata);
  }
  RunFolder run(out(), ExistingRun::resume);
  const RunStart resumed = start(run);
  EXPECT_FALSE(resumed.is_finished);
  EXPECT_TRUE(resumed.state);
}

TEST_F(RunFolderTest, AFolderThatVanishesIsNotWrittenTo) {
  RunFolder run(out(), ExistingRun::refuse);
  start(run);
  run.save_checkpoint(small_state(1));
  const auto refusals = [&] {
    return std::vector<std::string>{
        message_of<IoError>([&] { run.save_checkpoint(small_state(2)); }),
        message_of<IoError>([&] { run.finish(model_, small_state(2).history); })};
  };
  const auto says_so = ::testing::Each(HasSubstr("the folder was removed, renamed or replaced"));
  std::filesystem::rename(out(), folder_ / "elsewhere");
  EXPECT_THAT(refusals(), says_so);
  EXPECT_FALSE(std::filesystem::exists(out()));
  // Another run may use the name now.
  RunFolder other(out(), ExistingRun::refuse);
  EXPECT_THAT(refusals(), says_so);
  EXPECT_TRUE(files().empty());
}

TEST_F(RunFolderTest, FilesThatTheRunWouldReplaceAreRefusedUnlessItMay) {
  std::filesystem::create_directory(out());
  std::ofstream(out() / "config.toml") << "mine";
  std::ofstream(out() / "notes.txt") << "mine";
  EXPECT_THAT(refusal(ExistingRun::refuse),
              HasSubstr("holds a config.toml, which the training would replace"));
  RunFolder run(out(), ExistingRun::overwrite);
  start(run);
  EXPECT_EQ(read_bytes(out() / "config.toml"), "mine");  // until the run is finished
  EXPECT_EQ(read_bytes(out() / "notes.txt"), "mine");
}

TEST_F(RunFolderTest, ResumingGoesOnFromTheCheckpoint) {
  {
    RunFolder run(out(), ExistingRun::refuse);
    EXPECT_FALSE(start(run).state);
    run.save_checkpoint(small_state(1));
    run.save_checkpoint(small_state(2));
  }
  RunFolder run(out(), ExistingRun::resume);
  const RunStart resumed = start(run);
  ASSERT_TRUE(resumed.state);
  EXPECT_EQ(resumed.state->history.size(), 2U);
  EXPECT_FALSE(resumed.is_finished);
  EXPECT_THAT(resumed.notes, ElementsAre());
}

TEST_F(RunFolderTest, ResumingWithoutACheckpointStartsAnewAndSaysSo) {
  RunFolder run(out(), ExistingRun::resume);
  const RunStart begun = start(run);
  EXPECT_FALSE(begun.state);
  EXPECT_FALSE(begun.is_finished);
  EXPECT_THAT(begun.notes, ElementsAre(HasSubstr("the training starts anew")));
}

TEST_F(RunFolderTest, ResumingAFinishedRunDoesNothing) {
  finish_a_run();
  const std::string model = read_bytes(out() / "model.safetensors");
  RunFolder run(out(), ExistingRun::resume);
  EXPECT_TRUE(start(run).is_finished);
  EXPECT_EQ(read_bytes(out() / "model.safetensors"), model);
  EXPECT_EQ(files().size(), 6U);
}

TEST_F(RunFolderTest, ResumingWithChangedSettingsOrDataIsRefused) {
  finish_a_run();
  config_.training.learning_rate = 0.5;
  EXPECT_THAT(refusal(ExistingRun::resume), HasSubstr("training.learning_rate: 0.001 -> 0.5"));
  std::filesystem::remove(out() / "model.safetensors");
  EXPECT_THAT(refusal(ExistingRun::resume), HasSubstr("training.learning_rate: 0.001 -> 0.5"));
  config_.training.learning_rate = 0.001;
  model_.data_fingerprint = "other";
  EXPECT_THAT(refusal(ExistingRun::resume), HasSubstr("contents of the data: "));
}

TEST_F(RunFolderTest, ADamagedCheckpointIsReported) {
  std::filesystem::create_directory(out());
  std::ofstream(out() / "checkpoint.safetensors") << "not a checkpoint";
  EXPECT_THAT(refusal(ExistingRun::resume),
              AllOf(HasSubstr("checkpoint.safetensors"), HasSubstr("or start anew")));
}

TEST_F(RunFolderTest, WhatKilledWritesLeftIsRemoved) {
  std::filesystem::create_directory(out());
  std::ofstream(out() / ".model.safetensors.99999-0.tmp") << "half";
  std::ofstream(out() / ".history.csv.99999-3.tmp") << "half";
  std::ofstream(out() / "notes.tmp") << "the user's";
  const RunFolder run(out(), ExistingRun::refuse);
  EXPECT_THAT(files(), ElementsAre("notes.tmp"));
}

TEST_F(RunFolderTest, AFolderThatCannotBeWrittenIsRefusedAtOnce) {
  const std::string file = folder_.write("file", "");
  EXPECT_THAT(message_of<IoError>([&] { RunFolder run(file, ExistingRun::refuse); }),
              HasSubstr("the folder cannot be made"));
  EXPECT_THAT(message_of<IoError>([&] { RunFolder run(file + "/out", ExistingRun::refuse); }),
              AllOf(HasSubstr("file/out: the folder cannot be made"), HasSubstr("--out")));
  // A read-only place even for root.
  EXPECT_THAT(message_of<IoError>([&] { RunFolder run("/proc/self", ExistingRun::refuse); }),
              HasSubstr("/proc/self"));
}

TEST_F(RunFolderTest, TwoRunsDoNotShareAFolder) {
  const RunFolder run(out(), ExistingRun::refuse);
  EXPECT_THAT(message_of<IoError>([&] { RunFolder other(out(), ExistingRun::overwrite); }),
              HasSubstr("another process is at work in this folder"));
}

TEST_F(RunFolderTest, AKillAtAnyMomentLeavesAFolderThatGoesOn) {
  for (int delay = 0; delay < 40; ++delay) {
    std::filesystem::remove_all(out());
    const pid_t child = ::fork();
    if (child == 0) {
      RunFolder run(out(), ExistingRun::refuse);
      start(run);
      for (std::int64_t epoch = 1; epoch <= 3; ++epoch) run.save_checkpoint(small_state(epoch));
      run.finish(model_, small_state(3).history);
      ::_exit(0);
    }
    ::usleep(static_cast<useconds_t>(delay * 500));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    if (std::filesystem::exists(out() / "model.safetensors")) {
      EXPECT_EQ(load_model(out()).pipeline, model_.pipeline);
    }
    RunFolder run(out(), ExistingRun::resume);
    const RunStart resumed = start(run);
    if (resumed.state) {
      EXPECT_EQ(bytes_of(resumed.state->tensors.begin()->second).size(), 16U);
    }
    if (!resumed.is_finished) run.finish(model_, small_state(3).history);
    EXPECT_EQ(load_model(out()).data_fingerprint, model_.data_fingerprint);
  }
}

}  // namespace
}  // namespace ebb::churn
