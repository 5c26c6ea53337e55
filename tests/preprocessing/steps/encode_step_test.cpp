// What the step encode refuses, and what it makes of texts that training did not see.
#include <cmath>

#include "preprocessing/steps/step_sequence.h"
#include "tests/preprocessing/steps/step_support.h"

namespace ebb::preprocessing {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsNan;

Table flags(const std::vector<std::string>& texts) {
  Table table("flags.csv", {2, 5, 9});
  table.add(text_column("flag", texts));
  return table;
}

TEST(EncodeStep, SaysWhereATrainingValueIsNoBoolean) {
  EXPECT_THAT(refusal(declare("encode", {{"method", "boolean"}}), flags({"yes", "no", "maybe"})),
              HasSubstr("step \"encode\": columns: flags.csv:9: column \"flag\" holds \"maybe\""));
}

TEST(EncodeStep, TakesANewValueThatIsNoBooleanForAMissingOne) {
  Table table = flags({"yes", "no", ""});
  const auto step = fit(declare("encode", {{"method", "boolean"}}), table);
  Table rows = flags({"maybe", "TRUE", "0"});
  step->apply(rows);
  EXPECT_THAT(rows.numbers("flag"), ElementsAre(IsNan(), 1, 0));
}

TEST(EncodeStep, RefusesWholeNumbersThatNameRows) {
  Table table;
  Column ids;
  ids.name = "customer";
  ids.kind = ColumnKind::identifier;
  ids.integers = {10000001, 10000002};
  table.add(ids);
  const std::vector<float> labels = {0.0F, 1.0F};
  for (const char* method : {"one_hot", "ordinal", "frequency", "target", "hash", "boolean"}) {
    SCOPED_TRACE(method);
    EXPECT_THAT(refusal(declare("encode", {{"method", method}, {"columns", {"customer"}}}), table,
                        {.labels = labels}),
                AllOf(HasSubstr("steps.toml:3:1: step \"encode\": columns: column \"customer\" "
                                "is an identifier of whole numbers"),
                      HasSubstr("declare it a category")));
  }
  EXPECT_THAT(refusal(declare("normalise", {{"columns", {"customer"}}}), table),
              HasSubstr("is an identifier of whole numbers"));
}

TEST(EncodeStep, TakesLevelsOnlyInTheOrderInWhichTheyAreDeclared) {
  Table table;
  table.add(text_column("size", {"s", "m", "l"}));
  const auto message = [&](nlohmann::json options) {
    options["method"] = "ordinal";
    return refusal(declare("encode", options), table);
  };
  EXPECT_THAT(message({{"order", "lexical"}, {"levels", {"s", "m", "l"}}}),
              HasSubstr("steps.toml:3:1: step \"encode\": order: levels are in the order in which "
                        "they are declared"));
  EXPECT_THAT(message({{"order", "declared"}}),
              HasSubstr("step \"encode\": levels: the order is declared, and there are none"));
}

TEST(EncodeStep, RefusesMoreColumnsThanATableShouldHave) {
  std::vector<std::string> cities;
  for (int i = 0; i < 4097; ++i) cities.push_back(fmt::format("city {}", i));
  Table table;
  table.add(text_column("city", cities));
  EXPECT_THAT(refusal(declare("encode"), table),
              AllOf(HasSubstr("column \"city\" would be 4097 columns: at most 4096"),
                    HasSubstr("max_levels")));
  const auto step = fit(declare("encode", {{"max_levels", 100}}), table);
  EXPECT_LE(table.columns().size(), 101U);
}

TEST(EncodeStep, RefusesCountsThatAreTooLargeAsTheyWereGiven) {
  Table table = flags({"yes", "no", "no"});
  const std::vector<float> labels = {0.0F, 1.0F, 1.0F};
  EXPECT_THAT(refusal(declare("encode", {{"method", "hash"}, {"buckets", 5000}}), table),
              HasSubstr("buckets: 5000, expected at most 4096"));
  EXPECT_THAT(refusal(declare("encode", {{"method", "target"}, {"folds", 4294967298}}), table,
                      {.labels = labels}),
              HasSubstr("folds: 4294967298, expected at most"));
}

}  // namespace
}  // namespace ebb::preprocessing
