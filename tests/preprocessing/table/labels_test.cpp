#include "preprocessing/table/labels.h"

#include "tests/preprocessing/support.h"

namespace ebb::preprocessing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Table labelled(const std::vector<std::string>& values) {
  std::string text = "x,churn\n";
  for (const std::string& value : values) text += fmt::format("1,{}\n", value);
  return read_text(text);
}

std::string label_error(const std::vector<std::string>& values,
                        const std::optional<std::string>& positive = {}) {
  const Table table = labelled(values);
  std::string message = message_of([&] { parse_labels(table, "churn", positive); });
  if (message.starts_with(table.source())) message.replace(0, table.source().size(), "FILE");
  return message;
}

TEST(Labels, WordsForYesAndNo) {
  const std::vector<std::array<std::string, 2>> pairs = {{"0", "1"},     {"no", "yes"},
                                                         {"No", "Yes"},  {"FALSE", "TRUE"},
                                                         {"0.0", "1.0"}, {"false", "true"}};
  for (const auto& [no, yes] : pairs) {
    const Labels labels = parse_labels(labelled({yes, no, no, yes, no}), "churn");
    EXPECT_THAT(labels.values, ElementsAre(1, 0, 0, 1, 0)) << yes;
    EXPECT_EQ(labels.positives(), 2U);
  }
  EXPECT_THAT(parse_labels(labelled({"Yes", "No", "yes"}), "churn").classes,
              ElementsAre("No", "Yes"));
}

TEST(Labels, NamedClassesNeedThePositiveOne) {
  const Labels labels = parse_labels(labelled({"留存", "流失", "留存"}), "churn", "流失");
  EXPECT_THAT(labels.values, ElementsAre(0, 1, 0));
  EXPECT_THAT(labels.classes, ElementsAre("留存", "流失"));
  EXPECT_EQ(
      label_error({"stay", "go"}),
      "FILE: column \"churn\" has the classes \"stay\", \"go\": say which one to predict with "
      "--positive NAME");
  EXPECT_EQ(
      label_error({"stay", "go"}, "gone"),
      "FILE: the positive class \"gone\" does not occur in column \"churn\", whose values are "
      "\"stay\", \"go\"");
}

TEST(Labels, NumbersAsNamedClasses) {
  EXPECT_THAT(parse_labels(labelled({"2", "1", "2"}), "churn", "2").values, ElementsAre(1, 0, 1));
  EXPECT_THAT(parse_labels(labelled({"0", "1", "1"}), "churn", "0").values, ElementsAre(1, 0, 0));
  EXPECT_THAT(label_error({"1", "2"}), HasSubstr("--positive NAME"));
}

TEST(Labels, MissingTargetColumn) {
  const Table table = labelled({"0", "1"});
  EXPECT_THAT(message_of([&] { parse_labels(table, "chrun"); }),
              HasSubstr("there is no column \"chrun\". Did you mean \"churn\"? There are: \"x\", "
                        "\"churn\"."));
}

TEST(Labels, MissingLabelsNameTheirLine) {
  const std::string rest =
      " the label in column \"churn\" is missing: every row needs one, so fill "
      "it in or take the row out";
  EXPECT_EQ(label_error({"0", "1", "NaN", "1"}), "FILE:4:" + rest);
  EXPECT_EQ(label_error({"yes", "", "no"}), "FILE:3:" + rest);
  EXPECT_EQ(label_error({"", "", ""}), "FILE:2:" + rest);
}

TEST(Labels, OneClassOnly) {
  EXPECT_EQ(label_error({"1", "1", "1"}),
            "FILE: every row of column \"churn\" is \"1\": training needs rows of both classes");
  EXPECT_THAT(label_error({"no", "NO", "No"}), HasSubstr("is \"no\": training needs rows of both"));
}

TEST(Labels, MoreThanTwoClasses) {
  EXPECT_EQ(
      label_error({"a", "b", "c", "a"}),
      "FILE: column \"churn\" has 3 classes, expected two: \"a\", \"b\", \"c\". Is it the right "
      "target column?");
  std::vector<std::string> many;
  for (int i = 0; i < 3000; ++i) many.push_back(fmt::format("{}.5", i));
  EXPECT_THAT(label_error(many), HasSubstr("has at least 1000 classes, expected two: \"0.5\""));
}

TEST(Labels, KnownClassesAcceptOneClassAndOtherSpellings) {
  const std::array<std::string, 2> classes = {"No", "Yes"};
  EXPECT_THAT(parse_labels(labelled({"no", "No"}), "churn", classes).values, ElementsAre(0, 0));
  EXPECT_THAT(parse_labels(labelled({"1", "0", "1"}), "churn", classes).values,
              ElementsAre(1, 0, 1));
  EXPECT_THAT(
      message_of([&] {
        parse_labels(labelled({"no", "maybe"}), "churn", classes);
      }),
      HasSubstr(".csv:3: the label \"maybe\" in column \"churn\" is neither \"No\" nor \"Yes\""));
}

}  // namespace
}  // namespace ebb::preprocessing
