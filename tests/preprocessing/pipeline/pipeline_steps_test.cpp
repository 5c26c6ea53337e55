// A pipeline with declared steps: what it needs of a table, and what it makes of it.
#include <algorithm>
#include <cmath>

#include <nlohmann/json.hpp>

#include "preprocessing/pipeline/pipeline.h"
#include "tests/preprocessing/support.h"
#include "tests/support/test_json.h"

namespace ebb::preprocessing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

Table customers_with_texts() {
  std::string text = "spend,visits,plan,note,churn\n";
  for (int row = 0; row < 60; ++row) {
    text += fmt::format("{},{},{},{},{}\n", row % 7 == 0 ? "" : std::to_string(row * 3),
                        row % 5 + 1, row % 2 == 0 ? "basic" : "gold", row % 3 == 0 ? "a" : "b",
                        row % 4 == 0 ? 1 : 0);
  }
  return read_text(text);
}

PipelineConfig with_steps() {
  PipelineConfig config;
  config.target = "churn";
  config.classes = {"0", "1"};
  config.steps = {{"fill", {{"columns", {"spend"}}}, "t.toml:1"},
                  {"derive",
                   {{"operation", "ratio"}, {"of", {"spend", "visits"}}, {"name", "rate"}},
                   "t.toml:2"},
                  {"encode", {{"columns", {"plan"}}, {"method", "target"}}, "t.toml:3"},
                  {"drop", {{"columns", {"spend", "visits", "note"}}}, "t.toml:4"}};
  return config;
}

TEST(PipelineSteps, FeaturesAreWhatTheStepsLeave) {
  const Pipeline pipeline = Pipeline::fit(customers_with_texts(), with_steps());
  EXPECT_THAT(pipeline.number_names(), UnorderedElementsAre("rate", "plan"));
  EXPECT_THAT(pipeline.category_names(), ElementsAre());
  EXPECT_EQ(pipeline.steps().size(), 4U);
  // The note is not needed, and no step may have the target.
  std::vector<std::string> needed;
  for (const ColumnDeclaration& input : pipeline.inputs()) needed.push_back(input.name);
  EXPECT_THAT(needed, UnorderedElementsAre("spend", "visits", "plan"));
  const CsvOptions schema = pipeline.schema_for_reading();
  EXPECT_EQ(schema.columns.size(), 3U);
}

TEST(PipelineSteps, TrainingRowsDoNotSeeTheirOwnLabels) {
  const Table table = customers_with_texts();
  const FittedRows fitted = Pipeline::fit_transform(table, with_steps());
  const EncodedRows again = fitted.pipeline.transform(table);
  ASSERT_EQ(fitted.rows.numbers.size(), again.numbers.size());
  // The rate is the same; the plan is encoded out of fold.
  EXPECT_NE(fitted.rows.numbers, again.numbers);
  PipelineConfig config = with_steps();
  config.steps[2].options["method"] = "frequency";
  const FittedRows other = Pipeline::fit_transform(table, config);
  EXPECT_EQ(other.rows.numbers, other.pipeline.transform(table).numbers);
}

TEST(PipelineSteps, SurviveJson) {
  const Table table = customers_with_texts();
  const Pipeline pipeline = Pipeline::fit(table, with_steps());
  const Pipeline again = Pipeline::from_json(ebb::testing::through_text(pipeline.to_json()));
  EXPECT_EQ(again, pipeline);
  EXPECT_EQ(again.transform(table).numbers, pipeline.transform(table).numbers);
}

TEST(PipelineSteps, NewTablesMustFit) {
  const Table table = customers_with_texts();
  PipelineConfig config = with_steps();
  const Pipeline pipeline = Pipeline::fit(table, config);
  Table without = table;
  without.drop(std::vector<std::string>{"note", "churn"});
  EXPECT_EQ(pipeline.transform(without).numbers, pipeline.transform(table).numbers);
  without.drop(std::vector<std::string>{"visits"});
  EXPECT_THAT(message_of([&] { pipeline.transform(without); }),
              HasSubstr("column \"visits\" is missing, which the model was trained on"));
  config.absent_columns = AbsentColumn::impute;
  const EncodedRows imputed = Pipeline::fit(table, config).transform(without);
  for (const float value : imputed.numbers) EXPECT_TRUE(std::isfinite(value));
  Table texts = table;
  texts.drop(std::vector<std::string>{"visits"});
  texts.add(text_column("visits", std::vector<std::string>(60, "many")));
  EXPECT_THAT(message_of([&] { pipeline.transform(texts); }),
              HasSubstr(":2: column \"visits\": \"many\" is not a number"));
}

TEST(PipelineSteps, ErrorsNameTheStep) {
  PipelineConfig config = with_steps();
  config.steps[1].options["of"] = {"spend", "churn"};
  EXPECT_THAT(message_of([&] { Pipeline::fit(customers_with_texts(), config); }),
              HasSubstr("t.toml:2: step \"derive\": of: column \"churn\" is the target"));
}

TEST(LongColumns, AreFittedToASampleButForWhatIsExact) {
  std::vector<double> values;
  for (int row = 0; row < 400000; ++row) {
    values.push_back(static_cast<double>(row * 7919LL % 400009) / 4.0);
  }
  values[399998] = -5000.0;
  values[399999] = 1e6;
  values[17] = std::nan("");
  Table table;
  table.add(number_column("x", values));
  PipelineConfig config;
  config.numbers.scaling = Scaling::standard;
  const NumberFeature feature = Pipeline::fit(table, config).numbers().front();
  std::vector<double> sorted = values;
  sorted.erase(sorted.begin() + 17);
  std::sort(sorted.begin(), sorted.end());
  EXPECT_EQ(feature.fill_value, sorted[(sorted.size() - 1) / 2]);
  EXPECT_EQ(feature.statistics.rows, 400000U);
  EXPECT_EQ(feature.statistics.missing, 1U);
  EXPECT_EQ(feature.statistics.minimum, -5000.0);
  EXPECT_EQ(feature.statistics.maximum, 1e6);
  double sum = 0.0;
  for (const double value : sorted) sum += value;
  EXPECT_NEAR(feature.statistics.mean, sum / static_cast<double>(sorted.size()), 1e-6);
  EXPECT_NEAR(feature.scaler.shift(), feature.statistics.mean, 1e-6);
  EXPECT_NEAR(feature.statistics.edges[4], 50000.0, 500.0);
}

}  // namespace
}  // namespace ebb::preprocessing
