// What the drift report says, and what it keeps quiet about.
#include "preprocessing/pipeline/drift.h"

#include <cmath>

#include "preprocessing/pipeline/pipeline.h"
#include "preprocessing/split/random_order.h"
#include "preprocessing/split/stratified_split.h"
#include "preprocessing/table/labels.h"
#include "tests/preprocessing/support.h"

namespace ebb::preprocessing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// Rows of one uniform number in [shift, shift + 100) and one category of five levels.
Table draw(std::size_t rows, std::uint64_t seed, double shift = 0.0, std::uint64_t levels = 5) {
  SplitMix64 generator(seed);
  std::vector<double> numbers;
  std::vector<std::string> texts;
  for (std::size_t row = 0; row < rows; ++row) {
    numbers.push_back(shift + static_cast<double>(generator.below(100000)) / 1000.0);
    texts.push_back(fmt::format("level {}", generator.below(levels)));
  }
  Table table;
  table.add(number_column("amount", numbers));
  table.add(text_column("plan", texts));
  return table;
}

std::vector<std::string> warnings(const Pipeline& pipeline, const Table& table) {
  DriftReport report;
  pipeline.transform(table, &report);
  return pipeline.drift_warnings(report);
}

TEST(Drift, RowsLikeTheTrainingRowsRaiseNoWarning) {
  const Pipeline pipeline = Pipeline::fit(draw(2000, 1), {});
  for (std::uint64_t seed = 2; seed < 60; ++seed) {
    for (const std::size_t rows : {1U, 10U, 60U, 500U}) {
      EXPECT_THAT(warnings(pipeline, draw(rows, seed)), IsEmpty()) << seed << " " << rows;
    }
  }
}

TEST(Drift, ValuesOutsideTheTrainingRange) {
  const Pipeline pipeline = Pipeline::fit(draw(2000, 1), {});
  const auto found = warnings(pipeline, draw(1000, 2, 30.0));
  ASSERT_EQ(found.size(), 2U);
  EXPECT_THAT(found[0], HasSubstr("column \"amount\": "));
  EXPECT_THAT(found[0], HasSubstr("of 1000 values lie outside of the training range ["));
  EXPECT_THAT(found[1],
              HasSubstr("the values are distributed differently from training (population "
                        "stability index "));
  Table one;
  one.add(number_column("amount", {5000.0}));
  one.add(text_column("plan", {"level 1"}));
  EXPECT_THAT(warnings(pipeline, one), Contains(HasSubstr("1 of 1 values lie outside")));
}

TEST(Drift, UnseenCategoriesWithAnExample) {
  const Pipeline pipeline = Pipeline::fit(draw(2000, 1), {});
  Table table;
  table.add(number_column("amount", {50.0, 50.0, 50.0}));
  table.add(text_column("plan", {"level 1", "金卡", "level 2"}));
  EXPECT_THAT(
      warnings(pipeline, table),
      ElementsAre("column \"plan\": 1 of 3 values are unknown from training, such as \"金卡\""));
}

TEST(Drift, ACategoryOfManyLevelsHasUnseenOnesByNature) {
  const Pipeline pipeline = Pipeline::fit(draw(2000, 1, 0.0, 1500), {});
  EXPECT_THAT(warnings(pipeline, draw(1000, 2, 0.0, 1500)), IsEmpty());
}

TEST(Drift, MoreMissingValues) {
  const Pipeline pipeline = Pipeline::fit(draw(2000, 1), {});
  std::vector<double> numbers(10, 50.0);
  numbers[0] = numbers[1] = numbers[2] = std::nan("");
  Table table;
  table.add(number_column("amount", numbers));
  table.add(text_column("plan", std::vector<std::string>(10, "level 1")));
  EXPECT_THAT(
      warnings(pipeline, table),
      ElementsAre("column \"amount\": 30.0 % of the values are missing, 0.0 % in training"));
}

TEST(Drift, CategorySharesThatShift) {
  const Pipeline pipeline = Pipeline::fit(draw(2000, 1), {});
  EXPECT_THAT(warnings(pipeline, draw(500, 2, 0.0, 2)),
              ElementsAre(HasSubstr("column \"plan\": the values are distributed differently")));
}

TEST(Drift, ChunksAddUp) {
  const Pipeline pipeline = Pipeline::fit(draw(2000, 1), {});
  const Table table = draw(900, 2, 30.0);
  DriftReport whole;
  pipeline.transform(table, &whole);
  DriftReport parts;
  for (std::size_t begin = 0; begin < 900; begin += 300) {
    std::vector<std::size_t> rows(300);
    for (std::size_t i = 0; i < 300; ++i) rows[i] = begin + i;
    pipeline.transform(select_rows(table, rows), &parts);
  }
  EXPECT_EQ(parts.rows, 900U);
  EXPECT_EQ(parts.columns[0].counts, whole.columns[0].counts);
  EXPECT_EQ(parts.columns[0].outside, whole.columns[0].outside);
  EXPECT_EQ(parts.columns[1].counts, whole.columns[1].counts);
  EXPECT_EQ(pipeline.drift_warnings(parts), pipeline.drift_warnings(whole));
}

TEST(Drift, StabilityIndex) {
  EXPECT_EQ(population_stability_index({10, 20, 30}, {10, 20, 30}), 0.0);
  EXPECT_NEAR(population_stability_index({500000, 500000}, {250000, 750000}),
              -0.25 * std::log(0.5) + 0.25 * std::log(1.5), 1e-5);
  EXPECT_TRUE(std::isfinite(population_stability_index({0, 100}, {100, 0})));
}

TEST(Drift, RealSplitsAreQuiet) {
  EBB_REAL_DATA(path, "churn_modelling.csv");
  const Table table = read_csv(path);
  PipelineConfig config;
  config.target = "Exited";
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    const Split split = stratified_split(parse_labels(table, "Exited").values, {0.15, 0.2, seed});
    const Pipeline pipeline = Pipeline::fit(select_rows(table, split.train), config);
    EXPECT_THAT(warnings(pipeline, select_rows(table, split.test)), IsEmpty());
  }
}

}  // namespace
}  // namespace ebb::preprocessing
