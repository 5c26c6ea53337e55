#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "apps/churn/artefact/checkpoint.h"
#include "apps/churn/config/config_file.h"
#include "apps/churn/explanation/background.h"
#include "engine/io/safetensors.h"
#include "kernels/common/error.h"
#include "tests/churn/support/small_model.h"
#include "tests/support/test_json.h"

namespace ebb::churn {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class ModelFileTest : public ::testing::Test {
 protected:
  std::string path() const { return (folder_ / "model.safetensors").string(); }

  std::string refusal(const std::string& bytes) {
    const std::string file = folder_.write("model.safetensors", bytes);
    return message_of<DataError>([&] { load_model(file); });
  }

  /// The refusal of the saved model with one text of its metadata replaced, or taken out.
  std::string refusal_with(const std::string& name, const std::optional<std::string>& text) {
    save_model(path(), small_model(config_));
    SafetensorsMetadata metadata;
    std::map<std::string, Tensor> weights;
    {
      const SafetensorsFile file(path());
      metadata = file.metadata();
    }
    metadata.erase(name);
    if (text) metadata[name] = *text;
    const float weight = 1.0F;
    const SafetensorsEntry entry{"w", DType::f32, {1}, std::as_bytes(std::span(&weight, 1))};
    write_safetensors(path(), {&entry, 1}, metadata);
    return message_of<DataError>([&] { load_model(path()); });
  }

  TemporaryFolder folder_;
  RunConfig config_ = small_config(folder_);
};

TEST_F(ModelFileTest, EverythingComesBackToTheBit) {
  ModelFile model = small_model(config_);
  model.threshold.fallback_reason = "验证数据只有一类";
  model.threshold.objective_value = std::nan("");
  save_model(path(), model);
  const ModelFile read = load_model(folder_.path());
  EXPECT_EQ(read.config, without_location(model.config));
  EXPECT_EQ(read.pipeline, model.pipeline);
  EXPECT_EQ(read.threshold.threshold, model.threshold.threshold);
  EXPECT_TRUE(std::isnan(read.threshold.objective_value));
  EXPECT_EQ(read.threshold.fallback_reason, model.threshold.fallback_reason);
  EXPECT_EQ(read.training_base_rate, model.training_base_rate);
  EXPECT_EQ(read.data_fingerprint, model.data_fingerprint);
  EXPECT_EQ(read.metrics, kSmallMetrics);
  EXPECT_EQ(read.build, this_build(Precision::f32));
  ASSERT_EQ(read.weights.size(), model.weights.size());
  for (const auto& [name, tensor] : model.weights) {
    EXPECT_EQ(read.weights.at(name).shape(), tensor.shape()) << name;
    EXPECT_EQ(read.weights.at(name).dtype(), tensor.dtype()) << name;
    EXPECT_EQ(bytes_of(read.weights.at(name)), bytes_of(tensor)) << name;
  }
  // Saving what was read changes nothing.
  const std::string bytes = read_bytes(path());
  save_model(path(), read);
  EXPECT_EQ(read_bytes(path()), bytes);
}

TEST_F(ModelFileTest, TheBackgroundComesBackAndIsChecked) {
  ModelFile model = small_model(config_);
  model.background = draw_background(prepare_data(config_).train.features, 1);
  ASSERT_GT(model.background.rows, 2U);
  save_model(path(), model);
  const ModelFile read = load_model(path());
  EXPECT_EQ(read.background.rows, model.background.rows);
  EXPECT_EQ(read.background.numbers, model.background.numbers);
  EXPECT_EQ(read.background.codes, model.background.codes);
  EXPECT_EQ(read.weights.size(), model.weights.size());

  const auto refusal_of = [&](auto change) {
    ModelFile changed = model;
    change(changed.background);
    save_model(path(), changed);
    return message_of<DataError>([&] { load_model(path()); });
  };
  EXPECT_THAT(refusal_of([](auto& rows) { rows.codes.front() = 99; }),
              AllOf(HasSubstr(path()), HasSubstr("background/codes holds the code 99")));
  EXPECT_THAT(refusal_of([](auto& rows) { rows.numbers.front() = std::nanf(""); }),
              HasSubstr("background/numbers holds nan"));
  EXPECT_THAT(refusal_of([](auto& rows) { rows.category_count = 0; }),
              HasSubstr("are not both there"));
}

TEST_F(ModelFileTest, EqualRunsGiveEqualBytesWhereverTheyRan) {
  save_model(path(), small_model(config_));
  const TemporaryFolder elsewhere;
  RunConfig config = small_config(elsewhere);
  config.runtime.threads = 1;
  save_model(elsewhere / "other.safetensors", small_model(config));
  const std::string bytes = read_bytes(path());
  EXPECT_EQ(read_bytes(elsewhere / "other.safetensors"), bytes);
  EXPECT_THAT(bytes, Not(HasSubstr(folder_.path().filename().string())));
  EXPECT_THAT(bytes, Not(HasSubstr("客户 table")));
}

TEST_F(ModelFileTest, EveryFlippedBitAndEveryCutIsNoticed) {
  save_model(path(), small_model(config_));
  const std::string bytes = read_bytes(path());
  // All bits would take minutes; a prime step meets every part of the file.
  for (std::size_t i = 0; i < bytes.size(); i += 97) {
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ (1 << (i % 8)));
    EXPECT_THAT(refusal(damaged), HasSubstr("model.safetensors")) << "byte " << i;
    EXPECT_THAT(refusal(bytes.substr(0, i)), HasSubstr("model.safetensors")) << "cut at " << i;
  }
  EXPECT_THAT(refusal(bytes.substr(0, bytes.size() - 1)),
              HasSubstr("the file was cut or is damaged"));
  EXPECT_THAT(refusal(bytes.substr(0, 100)), HasSubstr("it was cut or is damaged"));
  EXPECT_THAT(refusal(bytes + "x"), HasSubstr("the file was cut or is damaged"));
  std::string damaged = bytes;
  damaged.back() = static_cast<char>(damaged.back() ^ 1);
  EXPECT_THAT(refusal(damaged),
              HasSubstr("the data is damaged in \"head/weight\": its checksum is"));
  damaged = bytes;
  damaged[bytes.find("0.8451")] = '1';
  EXPECT_THAT(refusal(damaged), HasSubstr("the header is damaged: its checksum is"));
  EXPECT_THAT(refusal(""), HasSubstr("has 0 bytes"));
}

TEST_F(ModelFileTest, OtherFormatsAndVersionsAreRefused) {
  save_checkpoint(path(), {config_, "fingerprint", small_state(1), {}});
  EXPECT_THAT(message_of<DataError>([&] { load_model(path()); }),
              HasSubstr("is a file of the format \"ebb.checkpoint\", expected a file of the format "
                        "\"ebb.model\""));
  write_safetensors(path(), {}, {});
  EXPECT_THAT(message_of<DataError>([&] { load_model(path()); }),
              HasSubstr("is a safetensors file without ebb's metadata"));
  EXPECT_THAT(refusal_with("format_version", "2"),
              HasSubstr("is of version 2 of the format \"ebb.model\", this program reads version "
                        "1: use the newer ebb"));
  EXPECT_THAT(refusal_with("format_version", "one"),
              HasSubstr("the metadata \"format_version\" is wrong: \"one\" is no number"));
}

TEST_F(ModelFileTest, WrongContentsAreRefusedByName) {
  EXPECT_THAT(refusal_with("pipeline", {}),
              HasSubstr("the metadata \"pipeline\" is wrong: it is missing"));
  EXPECT_THAT(refusal_with("pipeline", "{"), HasSubstr("the metadata \"pipeline\" is wrong"));
  EXPECT_THAT(refusal_with("pipeline", "{}"), HasSubstr("the metadata \"pipeline\" is wrong"));
  EXPECT_THAT(refusal_with("config", "[model]\ndim = 0\n"),
              AllOf(HasSubstr("the metadata \"config\" is wrong"), HasSubstr("model.dim is")));
  EXPECT_THAT(refusal_with("threshold", "1.5"),
              HasSubstr("the metadata \"threshold\" is wrong: 1.5, expected a number from 0 to 1"));
  EXPECT_THAT(refusal_with("threshold", "nan"), HasSubstr("the metadata \"threshold\" is wrong"));
  EXPECT_THAT(refusal_with("metrics", "]"), HasSubstr("the metadata \"metrics\" is wrong"));
}

TEST_F(ModelFileTest, MetricsOfAnotherFormAreRefusedByName) {
  const auto refused = [&](const char* pointer, const nlohmann::json& value) {
    nlohmann::json metrics = ebb::testing::json_of(kSmallMetrics);
    metrics[nlohmann::json::json_pointer(pointer)] = value;
    return refusal_with("metrics", metrics.dump());
  };
  EXPECT_THAT(
      refusal_with("metrics", "{}"),
      HasSubstr(
          "the metadata \"metrics\" is wrong: the document: the key \"parameters\" is missing"));
  EXPECT_THAT(
      refusal_with("metrics", "[]"),
      HasSubstr("the metadata \"metrics\" is wrong: the document: expected an object, got array"));
  EXPECT_THAT(refused("/parameters", -1), HasSubstr("parameters: expected a whole number"));
  EXPECT_THAT(refused("/epochs", 1.5), HasSubstr("epochs: expected a whole number"));
  EXPECT_THAT(refused("/network/train", nullptr), HasSubstr("network.train: expected an object"));
  EXPECT_THAT(refused("/network/train/f1", "x"),
              HasSubstr("network.train.f1: expected a number, got string"));
  EXPECT_THAT(refused("/network/test", {{"f1", 1.0}}),
              HasSubstr("network.test: the key \"roc_auc\" is missing"));
  EXPECT_THAT(refused("/base_rate/validation", 1),
              HasSubstr("base_rate.validation: expected an object, got number"));
  EXPECT_THAT(refused("/base_rate", {{"train", nullptr}}),
              HasSubstr("base_rate: the key \"validation\" is missing"));
}

TEST_F(ModelFileTest, AFolderWithoutAModelSaysWhatToDo) {
  EXPECT_THAT(message_of<IoError>([&] { load_model(folder_ / "none"); }),
              HasSubstr("there is no such model"));
  EXPECT_THAT(message_of<IoError>([&] { load_model(folder_.path()); }),
              HasSubstr("there is no model.safetensors in this folder: name the folder"));
  folder_.write("checkpoint.safetensors", "");
  EXPECT_THAT(message_of<IoError>([&] { load_model(folder_.path()); }),
              HasSubstr("its training is unfinished; go on with ebb train --resume"));
}

}  // namespace
}  // namespace ebb::churn
