// What becomes of the columns that steps leave, and how new rows are judged that go through steps.
#include <algorithm>
#include <cmath>

#include <nlohmann/json.hpp>

#include "preprocessing/pipeline/pipeline.h"
#include "tests/preprocessing/support.h"

namespace ebb::preprocessing {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

constexpr int kRows = 1003;

/// country of three levels, balance (a third missing), flag (yes or no), one (of one value).
Table bank_customers(const std::string& country = "") {
  const char* countries[] = {"France", "Germany", "Spain"};
  std::string text = "country,balance,flag,one,churn\n";
  for (int row = 0; row < kRows; ++row) {
    text += fmt::format("{},{},{},a,{}\n", country.empty() ? countries[row * 7 % 3] : country,
                        row % 3 == 1 ? "" : std::to_string(row * 37 % 500),
                        row * 11 % 4 == 0 ? "yes" : "no", row * 13 % 5 == 0 ? 1 : 0);
  }
  return read_text(text);
}

PipelineConfig with(std::vector<StepDeclaration> steps) {
  PipelineConfig config;
  config.target = "churn";
  config.classes = {"0", "1"};
  config.two_values_as_category = true;
  config.steps = std::move(steps);
  return config;
}

StepDeclaration encode(const std::string& method, const std::vector<std::string>& columns) {
  return {"encode", {{"method", method}, {"columns", columns}}, "t.toml:1"};
}

std::vector<std::string> warnings_for(const Pipeline& pipeline, const Table& rows) {
  DriftReport report;
  static_cast<void>(pipeline.transform(rows, &report));
  return pipeline.drift_warnings(report);
}

TEST(StepFeatures, OfTargetEncodingAreFittedToWhatNewRowsGet) {
  const Table table = bank_customers();
  const Pipeline pipeline = Pipeline::fit(table, with({encode("target", {"country", "flag"})}));
  EXPECT_THAT(warnings_for(pipeline, table), IsEmpty());
  for (const NumberFeature& feature : pipeline.numbers()) {
    if (feature.name == "balance") continue;
    // As many values as there are levels, and not times the folds.
    EXPECT_LE(feature.bin_edges.size(), 3U) << feature.name;
  }
}

TEST(StepFeatures, OfTargetEncodingLeaveOutAConstantColumn) {
  const Pipeline pipeline = Pipeline::fit(bank_customers(), with({encode("target", {"one"})}));
  EXPECT_THAT(pipeline.number_names(), Not(Contains("one")));
  EXPECT_THAT(pipeline.category_names(), Not(Contains("one")));
  EXPECT_THAT(pipeline.dropped(), Contains(DroppedColumn{"one", DroppedColumn::Reason::constant}));
}

TEST(StepFeatures, StayNumbersWhereAStepMadeThem) {
  const Pipeline pipeline =
      Pipeline::fit(bank_customers(),
                    with({encode("one_hot", {"country"}),
                          encode("boolean", {"flag"}),
                          {"fill", {{"columns", {"balance"}}, {"indicator", true}}, "t.toml:3"}}));
  EXPECT_THAT(pipeline.category_names(), IsEmpty());
  EXPECT_THAT(pipeline.number_names(),
              UnorderedElementsAre("country = France", "country = Germany", "country = Spain",
                                   "flag", "balance", "balance is missing"));
}

TEST(StepFeatures, AreNotScaledAgain) {
  PipelineConfig config =
      with({{"scale", {{"columns", {"balance"}}, {"method", "min_max"}}, "t.toml:1"}});
  const auto scaling_of = [](const Pipeline& pipeline) {
    return pipeline.numbers().front().scaler.scaling();
  };
  const Pipeline pipeline = Pipeline::fit(bank_customers(), config);
  EXPECT_THAT(pipeline.number_names(), ElementsAre("balance", "balance is missing"));
  EXPECT_EQ(scaling_of(pipeline), Scaling::none);
  const EncodedRows rows = pipeline.transform(bank_customers());
  EXPECT_FLOAT_EQ(rows.numbers[0], 0.0F);
  EXPECT_FLOAT_EQ(rows.numbers[2 * rows.number_count], 74.0F / 499.0F);
  // Unless asked for.
  config.number_columns["balance"] = {.scaling = Scaling::robust};
  EXPECT_EQ(scaling_of(Pipeline::fit(bank_customers(), config)), Scaling::robust);
}

TEST(StepFeatures, HaveSettingsOfTheirOwn) {
  PipelineConfig config =
      with({{"derive", {{"operation", "log1p"}, {"of", {"balance"}}, {"name", "log"}}, "t.toml:1"},
            {"drop", {{"columns", {"balance"}}}, "t.toml:2"}});
  config.number_columns["log"] = {.scaling = Scaling::robust};
  const Pipeline pipeline = Pipeline::fit(bank_customers(), config);
  EXPECT_EQ(pipeline.numbers().front().scaler.scaling(), Scaling::robust);
  config.number_columns["balance"] = {};
  EXPECT_THAT(message_of([&] { Pipeline::fit(bank_customers(), config); }),
              AllOf(HasSubstr("number_columns: there is no column \"balance\" after the steps"),
                    HasSubstr("There are: ")));
}

TEST(StepFeatures, AreJudgedByTheColumnsThatTheyComeFrom) {
  const Pipeline pipeline =
      Pipeline::fit(bank_customers(), with({{"fill", {{"columns", {"balance"}}}, "t.toml:1"},
                                            encode("ordinal", {"flag"}),
                                            encode("target", {"country"})}));
  EXPECT_THAT(warnings_for(pipeline, bank_customers()), IsEmpty());
  std::string text = "country,balance,flag\n";
  for (int row = 0; row < 60; ++row) text += "Mars,,perhaps\n";
  const std::vector<std::string> warnings = warnings_for(pipeline, read_text(text));
  EXPECT_THAT(warnings,
              Contains(HasSubstr("column \"country\": 60 of 60 values are unknown from training, "
                                 "such as \"Mars\"")));
  EXPECT_THAT(warnings, Contains(HasSubstr("column \"balance\": 100.0 % of the values are missing, "
                                           "33.3 % in training")));
  EXPECT_THAT(warnings, Contains(HasSubstr("column \"flag\": 60 of 60 values are unknown")));
  EXPECT_THAT(warnings, Not(Contains(HasSubstr("column \"flag\": 100.0 % of the values are "
                                               "missing"))));
}

TEST(StepFeatures, SayWhichColumnIsAbsent) {
  PipelineConfig config = with({{"fill", nlohmann::json::object(), "t.toml:1"}});
  config.absent_columns = AbsentColumn::impute;
  const Pipeline pipeline = Pipeline::fit(bank_customers(), config);
  Table rows = bank_customers();
  rows.drop(std::vector<std::string>{"country"});
  EXPECT_THAT(warnings_for(pipeline, rows),
              ElementsAre(HasSubstr("column \"country\" is not in the data")));
}

TEST(StepFeatures, AreJudgedAsBeforeByAnOlderFile) {
  const Pipeline fitted =
      Pipeline::fit(bank_customers(), with({{"fill", nlohmann::json::object(), "t.toml:1"}}));
  nlohmann::json older = fitted.to_json();
  EXPECT_EQ(older["version"], 3);
  EXPECT_EQ(Pipeline::from_json(older), fitted);
  older["version"] = 2;
  older.erase("input_statistics");
  const Pipeline pipeline = Pipeline::from_json(older);
  EXPECT_THAT(warnings_for(pipeline, bank_customers()), IsEmpty());
  EXPECT_THAT(warnings_for(pipeline, bank_customers("Mars")),
              Contains(HasSubstr("column \"country\": 1003 of 1003 values are unknown")));
}

TEST(StepFeatures, MissNoValueThatIsSpeltAsMissingOnceNormalised) {
  PipelineConfig config = with({{"normalise", {{"columns", {"plan"}}}, "t.toml:1"}});
  config.missing_tokens = {"", "NA"};
  std::string text = "plan,churn\n";
  for (int row = 0; row < 100; ++row) {
    const char* plans[] = {"gold", "ＮＡ", "basic", "NA"};
    text += fmt::format("{},{}\n", plans[row % 4], row % 3 == 0 ? 1 : 0);
  }
  const Table table = read_text(text);
  const Pipeline pipeline = Pipeline::fit(table, config);
  EXPECT_THAT(pipeline.categories().front().encoder.levels(), ElementsAre("basic", "gold"));
  EXPECT_EQ(pipeline.categories().front().counts.front(), 50U);
  EXPECT_THAT(pipeline.steps().describe().front().summary, HasSubstr("25 of them empty"));
  const Pipeline again = Pipeline::from_json(pipeline.to_json());
  EXPECT_EQ(again.transform(table).codes, pipeline.transform(table).codes);
  EXPECT_EQ(again.transform(table).codes[1], kEncodedMissing);
}

TEST(LongColumns, WithAPeriodAreFittedToAllPartsOfIt) {
  // Two rows a customer, the first in [0, 1], the second in [100, 101].
  constexpr int kLong = 200000;
  std::vector<double> values;
  for (int row = 0; row < kLong; ++row)
    values.push_back(static_cast<double>(row * 7919LL % 100003) / 100003.0 + row % 2 * 100.0);
  Table table;
  table.add(number_column("x", values));
  const Pipeline pipeline = Pipeline::fit(table, {});
  const std::vector<double>& edges = pipeline.numbers().front().statistics.edges;
  EXPECT_EQ(std::ranges::count_if(edges, [](double edge) { return edge >= 100.0; }), 4);
  EXPECT_THAT(warnings_for(pipeline, table), IsEmpty());
}

}  // namespace
}  // namespace ebb::preprocessing
