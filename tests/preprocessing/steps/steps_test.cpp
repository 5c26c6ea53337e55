// The steps that stand on their own: what they make of a table, of new rows, and of their state.
#include <cmath>
#include <limits>

#include "preprocessing/steps/step_sequence.h"
#include "tests/preprocessing/steps/step_support.h"
#include "tests/support/test_json.h"

namespace ebb::preprocessing {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;

/// Expects that the restored step does to new rows what the fitted one does.
void expect_same_when_restored(const Step& step, const Table& rows) {
  Table fitted = rows;
  Table restored = rows;
  step.apply(fitted);
  const std::unique_ptr<Step> again = through_json(step);
  again->apply(restored);
  expect_equal_tables(fitted, restored);
  EXPECT_EQ(step_to_json(step), step_to_json(*again));
  EXPECT_EQ(step.summary(), again->summary());
}

TEST(FillStep, FillsFromTrainingRowsAndSaysWhereNothingWas) {
  Table table;
  table.add(number_column("age", {30, kMissingNumber, 50, 40}));
  table.add(text_column("plan", {"a", "", "b", "b"}));
  table.add(number_column("whole", {1, 2, 3, 4}));
  Table rows = table;
  const auto step = fit(declare("fill", {{"indicator", true}}), table);
  EXPECT_THAT(table.numbers("age"), ElementsAre(30, 40, 50, 40));
  EXPECT_THAT(table.numbers("age is missing"), ElementsAre(0, 1, 0, 0));
  EXPECT_EQ(table.column("plan").text(1), "missing");
  EXPECT_EQ(table.find("whole is missing"), nullptr);
  EXPECT_EQ(step->summary(), "2 missing values in 3 columns; 2 indicators");
  EXPECT_THAT(step->needs({"age is missing", "whole"}), UnorderedElementsAre("whole", "age"));
  rows.drop(std::vector<std::string>{"whole"});
  expect_same_when_restored(*step, rows);
}

TEST(FillStep, TakesConstantsAndModes) {
  Table table;
  table.add(number_column("age", {3, kMissingNumber, 3, 4}));
  table.add(text_column("plan", {"b", "", "a", "c"}));
  static_cast<void>(fit(declare("fill", {{"numbers", -1.5}, {"categories", "mode"}}), table));
  EXPECT_EQ(table.numbers("age")[1], -1.5);
  EXPECT_EQ(table.column("plan").text(1), "a");
}

TEST(FillStep, RefusesWhatHasNoValue) {
  Table table;
  table.add(number_column("age", {kMissingNumber, kMissingNumber}));
  EXPECT_THAT(refusal(declare("fill"), table),
              HasSubstr("steps.toml:3:1: step \"fill\": columns: column \"age\" has no value to "
                        "take the place of missing ones"));
  EXPECT_THAT(refusal(declare("fill", {{"numbers", "constant"}}), table),
              HasSubstr("numbers: give the number itself in place of \"constant\""));
  EXPECT_THAT(refusal(declare("fill", {{"numbers", "medium"}}), table),
              HasSubstr("numbers: \"medium\" is no fill for numbers"));
  EXPECT_THAT(refusal(declare("fill", {{"number", "median"}}), table),
              HasSubstr("unknown option \"number\". Did you mean \"numbers\"?"));
}

TEST(ScaleStep, ScalesByTrainingRows) {
  Table table;
  table.add(number_column("a", {0, 5, 10}));
  table.add(number_column("b", {1, kMissingNumber, 3}));
  const auto step = fit(declare("scale", {{"method", "min_max"}}), table);
  EXPECT_THAT(table.numbers("a"), ElementsAre(0, 0.5, 1));
  EXPECT_TRUE(std::isnan(table.numbers("b")[1]));
  Table rows;
  rows.add(number_column("a", {20, kMissingNumber}));
  expect_same_when_restored(*step, rows);
  step->apply(rows);
  EXPECT_EQ(rows.numbers("a")[0], 2.0);
  EXPECT_THAT(refusal(declare("scale", {{"method", "max"}}), table),
              HasSubstr("method: \"max\" is no scaling"));
}

TEST(ClipStep, RefusesOptionsOfAnotherRule) {
  Table table;
  table.add(number_column("a", {1, 2, 3}));
  EXPECT_THAT(refusal(declare("clip", {{"share", 0.1}}), table),
              HasSubstr("unknown option \"share\""));
  EXPECT_THAT(refusal(declare("clip", {{"rule", "quantile"}, {"factor", 2}}), table),
              HasSubstr("unknown option \"factor\""));
}

TEST(SelectStep, AsksForALimitAndNamesTheMeasure) {
  Table table;
  table.add(number_column("a", {1, 2, 3, 4}));
  table.add(text_column("plan", {"x", "y", "x", "y"}));
  const std::vector<float> labels = {0.0F, 0.0F, 1.0F, 1.0F};
  EXPECT_THAT(refusal(declare("select"), table, {.labels = labels}),
              HasSubstr("step \"select\": expected most, least or both"));
  const auto step = fit(declare("select", {{"most", 1}}), table, {.labels = labels});
  EXPECT_THAT(step->summary(), HasSubstr("\"plan\" cramers_v with the label is"));
}

TEST(DropStep, DropsAndKeeps) {
  Table table;
  table.add(number_column("a", {1}));
  table.add(number_column("b", {2}));
  table.add(number_column("churn", {1}));
  const std::vector<std::string> reserved = {"churn"};
  Table kept = table;
  const auto step = fit(declare("drop", {{"columns", {"a"}}}), table, {.reserved = reserved});
  EXPECT_THAT(table.names(), ElementsAre("b", "churn"));
  expect_same_when_restored(*step, kept);
  static_cast<void>(fit(declare("drop", {{"keep", {"a"}}}), kept, {.reserved = reserved}));
  EXPECT_THAT(kept.names(), ElementsAre("a", "churn"));
  EXPECT_THAT(refusal(declare("drop"), kept), HasSubstr("expected either columns"));
}

Column derived(const nlohmann::json& options) {
  Table table;
  table.add(number_column("a", {6, -1, kMissingNumber, 1e200}));
  table.add(number_column("b", {3, 0, 1, 1e-200}));
  Table rows = table;
  nlohmann::json named = options;
  named["name"] = "c";
  const auto step = fit(declare("derive", named), table);
  expect_same_when_restored(*step, rows);
  EXPECT_THAT(step->needs({"c"}).size(), options["of"].size());
  return table.column("c");
}

TEST(DeriveStep, ComputesItsOperations) {
  const nlohmann::json both = {"a", "b"};
  const auto values = [](const nlohmann::json& options) {
    std::vector<std::string> texts;
    const Column column = derived(options);
    for (std::size_t row = 0; row < column.size(); ++row) texts.push_back(column.text(row));
    return texts;
  };
  // What is not finite is missing.
  EXPECT_THAT(values({{"operation", "ratio"}, {"of", both}}), ElementsAre("2", "", "", ""));
  EXPECT_THAT(values({{"operation", "difference"}, {"of", both}}),
              ElementsAre("3", "-1", "", "1e+200"));
  EXPECT_THAT(values({{"operation", "sum"}, {"of", both}}), ElementsAre("9", "-1", "", "1e+200"));
  EXPECT_THAT(values({{"operation", "product"}, {"of", both}}), ElementsAre("18", "0", "", "1"));
  EXPECT_THAT(values({{"operation", "bins"}, {"of", {"a"}}, {"edges", {-1, 6}}}),
              ElementsAre("1", "0", "", "2"));
  EXPECT_THAT(values({{"operation", "bins"}, {"of", {"a"}}, {"bins", 2}}),
              ElementsAre("0", "0", "", "1"));
  EXPECT_EQ(derived({{"operation", "log1p"}, {"of", {"a"}}}).numbers[1], -std::log1p(1.0));
}

TEST(DeriveStep, RefusesWrongDeclarations) {
  Table table;
  table.add(number_column("a", {1, 2}));
  table.add(text_column("plan", {"x", "y"}));
  const auto message = [&](const nlohmann::json& options) {
    return refusal(declare("derive", options), table);
  };
  EXPECT_THAT(message({{"operation", "ration"}, {"of", {"a", "a"}}}),
              HasSubstr("operation: \"ration\" is no operation. Did you mean \"ratio\"?"));
  EXPECT_THAT(message({{"operation", "ratio"}, {"of", {"a"}}}),
              HasSubstr("of: 1 column for ratio, which takes 2"));
  EXPECT_THAT(message({{"operation", "log1p"}, {"of", {"plan"}}}), HasSubstr("for numbers"));
  EXPECT_THAT(message({{"operation", "log1p"}, {"of", {"a"}}, {"name", "plan"}}),
              HasSubstr("name: there is a column \"plan\" already"));
  EXPECT_THAT(message({{"operation", "bins"}, {"of", {"a"}}, {"edges", {2, 1}}}),
              HasSubstr("edges: expected ascending numbers"));
  EXPECT_THAT(message({{"operation", "bins"}, {"of", {"a"}}}), HasSubstr("expected either edges"));
}

TEST(DeriveStep, TakesPatternsInTheOrderGiven) {
  Table table;
  table.add(number_column("total", {100, 200}));
  table.add(number_column("month 1", {1, 2}));
  table.add(number_column("month 2", {10, 20}));
  const auto step =
      fit(declare("derive", {{"operation", "sum"}, {"of", {"month *", "total"}}, {"name", "all"}}),
          table);
  EXPECT_THAT(table.numbers("all"), ElementsAre(111, 222));
  EXPECT_EQ(step->summary(), R"("all" is the sum of "month 1", "month 2", "total")");
  EXPECT_THAT(
      refusal(declare("derive", {{"operation", "ratio"}, {"of", {"month *", "total"}}}), table),
      HasSubstr("of: 3 columns for ratio, which takes 2"));
  EXPECT_THAT(
      refusal(declare("derive",
                      {{"operation", "sum"}, {"of", {"month *", "total"}}, {"except", {"total"}}}),
              table),
      HasSubstr("unknown option \"except\""));
}

TEST(DeriveStep, RefusesMoreBinsThanAnyoneCouldWant) {
  Table table;
  table.add(number_column("a", {1, 2, 3}));
  EXPECT_THAT(
      refusal(declare("derive", {{"operation", "bins"}, {"of", {"a"}}, {"bins", 4097}}), table),
      HasSubstr("bins: 4097, expected at most 4096"));
  EXPECT_THAT(refusal(declare("derive", {{"of", {"a"}}}), table),
              HasSubstr("step \"derive\": operation is missing: use ratio, difference, sum, "
                        "product, log1p or bins"));
}

TEST(InteractStep, MultipliesPairs) {
  Table table;
  table.add(number_column("a", {2, 3}));
  table.add(number_column("b", {5, kMissingNumber}));
  table.add(number_column("c", {1, 1e308}));
  Table rows = table;
  const auto step = fit(declare("interact"), table);
  EXPECT_EQ(table.columns().size(), 6U);
  EXPECT_THAT(table.numbers("a * c"), ElementsAre(2, ::testing::IsNan()));
  expect_same_when_restored(*step, rows);
  EXPECT_THAT(step->needs({"b * c"}), ElementsAre("b", "c"));
}

TEST(RobustDistanceStep, GivesFiniteNumbers) {
  Table table;
  std::vector<double> a;
  std::vector<double> b;
  for (int row = 0; row < 200; ++row) {
    a.push_back(row * 37 % 101);
    b.push_back(row * 53 % 97);
  }
  table.add(number_column("a", a));
  table.add(number_column("b", b));
  const auto step = fit(declare("robust_distance"), table);
  Table rows;
  rows.add(number_column("a", {1e300, kMissingNumber}));
  rows.add(number_column("b", {-1e300, 1}));
  step->apply(rows);
  EXPECT_EQ(rows.numbers("robust distance")[0], std::numeric_limits<double>::max());
  EXPECT_TRUE(std::isnan(rows.numbers("robust distance")[1]));
}

TEST(DateStep, MakesDaysAndPointsOfCircles) {
  Table table;
  table.add(text_column("since", {"31/01/1970", "", "01/04/1970"}));
  static_cast<void>(fit(declare("date", {{"columns", {"since"}}, {"format", "%d/%m/%Y"}}), table));
  EXPECT_EQ(table.find("since"), nullptr);
  EXPECT_THAT(table.numbers("since days"), ElementsAre(30, ::testing::IsNan(), 90));
  EXPECT_NEAR(table.numbers("since month sine")[2], 1.0, 1e-15);  // April: a quarter round
  EXPECT_NEAR(table.numbers("since month cosine")[0], 1.0, 1e-15);
  EXPECT_TRUE(std::isnan(table.numbers("since weekday sine")[1]));
}

TEST(DateStep, RefusesWhatIsNoTime) {
  Table table;
  table.add(text_column("since", {"2024-01-31", "2024-02-31"}));
  EXPECT_THAT(refusal(declare("date", {{"columns", {"since"}}}), table),
              HasSubstr("\"2024-02-31\" is not a time"));
  EXPECT_THAT(refusal(declare("date"), table), HasSubstr("columns is missing"));
  EXPECT_THAT(refusal(declare("date", {{"columns", {"since"}}, {"parts", {"year"}}}), table),
              HasSubstr("parts: \"year\" is no part of a time: use days, month, weekday, hour"));
}

TEST(Steps, UnknownOnesAreNamed) {
  Table table;
  table.add(number_column("a", {1}));
  EXPECT_THAT(refusal(declare("filll"), table),
              AllOf(HasSubstr("steps.toml:3:1: there is no step \"filll\". Did you mean \"fill\"?"),
                    HasSubstr("\"select\""), HasSubstr("\"pca\"")));
  EXPECT_THAT(refusal(declare("fill", {{"columns", 3}}), table),
              StartsWith("steps.toml:3:1: step \"fill\": columns: expected an array"));
  const nlohmann::json state = {{"step", "nothing"}};
  EXPECT_THAT(message_of([&] { restore_step(JsonReader(state)); }),
              HasSubstr("step: there is no step \"nothing\""));
}

TEST(Steps, RefuseStatesThatNoStepGives) {
  const auto message = [](const char* text) {
    const nlohmann::json state = ebb::testing::json_of(text);
    return message_of([&] { restore_step(JsonReader(state)); });
  };
  EXPECT_THAT(message(R"({"step": "scale", "columns": []})"), HasSubstr("columns: there is none"));
  EXPECT_THAT(message(R"({"step": "fill", "columns": [
      {"name": "a", "indicator": false, "missing": 0, "number": 1},
      {"name": "a", "indicator": false, "missing": 0, "text": "b"}]})"),
              HasSubstr("columns[1]: the column \"a\" occurs twice"));
  EXPECT_THAT(message(R"({"step": "encode", "columns": [{"name": "a", "method": "hash", "encoder":
      {"buckets": 5000, "seed": 0, "signs": true}}]})"),
              HasSubstr("column \"a\" would be 5000 columns: at most 4096"));
  EXPECT_THAT(message(R"({"step": "derive", "name": "a", "operation": "ratio", "of": ["b"],
      "edges": []})"),
              HasSubstr("1 column for ratio, which takes 2"));
}

TEST(StepSequence, NeedsOnlyWhatTheWantedColumnsComeFrom) {
  Table table;
  table.add(number_column("a", {1, 2, kMissingNumber}));
  table.add(number_column("b", {3, 5, 6}));
  table.add(number_column("c", {0, 1, 0}));
  const std::vector<StepDeclaration> declared = {
      declare("fill"),
      declare("derive", {{"operation", "sum"}, {"of", {"a", "b"}}, {"name", "ab"}}),
      declare("scale")};
  const StepSequence sequence = StepSequence::fit(declared, table, {});
  EXPECT_THAT(sequence.needs({"ab"}), ElementsAre("a", "b"));
  EXPECT_THAT(sequence.needs({"c"}), ElementsAre("c"));
  EXPECT_THAT(sequence.needs({}), IsEmpty());
  Table rows;
  rows.add(number_column("c", {7}));
  sequence.apply(rows);
  EXPECT_THAT(rows.names(), ElementsAre("c"));
  const nlohmann::json state = sequence.to_json();
  EXPECT_EQ(StepSequence::from_json(JsonReader(state)), sequence);
}

TEST(StepSequence, AnyNumberOfThreadsGivesTheSameBits) {
  Table rows;
  std::vector<double> a;
  std::vector<double> b;
  for (int i = 0; i < 100000; ++i) {
    a.push_back(i % 7 == 0 ? kMissingNumber : std::sin(i));
    b.push_back(std::cos(i * 0.3));
  }
  rows.add(number_column("a", a));
  rows.add(number_column("b", b));
  const std::vector<StepDeclaration> declared = {declare("fill"), declare("interact"),
                                                 declare("scale", {{"method", "quantile_normal"}})};
  std::string first;
  for (int threads = 1; threads <= 5; ++threads) {
    const ThreadCount count(threads);
    Table table = rows;
    const std::string state = StepSequence::fit(declared, table, {}).to_json().dump();
    if (first.empty()) first = state;
    EXPECT_EQ(state, first);
  }
}

}  // namespace
}  // namespace ebb::preprocessing
