// Every cut and every flipped bit of a model and of a checkpoint is refused, and the message names
// the file and the part. Files here are as large as those of a small network.
#include <cstring>
#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "apps/churn/artefact/checkpoint.h"
#include "engine/io/safetensors.h"
#include "tests/churn/support/small_model.h"

namespace ebb::churn {
namespace {

using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::size_t kKibibyte = 1024;

Tensor weights(std::int64_t rows) {
  std::vector<float> values(static_cast<std::size_t>(rows) * 64);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = 0.001F * static_cast<float>(i);
  return Tensor::from_values<float>({rows, 64}, values);
}

struct Kind {
  const char* file;
  std::function<void(const std::string&, const RunConfig&)> save;
  std::function<void(const std::string&)> load;
};

void save_a_model(const std::string& path, const RunConfig& config) {
  ModelFile model = small_model(config);
  model.weights = {{"token_table", weights(7)},
                   {"encoder.weight", weights(33)},
                   {"encoder.bias", weights(1)},
                   {"head.weight", weights(2)}};
  save_model(path, model);
}

void save_a_checkpoint(const std::string& path, const RunConfig& config) {
  TrainerState state = small_state(2);
  for (const char* name : {"parameter/w", "first_moment/w", "second_moment/w", "average/w"}) {
    state.tensors[name] = weights(11);
  }
  save_checkpoint(path, {config, "fingerprint", state, {}});
}

class DamageTest : public ::testing::TestWithParam<Kind> {
 protected:
  DamageTest() {
    GetParam().save((folder_ / GetParam().file).string(), config_);
    content_ = read_bytes(folder_ / GetParam().file);
    const SafetensorsFile file(folder_ / GetParam().file);
    for (const SafetensorsEntry& entry : file.entries()) sizes_[entry.name] = entry.data.size();
    std::uint64_t length = 0;
    std::memcpy(&length, content_.data(), sizeof length);
    data_begin_ = sizeof length + length;
  }

  std::string refusal(const std::string& content) {
    const std::string path = folder_.write(GetParam().file, content);
    const std::string message = message_of<DataError>([&] { GetParam().load(path); });
    EXPECT_THAT(message, StartsWith(path + ": "));
    return message;
  }

  std::string refusal_of_flip(std::size_t byte) {
    std::string damaged = content_;
    damaged[byte] = static_cast<char>(damaged[byte] ^ (1 << (byte % 8)));
    return refusal(damaged);
  }

  /// Where the data of a tensor lie in the file, by its offsets in the header.
  std::size_t begin_of(const std::string& name) const {
    const std::size_t entry = content_.find('"' + name + "\":{");
    const std::string field = "\"data_offsets\":[";
    return data_begin_ + std::stoul(content_.substr(content_.find(field, entry) + field.size()));
  }

  TemporaryFolder folder_;
  RunConfig config_ = small_config(folder_);
  std::string content_;
  std::size_t data_begin_ = 0;
  std::map<std::string, std::size_t> sizes_;
};

TEST_P(DamageTest, ACutAtEveryKibibyteIsRefused) {
  ASSERT_GT(content_.size(), 10 * kKibibyte);
  for (std::size_t boundary = 0; boundary < content_.size(); boundary += kKibibyte) {
    for (const std::size_t size : {boundary, boundary + 1, boundary + kKibibyte - 1}) {
      if (size >= content_.size()) continue;
      EXPECT_THAT(refusal(content_.substr(0, size)), HasSubstr("cut")) << size;
    }
  }
}

TEST_P(DamageTest, ACutNamesTheTensorWhereItBegins) {
  for (const auto& [name, size] : sizes_) {
    EXPECT_THAT(refusal(content_.substr(0, begin_of(name) + size - 1)),
                HasSubstr("the file was cut or is damaged from \"" + name + "\" on"));
  }
}

TEST_P(DamageTest, AFlippedBitNamesItsTensor) {
  for (const auto& [name, size] : sizes_) {
    for (const std::size_t within : {std::size_t{0}, size / 2, size - 1}) {
      EXPECT_THAT(refusal_of_flip(begin_of(name) + within),
                  HasSubstr("the data is damaged in \"" + name + "\": its checksum is"));
    }
  }
  std::string damaged = content_;
  for (const auto& [name, size] : sizes_) damaged[begin_of(name)] ^= 4;
  EXPECT_THAT(refusal(damaged), HasSubstr(fmt::format("and {} more tensors", sizes_.size() - 1)));
}

TEST_P(DamageTest, AFlippedBitInEachPartOfTheHeaderIsRefused) {
  for (std::size_t byte = 0; byte < 8; ++byte) {
    EXPECT_THAT(refusal_of_flip(byte), AnyOf(HasSubstr("header"), HasSubstr("cut"))) << byte;
  }
  // Names and texts: what the metadata hold, the checksums, shapes and offsets.
  for (const char* part :
       {"\"format\"", "ebb.checksum.data\":\"", "ebb.checksum.header\":\"",
        "ebb.checksum.tensors\":\"", "\"config\":\"", "data_fingerprint\":\"",
        "\"instruction_set\":\"", "\"dtype\":\"", "\"shape\":[", "\"data_offsets\":["}) {
    const std::size_t found = content_.find(part);
    ASSERT_NE(found, std::string::npos) << part;
    for (const std::size_t byte : {found + 1, found + std::strlen(part)}) {
      EXPECT_THAT(refusal_of_flip(byte), HasSubstr("header")) << part;
    }
  }
  EXPECT_THAT(refusal_of_flip(content_.find("ebb.checksum.tensors\":\"") + 30),
              HasSubstr("the header is damaged: its checksum is"));
}

INSTANTIATE_TEST_SUITE_P(
    Files, DamageTest,
    ::testing::Values(Kind{"model.safetensors", save_a_model,
                           [](const std::string& path) { load_model(path); }},
                      Kind{"checkpoint.safetensors", save_a_checkpoint,
                           [](const std::string& path) { load_checkpoint(path); }}),
    [](const auto& test) { return std::string(test.param.file).substr(0, 5); });

}  // namespace
}  // namespace ebb::churn
