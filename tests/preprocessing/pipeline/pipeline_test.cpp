// Fitting and transforming.
#include "preprocessing/pipeline/pipeline.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include <nlohmann/json.hpp>

#include "preprocessing/split/stratified_split.h"
#include "preprocessing/table/labels.h"
#include "tests/preprocessing/support.h"

namespace ebb::preprocessing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

/// Two numbers (one with gaps), a category with gaps, an identifier, a target.
Table customers() {
  Table table("customers.csv", {2, 3, 4, 5, 6, 7});
  table.add(text_column("编号", {"u1", "u2", "u3", "u4", "u5", "u6"}, ColumnKind::identifier));
  table.add(number_column("age", {20, 30, 40, 50, 60, 70}));
  table.add(number_column("spend", {1, kMissingNumber, 3, 100, kMissingNumber, 5}));
  table.add(text_column("城市", {"北京", "上海", "北京", "", "上海", "北京"}));
  table.add(number_column("churn", {0, 1, 0, 1, 0, 1}));
  return table;
}

PipelineConfig config_for(Scaling scaling) {
  PipelineConfig config;
  config.target = "churn";
  config.classes = {"0", "1"};
  config.numbers.scaling = scaling;
  return config;
}

TEST(Pipeline, EncodesRows) {
  const Pipeline pipeline = Pipeline::fit(customers(), config_for(Scaling::min_max));
  EXPECT_THAT(pipeline.number_names(), ElementsAre("age", "spend", "spend is missing"));
  EXPECT_THAT(pipeline.category_names(), ElementsAre("城市"));
  EXPECT_THAT(pipeline.cardinalities(), ElementsAre(4));
  EXPECT_THAT(pipeline.categories()[0].encoder.levels(), ElementsAre("北京", "上海"));
  const EncodedRows rows = pipeline.transform(customers());
  EXPECT_EQ(rows.rows, 6U);
  EXPECT_EQ(rows.number_count, 3U);
  const float filled = static_cast<float>((4.0 - 1.0) / 99.0);  // the median of 1, 3, 5, 100
  EXPECT_THAT(std::vector<float>(rows.numbers.begin(), rows.numbers.begin() + 6),
              ElementsAre(0.0F, 0.0F, 0.0F, 0.2F, filled, 1.0F));
  EXPECT_THAT(rows.codes, ElementsAre(2, 3, 2, kEncodedMissing, 3, 2));
}

TEST(Pipeline, LeavesOutWhatCannotBeAFeature) {
  Table table = customers();
  table.add(number_column("empty", std::vector<double>(6, kMissingNumber)));
  table.add(number_column("same", std::vector<double>(6, 3.0)));
  table.add(text_column("rare", {"a", "b", "c", "d", "e", "f"}));
  table.add(text_column("price", {"1,5", "2", "2,5", "3,25", "4", "4,5"}));
  table.add(text_column("unwanted", {"a", "b", "a", "b", "a", "b"}));
  PipelineConfig config = config_for(Scaling::none);
  config.drop_columns = {"unwanted"};
  const Pipeline pipeline = Pipeline::fit(table, config);
  std::vector<std::string> sentences;
  for (const DroppedColumn& column : pipeline.dropped()) sentences.push_back(describe(column));
  EXPECT_THAT(
      sentences,
      ElementsAre("column \"编号\" is left out: it looks like an identifier, a different value "
                  "in (nearly) every row; declare it number or category to use it",
                  "column \"empty\" is left out: it has no value in any training row",
                  "column \"same\" is left out: it has one value in all training rows",
                  "column \"rare\" is left out: each of its values is too rare to learn from",
                  "column \"price\" is left out: it holds numbers with a decimal comma, each too "
                  "rare to be a category; write them with a point",
                  "column \"unwanted\" is left out: as asked"));
  EXPECT_EQ(Pipeline::from_json(pipeline.to_json()), pipeline);
}

TEST(Pipeline, FillsAndOverridesPerColumn) {
  PipelineConfig config = config_for(Scaling::none);
  config.number_columns["spend"] = {NumberFill::constant, -7.0, MissingIndicator::never,
                                    Scaling::none};
  config.numbers.indicator = MissingIndicator::always;
  config.categories.fill = CategoryFill::mode;
  const Pipeline pipeline = Pipeline::fit(customers(), config);
  EXPECT_THAT(pipeline.number_names(), ElementsAre("age", "spend", "age is missing"));
  const EncodedRows rows = pipeline.transform(customers());
  EXPECT_EQ(rows.numbers[1 * 3 + 1], -7.0F);
  EXPECT_EQ(rows.codes[3], 2);
}

TEST(Pipeline, FitsOnTheGivenRowsOnly) {
  const Table table = customers();
  const std::vector<std::size_t> training = {0, 1, 2};
  const Pipeline pipeline =
      Pipeline::fit(select_rows(table, training), config_for(Scaling::min_max));
  EXPECT_EQ(pipeline.numbers()[0].statistics.maximum, 40.0);
  EXPECT_EQ(pipeline.transform(table).numbers[5 * 3], 2.5F);       // 70 over [20, 40]
  EXPECT_EQ(pipeline.transform(table).codes[1], kEncodedUnknown);  // 上海 occurs once there
}

TEST(Pipeline, BinEdgesAreAscendingQuantiles) {
  PipelineConfig config = config_for(Scaling::none);
  config.bins = 5;
  const auto edges = Pipeline::fit(customers(), config).bin_edges();
  ASSERT_EQ(edges.size(), 3U);
  EXPECT_THAT(edges[0], ElementsAre(20, 30, 40, 50, 60, 70));
  EXPECT_THAT(edges[2], ElementsAre(0, 1));
  config.numbers.scaling = Scaling::quantile_normal;
  for (const auto& column : Pipeline::fit(customers(), config).bin_edges()) {
    EXPECT_GE(column.size(), 2U);
    EXPECT_EQ(std::adjacent_find(column.begin(), column.end(), std::greater_equal<>()),
              column.end());
  }
}

TEST(Pipeline, BinEdgesAreDistinctInSinglePrecision) {
  Table table;
  std::vector<double> near;
  std::vector<double> equal;
  for (int i = 0; i < 100; ++i) {
    near.push_back(1.6e9 + 10 * i);  // neighbours in f32 are 128 apart here
    equal.push_back(-1e9 - 1e-3 * i);
  }
  table.add(number_column("near", near));
  table.add(number_column("equal", equal));
  PipelineConfig config;
  config.numbers.scaling = Scaling::none;
  for (const std::vector<double>& column : Pipeline::fit(table, config).bin_edges()) {
    const std::vector<float> edges(column.begin(), column.end());
    ASSERT_GE(edges.size(), 2U);
    EXPECT_EQ(std::adjacent_find(edges.begin(), edges.end(), std::greater_equal<>()), edges.end());
  }
}

TEST(Pipeline, ColumnsMayMoveAndOthersAppear) {
  const Pipeline pipeline = Pipeline::fit(customers(), config_for(Scaling::quantile_normal));
  Table moved;
  const Table table = customers();
  moved.add(number_column("new", {1, 2, 3, 4, 5, 6}));
  for (const char* name : {"城市", "spend", "age"}) moved.add(table.column(name));
  const EncodedRows a = pipeline.transform(table);
  const EncodedRows b = pipeline.transform(moved);
  EXPECT_EQ(a.numbers, b.numbers);
  EXPECT_EQ(a.codes, b.codes);
}

TEST(Pipeline, MissingColumn) {
  Table table = customers();
  table.drop(std::vector<std::string>{"age"});
  PipelineConfig config = config_for(Scaling::none);
  EXPECT_THAT(
      message_of([&] { Pipeline::fit(customers(), config).transform(table); }),
      HasSubstr("customers.csv: column \"age\" is missing, which the model was trained on."));
  config.absent_columns = AbsentColumn::impute;
  const Pipeline pipeline = Pipeline::fit(customers(), config);
  DriftReport report;
  EXPECT_EQ(pipeline.transform(table, &report).numbers[0], 45.0F);
  EXPECT_THAT(
      pipeline.drift_warnings(report),
      ::testing::Contains("column \"age\" is not in the data: all its values count as missing"));
}

TEST(Pipeline, ANumberColumnThatIsTextNow) {
  const Pipeline pipeline = Pipeline::fit(customers(), config_for(Scaling::none));
  const Table table = read_text("age,spend,城市\n20,1,北京\nold,2,上海\nvery old,3,上海\n");
  EXPECT_THAT(message_of([&] { pipeline.transform(table); }),
              HasSubstr(".csv:3: column \"age\": \"old\" is not a number, as the column was in "
                        "training"));
}

TEST(Pipeline, NumbersReadAsOtherKindsStillFit) {
  const Pipeline pipeline = Pipeline::fit(customers(), config_for(Scaling::none));
  // One row: every column is constant, and the city is a number.
  const Table table = read_text("age,spend,城市\n20,1,7\n");
  const EncodedRows rows = pipeline.transform(table);
  EXPECT_THAT(rows.numbers, ElementsAre(20, 1, 0));
  EXPECT_THAT(rows.codes, ElementsAre(kEncodedUnknown));
}

TEST(Pipeline, SchemaReadsAFileAsTheTrainingFileWas) {
  PipelineConfig config = config_for(Scaling::none);
  config.missing_tokens = {"", "-"};
  const Pipeline pipeline = Pipeline::fit(customers(), config);
  const std::vector<std::string> texts = {"编号", "age"};
  const ScratchFile file("extra,编号,城市,age,spend\nx,0017,北京,20,-\ny,0018,-,30,4\n");
  CsvReader reader(file.path(), pipeline.schema_for_reading(texts));
  Table chunk;
  ASSERT_TRUE(reader.next(chunk, 10));
  EXPECT_THAT(chunk.names(), ElementsAre("编号", "城市", "age", "spend"));
  EXPECT_EQ(chunk.column("编号").text(0), "0017");
  const EncodedRows rows = pipeline.transform(chunk);
  EXPECT_THAT(rows.numbers, ElementsAre(20, 4, 1, 30, 4, 0));
  EXPECT_THAT(rows.codes, ElementsAre(2, 0));
}

TEST(Pipeline, ATextAmongNewNumbersIsMetWithAdviceThatCanBeFollowed) {
  const Pipeline pipeline = Pipeline::fit(customers(), config_for(Scaling::none));
  const ScratchFile file("age,spend,城市\n30,1,北京\nold,1,北京\n");
  CsvReader reader(file.path(), pipeline.schema_for_reading({}));
  Table chunk;
  const std::string message = message_of([&] { reader.next(chunk, 10); });
  EXPECT_THAT(message, HasSubstr(":3: column \"age\": \"old\" is not a number, as the column was "
                                 "in training: correct the cell, or leave it empty"));
  EXPECT_THAT(message, Not(HasSubstr("category")));
}

TEST(Pipeline, ConfigErrors) {
  const auto message = [](const PipelineConfig& config) {
    return message_of([&] { Pipeline::fit(customers(), config); });
  };
  PipelineConfig config = config_for(Scaling::none);
  config.target = "chrun";
  EXPECT_THAT(message(config), HasSubstr("there is no column \"chrun\". Did you mean \"churn\"?"));
  config = config_for(Scaling::none);
  config.number_columns["城市"] = {};
  EXPECT_THAT(message(config),
              HasSubstr("column \"城市\" is a category, and has options for numbers"));
  config = config_for(Scaling::none);
  config.category_columns["age"] = {};
  EXPECT_THAT(message(config),
              HasSubstr("column \"age\" is a number, and has options for categories"));
  config = config_for(Scaling::none);
  config.drop_columns = {"age", "spend", "城市"};
  EXPECT_THAT(message(config), HasSubstr("customers.csv: no column is left to predict from; column "
                                         "\"编号\" is left out: it looks like an identifier"));
  config = config_for(Scaling::none);
  config.bins = 0;
  EXPECT_EQ(message(config), "bins is 0: expected at least 1");
  config.bins = 4;
  config.quantiles = 1;
  EXPECT_EQ(message(config), "quantiles is 1: expected at least 2");
}

TEST(Pipeline, HugeValuesStayFinite) {
  Table table;
  table.add(number_column("x", {1e200, 2e200, -3e200}));
  PipelineConfig config;
  config.numbers.scaling = Scaling::none;
  const Pipeline pipeline = Pipeline::fit(table, config);
  for (const float value : pipeline.transform(table).numbers) EXPECT_TRUE(std::isfinite(value));
}

TEST(Pipeline, OneHot) {
  const Pipeline pipeline = Pipeline::fit(customers(), config_for(Scaling::none));
  Table table = customers();
  const OneHotRows rows = one_hot_rows(pipeline.transform(table), pipeline.cardinalities());
  EXPECT_THAT(one_hot_names(pipeline),
              ElementsAre("age", "spend", "spend is missing", "城市 is missing", "城市 = 北京",
                          "城市 = 上海"));
  ASSERT_EQ(rows.width, 6U);
  const auto row = [&](std::size_t i) {
    return std::vector<float>(rows.values.begin() + static_cast<std::ptrdiff_t>(i * 6 + 3),
                              rows.values.begin() + static_cast<std::ptrdiff_t>(i * 6 + 6));
  };
  EXPECT_THAT(row(0), ElementsAre(0, 1, 0));
  EXPECT_THAT(row(1), ElementsAre(0, 0, 1));
  EXPECT_THAT(row(3), ElementsAre(1, 0, 0));
}

TEST(Pipeline, ThreadsDoNotMatter) {
  EBB_REAL_DATA(path, "wa_churn.csv");
  const Table table = read_csv(path);
  const Labels labels = parse_labels(table, "churn");
  const Split split = stratified_split(labels.values, {});
  const Table training = select_rows(table, split.train);
  PipelineConfig config;
  config.target = "churn";
  const Pipeline expected = Pipeline::fit(training, config);
  const EncodedRows rows = expected.transform(table);
  for (int threads = 1; threads <= 5; ++threads) {
    const ThreadCount count(threads);
    const Pipeline pipeline = Pipeline::fit(training, config);
    EXPECT_EQ(pipeline, expected);
    const EncodedRows again = pipeline.transform(table);
    EXPECT_EQ(again.numbers, rows.numbers);
    EXPECT_EQ(again.codes, rows.codes);
  }
}

}  // namespace
}  // namespace ebb::preprocessing
