// forward_fill as a step: whose past fills what, in training and in other tables.
#include <cmath>

#include "preprocessing/pipeline/pipeline.h"
#include "preprocessing/steps/step_sequence.h"
#include "tests/preprocessing/steps/step_support.h"

namespace ebb::preprocessing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsNan;
using ::testing::UnorderedElementsAre;

const double kMissing = std::nan("");

/// Two customers, whose rows are not in order of time; one row of nobody, one without a time.
Table visits() {
  Table table;
  table.add(text_column("who", {"ann", "bob", "ann", "ann", "bob", "", "ann"}));
  table.add(text_column("on", {"2024-03-01", "2024-01-05", "2024-01-01", "2024-02-01", "2024-02-05",
                               "2024-06-01", ""}));
  table.add(number_column("spend", {kMissing, kMissing, 10, 20, 7, kMissing, kMissing}));
  table.add(text_column("plan", {"", "", "basic", "", "gold", "", ""}));
  return table;
}

const nlohmann::json kHistory = {{"customer", "who"}, {"time", "on"}};

TEST(ForwardFillStep, TakesTheLastValueOfTheSameCustomersPast) {
  Table table = visits();
  const auto step = fit(declare("forward_fill", kHistory), table);
  // ann's March is filled from February; bob's January has no past; nobody and never stay.
  EXPECT_THAT(table.numbers("spend"), ElementsAre(20, IsNan(), 10, 20, 7, IsNan(), IsNan()));
  std::vector<std::string> plans;
  for (std::size_t row = 0; row < 7; ++row) plans.push_back(table.column("plan").text(row));
  EXPECT_THAT(plans, ElementsAre("basic", "", "basic", "basic", "gold", "", ""));
  EXPECT_EQ(step->summary(), "3 of 9 missing values in 2 columns, from the past of each \"who\"");
  EXPECT_THAT(step->needs({"spend"}), UnorderedElementsAre("spend", "who", "on"));
  EXPECT_THAT(step->needs({"other"}), ElementsAre("other"));
  EXPECT_TRUE(step->looks_at_other_rows());
}

TEST(ForwardFillStep, FillsAnotherTableFromItsOwnRowsAlone) {
  Table table = visits();
  const auto step = through_json(*fit(declare("forward_fill", kHistory), table));
  Table rows;
  rows.add(text_column("who", {"ann", "bob", "ann"}));
  rows.add(text_column("on", {"2024-07-01", "2024-07-01", "2024-08-01"}));
  rows.add(number_column("spend", {kMissing, 5, kMissing}));
  step->apply(rows);
  EXPECT_THAT(rows.numbers("spend"), ElementsAre(IsNan(), 5, IsNan()));
  Table without;
  without.add(number_column("spend", {1, kMissing}));
  step->apply(without);
  EXPECT_THAT(without.numbers("spend"), ElementsAre(1, IsNan()));
}

TEST(ForwardFillStep, OfRowsAtOneTimeTheLaterIsFilledFromTheEarlier) {
  Table table;
  table.add(number_column("who", {7, 7, 7}));
  table.add(number_column("at", {1.5, 1.5, 0.5}));
  table.add(number_column("spend", {kMissing, 3, kMissing}));
  nlohmann::json options = {{"customer", "who"}, {"time", "at"}, {"time_format", "seconds"}};
  static_cast<void>(fit(declare("forward_fill", options), table));
  EXPECT_THAT(table.numbers("spend"), ElementsAre(IsNan(), 3, IsNan()));
}

TEST(ForwardFillStep, ReservedColumnsMaySayWhoseAndWhen) {
  Table table = visits();
  const std::vector<std::string> reserved = {"who", "on", "plan"};
  const auto step = fit(declare("forward_fill", kHistory), table, {.reserved = reserved});
  EXPECT_EQ(table.numbers("spend")[0], 20);
  EXPECT_EQ(table.column("plan").text(0), "");
  EXPECT_THAT(step->summary(), HasSubstr("1 of 4 missing values in 1 column,"));
}

TEST(ForwardFillStep, ModelsAskForTheWholeTable) {
  Table table = visits();
  PipelineConfig config;
  config.steps = {declare("fill")};
  EXPECT_FALSE(Pipeline::fit(table, config).steps().looks_at_other_rows());
  config.steps.insert(config.steps.begin(), declare("forward_fill", kHistory));
  EXPECT_TRUE(Pipeline::fit(table, config).steps().looks_at_other_rows());
}

TEST(ForwardFillStep, SaysWhatIsMissingOrWrong) {
  EXPECT_EQ(refusal(declare("forward_fill", {{"time", "on"}}), visits()),
            "steps.toml:3:1: step \"forward_fill\": customer is missing: name its column");
  EXPECT_THAT(refusal(declare("forward_fill", {{"customer", "who"}, {"time", "onn"}}), visits()),
              HasSubstr("time: there is no column \"onn\" at this step. Did you mean \"on\"?"));
  EXPECT_THAT(refusal(declare("forward_fill", {{"customer", "on"}, {"time", "who"}}), visits()),
              HasSubstr("time: "));
  nlohmann::json options = kHistory;
  options["columns"] = {"who", "on"};
  EXPECT_THAT(refusal(declare("forward_fill", options), visits()),
              HasSubstr("no column is left for it"));
  options = kHistory;
  options["time_format"] = "%Q";
  EXPECT_THAT(refusal(declare("forward_fill", options), visits()), HasSubstr("time_format: "));
  nlohmann::json state = {
      {"step", "forward_fill"}, {"columns", {"a", "a"}}, {"customer", "who"}, {"time", "on"},
      {"time_format", "iso"},   {"missing", 1},          {"filled", 1}};
  EXPECT_THAT(message_of([&] { restore_step(JsonReader(state)); }),
              HasSubstr("the column \"a\" occurs twice"));
}

}  // namespace
}  // namespace ebb::preprocessing
