#include "preprocessing/cleaning/text_normalisation.h"

#include <nlohmann/json.hpp>

#include "tests/preprocessing/support.h"
#include "tests/support/test_json.h"

namespace ebb::preprocessing {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;

constexpr TextOptions kNothing = {.narrows = false,
                                  .text_case = TextCase::keep,
                                  .composes = false,
                                  .trims = false,
                                  .joins_spaces = false};

const json& texts_of_python() {
  static const json document = ebb::testing::test_json("text.json");
  return document;
}

void expect_as_python(const char* name, const TextOptions& options) {
  SCOPED_TRACE(name);
  ASSERT_EQ(texts_of_python()[name].size(), texts_of_python()["texts"].size());
  for (std::size_t i = 0; i < texts_of_python()["texts"].size(); ++i) {
    const auto text = texts_of_python()["texts"][i].get<std::string>();
    EXPECT_EQ(normalise_text(text, options), texts_of_python()[name][i].get<std::string>()) << text;
  }
}

TEST(TextNormalisation, AgreesWithPython) {
  expect_as_python("texts", kNothing);
  TextOptions options = kNothing;
  options.narrows = true;
  expect_as_python("narrowed", options);
  options = kNothing;
  options.text_case = TextCase::lower;
  expect_as_python("lowered", options);
  options.text_case = TextCase::fold;
  expect_as_python("case_folded", options);
  options = kNothing;
  options.composes = true;
  expect_as_python("composed", options);
  options = kNothing;
  options.trims = true;
  expect_as_python("trimmed", options);
  options.narrows = options.joins_spaces = true;
  expect_as_python("joined", options);
}

TEST(TextNormalisation, FoldsAsPythonDoes) {
  TextOptions options = kNothing;
  options.text_case = TextCase::fold;
  ASSERT_GT(texts_of_python()["folded"].size(), 1400U);
  for (const nlohmann::json document = texts_of_python();
       const auto& [character, folded] : document["folded"].items()) {
    EXPECT_EQ(normalise_text(character, options), folded.get<std::string>()) << character;
  }
}

TEST(TextNormalisation, OnceIsEnough) {
  for (const TextCase text_case : {TextCase::keep, TextCase::lower, TextCase::fold}) {
    const TextOptions options = {.text_case = text_case};
    for (const nlohmann::json document = texts_of_python();
         const auto& [character, folded] : document["folded"].items()) {
      const std::string once = normalise_text(" x" + character + "\u0301  y", options);
      EXPECT_EQ(normalise_text(once, options), once) << character;
    }
  }
}

TEST(TextNormalisation, BytesThatAreNoUtf8Stay) {
  const TextOptions options = {.text_case = TextCase::fold};
  EXPECT_EQ(normalise_text(" \xFF A\xC3 \xE4\xBA  B\xED\xA0\x80", options),
            "\xFF a\xC3 \xE4\xBA b\xED\xA0\x80");
}

TEST(TextNormalisation, LevelsMerge) {
  Column column =
      text_column("plan", {"Basic", " basic ", "", "Ｐｒｏ", "\t", "pro", "basic", " "});
  TextReport report;
  normalise_levels(column, {.text_case = TextCase::lower}, &report);
  EXPECT_THAT(column.levels, ElementsAre("basic", "pro"));
  EXPECT_THAT(column.codes, ElementsAre(0, 0, -1, 1, -1, 1, 0, -1));
  EXPECT_EQ(report, (TextReport{5, 2, 3}));
  normalise_levels(column, {.text_case = TextCase::lower}, &report);
  EXPECT_EQ(report, (TextReport{5, 2, 3}));
  Column numbers = number_column("x", {1, 2});
  normalise_levels(numbers, {});
  EXPECT_EQ(numbers.numbers[1], 2.0);
}

TEST(TextNormalisation, AnyThreads) {
  std::vector<std::string> texts;
  for (int row = 0; row < 100000; ++row) {
    texts.push_back(row % 3 == 0 ? "Level " + std::to_string(row % 100)
                                 : "level  " + std::to_string(row % 100));
  }
  for (int threads = 1; threads <= 5; ++threads) {
    const ThreadCount count(threads);
    Column column = text_column("plan", texts);
    TextReport report;
    normalise_levels(column, {.text_case = TextCase::lower}, &report);
    EXPECT_EQ(column.levels.size(), 100U);
    EXPECT_EQ(report, (TextReport{100000, 0, 100}));
    EXPECT_EQ(column.text(99999), "level 99");
  }
}

TEST(TextNormalisation, JsonRoundTrips) {
  for (const TextOptions& options :
       {TextOptions{}, kNothing, TextOptions{.text_case = TextCase::fold}}) {
    const json document = ebb::testing::through_text(to_json(options));
    EXPECT_EQ(text_options_from_json(JsonReader(document)), options);
  }
  json bad = to_json(TextOptions{});
  bad["case"] = "upper";
  EXPECT_EQ(message_of([&] { text_options_from_json(JsonReader(bad)); }),
            "pipeline: case: \"upper\" is no case of texts: use keep, lower or fold");
}

}  // namespace
}  // namespace ebb::preprocessing
