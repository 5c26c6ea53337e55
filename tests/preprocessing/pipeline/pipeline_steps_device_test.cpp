// A pipeline with declared steps on the device under test: fitted, applied and judged as on the
// CPU.
#include <bit>
#include <cmath>

#include <nlohmann/json.hpp>

#include "preprocessing/pipeline/pipeline.h"
#include "preprocessing/split/random_order.h"
#include "tests/preprocessing/support.h"
#include "tests/support/test_device.h"

namespace ebb::preprocessing {
namespace {

using ebb::testing::test_device;

/// `drift`: 0 for rows to fit to; else values and levels that those do not have.
Table customers(std::size_t rows, std::uint64_t drift) {
  SplitMix64 generator(rows, drift);
  std::vector<double> spend;
  std::vector<double> visits;
  std::vector<double> churn;
  std::vector<std::string> plan;
  std::vector<std::string> since;
  for (std::size_t row = 0; row < rows; ++row) {
    spend.push_back(generator.below(6) == 0 ? std::nan("")
                                            : 0.37 * static_cast<double>(generator.below(400)) +
                                                  50.0 * static_cast<double>(drift));
    visits.push_back(static_cast<double>(generator.below(9)) - 2.0);
    churn.push_back(static_cast<double>(generator.below(2)));
    const std::uint64_t level = generator.below(6 + 3 * drift);
    plan.push_back(level == 0 ? "" : "plan " + std::to_string(level));
    since.push_back(fmt::format("2024-0{}-1{}", 1 + generator.below(9), generator.below(9)));
  }
  Table table;
  table.add(number_column("spend", spend));
  table.add(number_column("visits", visits));
  table.add(text_column("plan", plan));
  table.add(text_column("since", since));
  table.add(number_column("churn", churn));
  return table;
}

PipelineConfig with_steps(const std::string& method) {
  PipelineConfig config;
  config.target = "churn";
  config.classes = {"0", "1"};
  config.steps = {
      {"clip", {{"columns", {"spend"}}}, "t.toml:1"},
      {"fill", {{"columns", {"spend"}}, {"numbers", "mode"}, {"indicator", true}}, "t.toml:2"},
      {"derive",
       {{"operation", "ratio"}, {"of", {"spend", "visits"}}, {"name", "rate"}},
       "t.toml:3"},
      {"date", {{"columns", {"since"}}}, "t.toml:4"},
      {"encode", {{"columns", {"plan"}}, {"method", method}}, "t.toml:5"}};
  return config;
}

void expect_same_rows(const EncodedRows& found, const EncodedRows& expected) {
  const EncodedRows there = to_host(found);
  ASSERT_EQ(there.numbers.size(), expected.numbers.size());
  for (std::size_t i = 0; i < expected.numbers.size(); ++i) {
    ASSERT_EQ(std::bit_cast<std::uint32_t>(there.numbers[i]),
              std::bit_cast<std::uint32_t>(expected.numbers[i]))
        << "element " << i;
  }
  EXPECT_EQ(there.codes, expected.codes);
}

void expect_same_report(const DriftReport& found, const DriftReport& expected) {
  ASSERT_EQ(found.columns.size(), expected.columns.size());
  EXPECT_EQ(found.rows, expected.rows);
  for (std::size_t i = 0; i < expected.columns.size(); ++i) {
    const ColumnDrift& a = found.columns[i];
    const ColumnDrift& b = expected.columns[i];
    SCOPED_TRACE(b.name);
    EXPECT_EQ(a.name, b.name);
    EXPECT_EQ(a.is_absent, b.is_absent);
    EXPECT_EQ(a.missing, b.missing);
    EXPECT_EQ(a.counts, b.counts);
    EXPECT_EQ(a.values, b.values);
    EXPECT_EQ(a.outside, b.outside);
    EXPECT_EQ(a.lowest, b.lowest);
    EXPECT_EQ(a.highest, b.highest);
    EXPECT_EQ(a.sum, b.sum);
    EXPECT_EQ(a.unseen, b.unseen);
    EXPECT_EQ(a.unseen_example, b.unseen_example);
  }
}

void expect_as_on_the_cpu(const PipelineConfig& config) {
  const Table training = customers(700, 0);
  const FittedRows expected = Pipeline::fit_transform(training, config);
  const FittedRows fitted = Pipeline::fit_transform(training, config, test_device());
  EXPECT_EQ(fitted.pipeline.to_json(), expected.pipeline.to_json());
  EXPECT_EQ(Pipeline::fit(training, config, test_device()), expected.pipeline);
  expect_same_rows(fitted.rows, expected.rows);
  DriftReport found;
  DriftReport report;
  for (const std::size_t rows : {0U, 1U, 3U, 128U, 129U, 130U, 1001U}) {
    SCOPED_TRACE(std::to_string(rows) + " rows");
    Table table = customers(rows, rows % 3);
    if (config.absent_columns == AbsentColumn::impute && rows == 130)
      table.drop(std::vector<std::string>{"visits"});
    const EncodedRows here = expected.pipeline.transform(table, &report);
    expect_same_rows(expected.pipeline.transform(table, &found, test_device()), here);
    expect_same_report(found, report);
  }
  EXPECT_EQ(expected.pipeline.drift_warnings(found), expected.pipeline.drift_warnings(report));
  EXPECT_FALSE(expected.pipeline.drift_warnings(found).empty());
}

TEST(PipelineStepsDevice, AreThoseOfTheCpu) {
  for (const std::string method : {"one_hot", "target", "frequency"}) {
    SCOPED_TRACE(method);
    PipelineConfig config = with_steps(method);
    config.absent_columns = AbsentColumn::impute;
    expect_as_on_the_cpu(config);
  }
}

TEST(PipelineStepsDevice, AreNotNeeded) {
  for (const NumberFill fill :
       {NumberFill::median, NumberFill::mean, NumberFill::mode, NumberFill::constant}) {
    SCOPED_TRACE(fill_name(fill));
    PipelineConfig config = with_steps("one_hot");
    config.steps.clear();
    config.numbers.fill = fill;
    config.categories.min_count = 40;
    config.absent_columns = AbsentColumn::impute;
    config.number_categories = {"visits"};
    expect_as_on_the_cpu(config);
  }
}

}  // namespace
}  // namespace ebb::preprocessing
