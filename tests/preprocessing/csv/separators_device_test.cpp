// Separators between quotes and outside of them, on the device under test.
#include "preprocessing/csv/device_separators.h"
#include "preprocessing/csv/records.h"
#include "preprocessing/split/random_order.h"
#include "tests/preprocessing/support.h"
#include "tests/support/test_device.h"

namespace ebb::preprocessing {
namespace {

using ebb::testing::test_device;

struct Result {
  std::vector<std::uint32_t> offsets;
  Separators found;
  bool has_quotes = false;
  std::size_t inner_feeds = 0;
  bool ends_in_quotes = false;
  bool is_regular = true;
};

Result on_device(std::string_view text, char delimiter) {
  Context context(test_device());
  const Tensor bytes = Tensor::from_bytes({static_cast<std::int64_t>(text.size())}, DType::u8,
                                          std::as_bytes(std::span(text)), test_device());
  const DeviceSeparators there = find_separators(context, bytes, delimiter);
  const Tensor offsets = there.offsets.to(Device());
  const auto* begin = reinterpret_cast<const std::uint32_t*>(offsets.values<std::int32_t>().data());
  return {{begin, begin + offsets.elements()},
          there.found,
          there.has_quotes,
          there.inner_feeds,
          there.ends_in_quotes,
          there.is_regular};
}

/// By the definition, each byte by itself.
Result by_definition(std::string_view text, char delimiter) {
  Result result;
  std::size_t quotes = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool is_outside = quotes % 2 == 0;
    if (is_outside && (c == delimiter || c == '\n')) {
      result.offsets.push_back(static_cast<std::uint32_t>(i));
      result.found.line_feeds += c == '\n' ? 1 : 0;
    }
    if (is_outside && c == '\r' && !text.substr(i + 1).starts_with('\n')) {
      result.found.has_lone_return = true;
    }
    if (c == '"' && is_outside) {
      std::size_t at = i;
      while (at > 0 && is_padding(text[at - 1], delimiter)) --at;
      const bool begins_field = at == 0 || text[at - 1] == delimiter || text[at - 1] == '\n';
      const bool doubles = i > 0 && text[i - 1] == '"';
      result.is_regular &= begins_field || doubles;
    }
    result.inner_feeds += !is_outside && c == '\n' ? 1 : 0;
    quotes += c == '"' ? 1 : 0;
    result.found.is_plain &= c > 0;
  }
  result.found.count = result.offsets.size();
  result.has_quotes = quotes > 0;
  result.ends_in_quotes = quotes % 2 == 1;
  return result;
}

void expect_same(std::string_view text, char delimiter) {
  SCOPED_TRACE(std::to_string(text.size()) + " bytes: " + std::string(text.substr(0, 60)));
  const Result found = on_device(text, delimiter);
  const Result expected = by_definition(text, delimiter);
  ASSERT_EQ(found.offsets, expected.offsets);
  EXPECT_EQ(found.found.count, expected.found.count);
  EXPECT_EQ(found.found.line_feeds, expected.found.line_feeds);
  EXPECT_EQ(found.found.has_lone_return, expected.found.has_lone_return);
  EXPECT_EQ(found.found.is_plain, expected.found.is_plain);
  EXPECT_EQ(found.has_quotes, expected.has_quotes);
  EXPECT_EQ(found.inner_feeds, expected.inner_feeds);
  EXPECT_EQ(found.ends_in_quotes, expected.ends_in_quotes);
  EXPECT_EQ(found.is_regular, expected.is_regular);
}

/// Bytes of `alphabet` in a random order, the first of them mostly.
std::string random_text(std::size_t size, std::string_view alphabet, std::uint64_t seed) {
  SplitMix64 generator(seed, size);
  std::string text(size, alphabet.front());
  for (char& c : text) {
    if (generator.below(3) > 0) c = alphabet[generator.below(alphabet.size())];
  }
  return text;
}

TEST(SeparatorsDevice, OfNastyTexts) {
  using namespace std::string_view_literals;
  for (const std::string_view text :
       {""sv,
        ","sv,
        "\""sv,
        "\"\""sv,
        "\"\"\""sv,
        "a,b\n"sv,
        "a,\"b,c\"\n"sv,
        "\"a\nb\",c\r\n"sv,
        "\"a\"\"b\",\"\"\n"sv,
        "\r"sv,
        "\r\n"sv,
        "a\rb\n"sv,
        "\"\r\"\r"sv,
        " \"a\" ,\t\"b\""sv,
        "\"a\" \"b\",c\n"sv,
        "5\" tall,6\" tall\n"sv,
        "a\0b,c"sv,
        "\xC3\xA9,\"\xC3\xA9\"\n"sv,
        "\"open,\n"sv,
        ",,,,,,,,,,,,,,,,,,,,\n\n\n\n\"\n\n\n\",,,,,,,,,,,,,,,,,,,,"sv}) {
    for (const char delimiter : {',', ';', '\t'}) expect_same(text, delimiter);
  }
}

TEST(SeparatorsDevice, OfRandomTextsOfManySizes) {
  for (const std::size_t size : {15U, 16U, 17U, 511U, 4095U, 4096U, 4097U, 8192U, 20001U}) {
    for (std::uint64_t seed = 0; seed < 3; ++seed) {
      expect_same(random_text(size, "a,\n\r", seed), ',');
      expect_same(random_text(size, "a,\n\"", seed), ',');
      expect_same(random_text(size, "\"\",\n \t\r;x\x80", seed), seed % 2 == 0 ? ',' : '\t');
    }
  }
}

TEST(SeparatorsDevice, OfTilesOfOneByte) {
  for (const char c : {',', '\n', '"', 'a', '\r'}) {
    expect_same(std::string(9000, c), ',');
    expect_same("\"" + std::string(9000, c), ',');
  }
}

TEST(SeparatorsDevice, AreThoseOfTheCpuWithoutQuotes) {
  const std::string text = random_text(30000, "ab,\n\r", 5);
  std::vector<std::uint32_t> offsets(text.size() + kSeparatorSlack);
  const Separators expected = find_separators(text, ',', offsets.data());
  offsets.resize(expected.count);
  const Result found = on_device(text, ',');
  EXPECT_EQ(found.offsets, offsets);
  EXPECT_EQ(found.found.line_feeds, expected.line_feeds);
  EXPECT_EQ(found.found.has_lone_return, expected.has_lone_return);
  EXPECT_EQ(found.found.is_plain, expected.is_plain);
}

TEST(SeparatorsDevice, EndTheRecordsOfARegularText) {
  SplitMix64 generator(1, 1);
  std::string text;
  while (text.size() < 50000) {
    const std::string_view fields[] = {"12.5", "\"a,b\"", "\"x\ny\"", "\"say \"\"no\"\"\"",
                                       "\"\"", " \"z\" ", "plain"};
    text += fields[generator.below(std::size(fields))];
    text += generator.below(4) == 0 ? '\n' : ',';
  }
  text += "last\n";
  const Result found = on_device(text, ',');
  EXPECT_TRUE(found.is_regular);
  EXPECT_FALSE(found.ends_in_quotes);
  std::vector<std::uint32_t> ends;
  for (const std::uint32_t offset : found.offsets) {
    if (text[offset] == '\n') ends.push_back(offset);
  }
  std::vector<std::uint32_t> expected;
  for (const RecordSpan& record : scan_records(text, ',', 1, true).records) {
    expected.push_back(static_cast<std::uint32_t>(record.end));
  }
  EXPECT_EQ(ends, expected);
}

TEST(SeparatorsDevice, RefuseOtherTensors) {
  Context context(test_device());
  const Tensor numbers = Tensor::zeros({4}, DType::f32, test_device());
  EXPECT_THAT(message_of<Error>([&] { find_separators(context, numbers, ','); }),
              ::testing::HasSubstr("expected u8"));
}

}  // namespace
}  // namespace ebb::preprocessing
