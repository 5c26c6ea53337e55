#include "engine/io/safetensors.h"

#include <cstring>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernels/common/error.h"
#include "tests/support/message_of.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/test_data.h"

namespace ebb {
namespace {

namespace fs = std::filesystem;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using testing::read_bytes;
using ::testing::StartsWith;
using testing::TemporaryFolder;

template <class T>
SafetensorsEntry entry(std::string name, const Shape& shape, const std::vector<T>& values) {
  return {std::move(name), dtype_of<T>, shape, std::as_bytes(std::span(values))};
}

template <class T>
std::vector<T> values_of(const SafetensorsFile& file, std::string_view name) {
  const SafetensorsEntry* found = file.find(name);
  if (found == nullptr) fail("no tensor {}", name);
  EXPECT_EQ(found->dtype, dtype_of<T>) << name;
  std::vector<T> values(found->data.size() / sizeof(T));
  std::memcpy(values.data(), found->data.data(), found->data.size());
  return values;
}

/// Three tensors of different sizes, one empty, and metadata.
class SafetensorsTest : public ::testing::Test {
 protected:
  void write(const fs::path& path, bool reversed = false) const {
    std::vector<SafetensorsEntry> entries{
        entry("layer.weight", {2, 3}, floats_), entry("编码", {3}, bytes_),
        entry("position", {}, position_), entry("nothing", {4, 0}, std::vector<double>{})};
    if (reversed) entries = {entries[3], entries[2], entries[1], entries[0]};
    write_safetensors(path, entries, metadata_);
  }

  /// What opening a file of this content says.
  std::string message_of(std::string_view content) const {
    const std::string path = folder_.write("damaged", content);
    try {
      const SafetensorsFile file(path);
    } catch (const DataError& error) {
      const std::string message = error.what();
      EXPECT_THAT(message, StartsWith(path + ": "));
      return message.substr(std::min(message.size(), path.size() + 2));
    }
    return "no error";
  }

  static std::string framed(std::string_view header, std::string_view data = {}) {
    const std::uint64_t length = header.size();
    std::string content(sizeof length, '\0');
    std::memcpy(content.data(), &length, sizeof length);
    return content.append(header).append(data);
  }

  TemporaryFolder folder_;
  std::vector<float> floats_{0.5F, 1, -2, 3, 4, 5};
  std::vector<std::uint8_t> bytes_{1, 2, 255};
  std::vector<std::int64_t> position_{-(std::int64_t{1} << 40)};
  SafetensorsMetadata metadata_{{"version", "1"}, {"schema", "{\"列\": \"a\\\"b\"}\n"}};
};

TEST_F(SafetensorsTest, ReadsWhatItWrote) {
  write(folder_ / "a");
  const SafetensorsFile file(folder_ / "a");
  EXPECT_TRUE(file.had_checksums());
  EXPECT_EQ(file.metadata(), metadata_);
  ASSERT_EQ(file.entries().size(), 4u);
  EXPECT_EQ(file.entries()[0].name, "layer.weight");
  EXPECT_EQ(file.find("layer.weight")->shape, (Shape{2, 3}));
  EXPECT_EQ(file.find("nothing")->shape, (Shape{4, 0}));
  EXPECT_EQ(file.find("position")->shape, Shape{});
  EXPECT_EQ(file.find("layer"), nullptr);
  EXPECT_EQ(values_of<float>(file, "layer.weight"), floats_);
  EXPECT_EQ(values_of<std::uint8_t>(file, "编码"), bytes_);
  EXPECT_EQ(values_of<std::int64_t>(file, "position"), position_);
}

TEST_F(SafetensorsTest, WritesEqualBytesInAnyOrderAndAlignsData) {
  write(folder_ / "a");
  write(folder_ / "b", true);
  const std::string content = read_bytes(folder_ / "a");
  EXPECT_EQ(content, read_bytes(folder_ / "b"));
  std::uint64_t length = 0;
  std::memcpy(&length, content.data(), sizeof length);
  EXPECT_EQ((sizeof length + length) % 64, 0u);
  const SafetensorsFile file(folder_ / "a");
  const std::byte* data = file.find("position")->data.data();
  EXPECT_EQ(file.find("layer.weight")->data.data() - data, 8);
  EXPECT_EQ(file.find("编码")->data.data() - data, 32);
}

TEST_F(SafetensorsTest, HoldsNothing) {
  write_safetensors(folder_ / "a", {}, {});
  const SafetensorsFile file(folder_ / "a");
  EXPECT_TRUE(file.entries().empty());
  EXPECT_TRUE(file.metadata().empty());
}

TEST_F(SafetensorsTest, ReadsAFileOfThePythonPackage) {
  const SafetensorsFile file(testing::test_data("python.safetensors"));
  EXPECT_FALSE(file.had_checksums());
  EXPECT_EQ(file.metadata(), (SafetensorsMetadata{{"note", "by Python, 流失"}}));
  EXPECT_EQ(file.entries().size(), 9u);
  EXPECT_EQ(values_of<float>(file, "encoder.weight"),
            (std::vector<float>{0, 0.5F, 1, 1.5F, 2, 2.5F}));
  EXPECT_EQ(values_of<double>(file, "double"), (std::vector<double>{0.1, -1e300}));
  EXPECT_EQ(to_float(values_of<Float16>(file, "half")[0]), 1.5F);
  EXPECT_EQ(to_float(values_of<BFloat16>(file, "brain")[0]), 1.0F);
  EXPECT_EQ(values_of<std::int32_t>(file, "token"), (std::vector<std::int32_t>{-1, 7}));
  EXPECT_EQ(values_of<std::int64_t>(file, "position"), position_);
  EXPECT_EQ(values_of<std::uint8_t>(file, "mask"), (std::vector<std::uint8_t>{0, 1, 255}));
  EXPECT_EQ(file.find("empty")->shape, (Shape{0, 4}));
  EXPECT_EQ(values_of<std::uint8_t>(file, "列.权重"), (std::vector<std::uint8_t>{42}));
}

TEST_F(SafetensorsTest, FindsEveryTruncation) {
  write(folder_ / "a");
  const std::string content = read_bytes(folder_ / "a");
  for (std::size_t length = 0; length < content.size(); ++length) {
    EXPECT_THAT(message_of(content.substr(0, length)), HasSubstr("cut")) << length;
  }
  EXPECT_THAT(message_of(content + "x"), HasSubstr("the data has 36 bytes, expected 35"));
}

TEST_F(SafetensorsTest, FindsEveryFlippedBit) {
  write(folder_ / "a");
  const std::string content = read_bytes(folder_ / "a");
  const std::size_t data_begin = content.size() - 35;
  for (std::size_t i = 0; i < content.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string damaged = content;
      damaged[i] = static_cast<char>(damaged[i] ^ (1 << bit));
      const std::string message = message_of(damaged);
      EXPECT_THAT(message, HasSubstr(i >= data_begin ? "the data is damaged" : "header"))
          << "byte " << i << " bit " << bit;
    }
  }
}

TEST_F(SafetensorsTest, ReadsFilesWithoutChecksums) {
  write(folder_ / "a");
  std::string content = read_bytes(folder_ / "a");
  content.replace(content.find("ebb.checksum.header"), 19, "ebb.checksum_header");
  EXPECT_THAT(message_of(content), HasSubstr("has only one of the checksums"));
  content.replace(content.find("ebb.checksum.data"), 17, "ebb.checksum_data");
  EXPECT_EQ(message_of(content), "no error");
}

TEST_F(SafetensorsTest, ChecksumsSpelledOtherwiseDoNotSwitchTheCheckOff) {
  write(folder_ / "a");
  std::string content = read_bytes(folder_ / "a");
  // Another program's JSON with blanks, and a changed text; the padding makes room for the blank.
  content.replace(content.find("ebb.checksum.header\":"), 21, "ebb.checksum.header\": ");
  content.replace(content.find("\"version\":\"1\""), 13, "\"version\":\"2\"");
  std::uint64_t length = 0;
  std::memcpy(&length, content.data(), sizeof length);
  ASSERT_EQ(content[sizeof length + length], ' ') << "no padding";
  content.erase(sizeof length + length, 1);
  EXPECT_THAT(message_of(content), StartsWith("another program rewrote the header"));
}

TEST_F(SafetensorsTest, NamesTheDamagedSection) {
  write(folder_ / "a");
  const std::string content = read_bytes(folder_ / "a");
  std::string damaged = content;
  damaged.back() ^= 1;
  EXPECT_THAT(message_of(damaged), StartsWith("the data is damaged in \"编码\": its checksum is "));
  damaged[damaged.size() - 35] ^= 1;
  EXPECT_THAT(message_of(damaged), StartsWith("the data is damaged in \"position\" and 1 more"));
  EXPECT_THAT(message_of(content.substr(0, content.size() - 4)),
              HasSubstr("was cut or is damaged from \"layer.weight\" on"));
  damaged = content;
  damaged[damaged.find("version")] ^= 1;
  EXPECT_THAT(message_of(damaged), StartsWith("the header is damaged: its checksum is "));
  damaged = content;
  damaged[damaged.find("ebb.checksum.header")] ^= 1;
  EXPECT_EQ(message_of(damaged),
            "the header is damaged: it has only one of the checksums ebb.checksum.header and "
            "ebb.checksum.data");
}

TEST_F(SafetensorsTest, RefusesHostileHeaders) {
  const std::string valid = R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}})";
  EXPECT_EQ(message_of(framed(valid, "xy")), "no error");
  EXPECT_EQ(message_of(framed(valid + "   ", "xy")), "no error");

  const struct {
    std::string header;
    std::string message;
  } cases[] = {
      {"", "byte 1 of the header is not JSON in UTF-8"},
      {"[]", "the header has an array, expected {\"__metadata__\""},
      {"7", "the header has the number 7"},
      {valid + "x", "is not JSON in UTF-8"},
      {valid + valid, "is not JSON in UTF-8"},
      {"{\"\xff\":1}", "is not JSON in UTF-8"},
      {R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},)"
       R"("a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}})",
       "the header has the tensor \"a\" twice"},
      {R"({"a":{"dtype":"U8","dtype":"U8","shape":[2],"data_offsets":[0,2]}})", "two dtypes"},
      {R"({"a":{"dtype":"U8","shape":[2],"shape":[2],"data_offsets":[0,2]}})", "two lists"},
      {R"({"__metadata__":{"k":"1","k":"2"}})", "the metadata \"k\" twice"},
      {R"({"__metadata__":{},"__metadata__":{}})", "\"__metadata__\" twice"},
      {R"({"__metadata__":{"k":1}})", "the number 1 at \"k\""},
      {R"({"__metadata__":{"k":{}}})", "an object at \"k\""},
      {R"({"__metadata__":[]})", "an array at \"__metadata__\""},
      {R"({"a":{"dtype":"C64","shape":[2],"data_offsets":[0,2]}})",
       "the dtype \"C64\" of \"a\", expected F32, F64, BF16, F16, I32, I64 or U8"},
      {R"({"a":{"shape":[2],"data_offsets":[0,2]}})", "an incomplete tensor \"a\""},
      {R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0]}})", "an incomplete tensor \"a\""},
      {R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2,3]}})", "more than 2 numbers"},
      {R"({"a":{"dtype":"U8","shape":[1,1,1,1,1,1,2],"data_offsets":[0,2]}})",
       "more than 6 numbers in \"shape\" of \"a\""},
      {R"({"a":{"dtype":"U8","shape":[-2],"data_offsets":[0,2]}})", "the number -2 at \"shape\""},
      {R"({"a":{"dtype":"U8","shape":[2.0],"data_offsets":[0,2]}})", "the number 2.0"},
      {R"({"a":{"dtype":"U8","shape":[[2]],"data_offsets":[0,2]}})", "an array at \"shape\""},
      {R"({"a":{"dtype":"U8","shape":null,"data_offsets":[0,2]}})", "null at \"shape\""},
      {R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2],"more":true}})", "a truth value"},
      {R"({"a":{"dtype":"U8","shape":[9223372036854775808],"data_offsets":[0,2]}})",
       "numbers below 2^63"},
      {R"({"a":{"dtype":"U8","shape":[99999999999999999999],"data_offsets":[0,2]}})",
       "the number 99999999999999999999"},
      {R"({"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}})",
       "elements overflow"},
      {R"({"a":{"dtype":"U8","shape":[0,4611686018427387904,4],"data_offsets":[0,0]}})",
       "elements overflow"},
      {R"({"__metadata__":{"ebb.checksum.other":"0"}})", "the data has 2 bytes, expected 0"},
      {"{\"" + std::string(100'000, 'a') + "\":1}", std::string(300, 'a')},
      {R"({"a":{"dtype":"U8","shape":[3],"data_offsets":[0,2]}})",
       "offsets 0 to 2 of \"a\", expected 3 bytes ([3] of U8)"},
      {R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[2,0]}})", "offsets 2 to 0 of \"a\""},
      {R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}})",
       "begins at byte 1 of the data, expected 0"},
      {R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},)"
       R"("b":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})",
       "\"b\" begins at byte 1 of the data, expected 2"},
      {R"({"a":{"dtype":"U8","shape":[9223372036854775807],)"
       R"("data_offsets":[0,9223372036854775807]}})",
       "the data has 2 bytes, expected 9223372036854775807"},
      {"{}", "the data has 2 bytes, expected 0"},
      {std::string(100'000, '['), "an array"},
      {"{\"a\":" + std::string(100'000, '{'), "not JSON"},
  };
  for (const auto& c : cases) {
    EXPECT_THAT(message_of(framed(c.header, "xy")), HasSubstr(c.message))
        << c.header.substr(0, 200);
  }
}

TEST_F(SafetensorsTest, RefusesAChecksumThatItDoesNotKnow) {
  EXPECT_EQ(message_of(framed(R"({"__metadata__":{"ebb.checksum.hEader":"0"}})")),
            "the header is damaged: there is no checksum \"ebb.checksum.hEader\"");
}

TEST_F(SafetensorsTest, RefusesMoreNamesThanItsLimit) {
  const auto names = [](std::size_t count, std::string_view value) {
    std::string list;
    for (std::size_t i = 0; i < count; ++i) {
      list += fmt::format("{}\"{}\":{}", i == 0 ? "" : ",", i, value);
    }
    return "{" + list + "}";
  };
  const std::string tensor = R"({"dtype":"U8","shape":[0],"data_offsets":[0,0]})";
  EXPECT_EQ(message_of(framed(names(kMaxSafetensorsNames, tensor))), "no error");
  EXPECT_THAT(message_of(framed(names(kMaxSafetensorsNames + 1, tensor))),
              HasSubstr("more than 100000 tensors"));
  const auto texts = [&](std::size_t count) {
    return framed("{\"__metadata__\":" + names(count, "\"\"") + "}");
  };
  EXPECT_EQ(message_of(texts(kMaxSafetensorsNames)), "no error");
  EXPECT_THAT(message_of(texts(kMaxSafetensorsNames + 1)), HasSubstr("more than 100000 texts"));
}

TEST_F(SafetensorsTest, KeepsItsDataWhenItMoves) {
  write_safetensors(folder_ / "a", std::vector{entry("编码", {3}, bytes_)}, {});
  SafetensorsFile file(folder_ / "a");
  const SafetensorsFile moved(std::move(file));
  EXPECT_EQ(values_of<std::uint8_t>(moved, "编码"), bytes_);
}

TEST_F(SafetensorsTest, RefusesHeaderLengthsThatDoNotFit) {
  std::string content = framed("{}");
  content[0] = 3;
  EXPECT_EQ(message_of(content),
            "has 10 bytes, its header alone ends at byte 11; it was cut or is damaged");
  content[7] = '\x80';
  EXPECT_EQ(message_of(content),
            "states a header of 9223372036854775811 bytes, at most 100000000 are possible; it is "
            "damaged or no safetensors file");
}

TEST_F(SafetensorsTest, RefusesToWriteWhatCannotBeRead) {
  const fs::path path = folder_ / "a";
  const auto message = [&](const std::vector<SafetensorsEntry>& entries,
                           const SafetensorsMetadata& metadata = {}) {
    try {
      write_safetensors(path, entries, metadata);
    } catch (const DataError& error) {
      EXPECT_FALSE(fs::exists(path));
      return std::string(error.what()).substr(path.string().size() + 2);
    }
    return std::string("no error");
  };
  EXPECT_EQ(message({entry("a", {5}, floats_)}),
            "the tensor \"a\" has 24 bytes, expected 20 ([5] of f32)");
  EXPECT_EQ(message({entry("a", {6}, floats_), entry("a", {3}, bytes_)}),
            "two tensors are named \"a\"");
  EXPECT_EQ(message({entry("__metadata__", {6}, floats_)}),
            "a tensor cannot be named \"__metadata__\"");
  EXPECT_EQ(message({}, {{"ebb.checksum.data", "0"}}),
            "the metadata name \"ebb.checksum.data\" is reserved");
  EXPECT_THAT(message({entry("\xff", {6}, floats_)}),
              StartsWith("a name or metadata text is not UTF-8"));
}

TEST_F(SafetensorsTest, ReportsFilesThatCannotBeReadOrWritten) {
  const auto message = [](auto&& action) { return testing::message_of<IoError>(action); };
  EXPECT_THAT(message([&] { SafetensorsFile(folder_ / "missing"); }),
              HasSubstr("No such file or directory"));
  EXPECT_EQ(message([] { SafetensorsFile("/dev/zero"); }),
            "/dev/zero: is a device or a pipe, expected a safetensors file");
  EXPECT_THAT(message([&] { write("/dev/full"); }), HasSubstr("No space left on device"));
  EXPECT_THAT(message([&] { write(folder_ / "no folder/a"); }), HasSubstr("create the folder"));
}

}  // namespace
}  // namespace ebb
