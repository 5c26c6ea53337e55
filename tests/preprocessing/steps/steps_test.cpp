// Duplicates, missing values and category codes.
#include "preprocessing/steps/category_encoding.h"
#include "preprocessing/steps/duplicates.h"
#include "preprocessing/steps/missing_values.h"
#include "preprocessing/steps/statistics.h"
#include "tests/preprocessing/support.h"

namespace ebb::preprocessing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const double kMissing = std::nan("");

TEST(Duplicates, LaterEqualRowsGo) {
  Table table;
  table.add(number_column("a", {1, 1, kMissing, 0.0, kMissing, -0.0, 1}));
  table.add(text_column("b", {"x", "y", "", "z", "", "z", "x"}));
  const DistinctRows distinct = find_distinct_rows(table);
  EXPECT_THAT(distinct.kept, ElementsAre(0, 1, 2, 3));
  EXPECT_EQ(distinct.dropped, 3U);
  std::size_t dropped = 0;
  EXPECT_EQ(drop_duplicate_rows(table, &dropped).rows(), 4U);
  EXPECT_EQ(dropped, 3U);
}

TEST(Duplicates, ManyRowsAndAnyThreads) {
  std::vector<double> values;
  for (int i = 0; i < 300000; ++i) values.push_back(i % 30011);
  Table table;
  table.add(number_column("a", values));
  for (int threads = 1; threads <= 5; ++threads) {
    const ThreadCount count(threads);
    const DistinctRows distinct = find_distinct_rows(table);
    ASSERT_EQ(distinct.kept.size(), 30011U);
    EXPECT_EQ(distinct.kept.back(), 30010U);
  }
}

TEST(Duplicates, TelecomChurnHas22) {
  EBB_REAL_DATA(path, "wa_churn.csv");
  EXPECT_EQ(find_distinct_rows(read_csv(path)).dropped, 22U);
}

TEST(MissingValues, FillValues) {
  const std::vector<double> values = {4, kMissing, 1, 1, 10, 8, 8, kMissing};
  EXPECT_EQ(fill_value(values, NumberFill::median), 6.0);
  EXPECT_NEAR(fill_value(values, NumberFill::mean), 32.0 / 6.0, 1e-15);
  EXPECT_EQ(fill_value(values, NumberFill::mode), 1.0);
  EXPECT_EQ(fill_value(values, NumberFill::constant, -5.0), -5.0);
}

TEST(MissingValues, NamesRoundTrip) {
  for (const char* name : {"median", "mean", "mode", "constant"}) {
    EXPECT_EQ(fill_name(parse_number_fill(name)), name);
  }
  for (const char* name : {"missing_code", "mode"}) {
    EXPECT_EQ(fill_name(parse_category_fill(name)), name);
  }
  for (const char* name : {"never", "when_missing", "always"}) {
    EXPECT_EQ(indicator_name(parse_missing_indicator(name)), name);
  }
  EXPECT_EQ(message_of([] { parse_number_fill("ffill"); }),
            "\"ffill\" is no fill for numbers: use median, mean, mode or constant");
}

TEST(Statistics, QuantilesInterpolate) {
  const std::vector<double> sorted = {1, 2, 4, 8};
  EXPECT_EQ(quantile(sorted, 0.0), 1.0);
  EXPECT_EQ(quantile(sorted, 1.0), 8.0);
  EXPECT_EQ(quantile(sorted, 0.5), 3.0);
  EXPECT_NEAR(quantile(sorted, 0.9), 6.8, 1e-15);
  EXPECT_EQ(quantile(std::vector<double>{5}, 0.3), 5.0);
}

TEST(Statistics, DeviationSurvivesALargeMean) {
  std::vector<double> values;
  for (int i = 0; i < 1000; ++i) values.push_back(1e9 + i % 2);
  const double mean = mean_of(values);
  EXPECT_EQ(mean, 1e9 + 0.5);
  EXPECT_EQ(standard_deviation(values, mean), 0.5);
}

TEST(CategoryEncoding, CodesByFrequencyThenName) {
  const Column column = text_column("c", {"b", "a", "d", "c", "d", "", "a", "b", "d"});
  const CategoryEncoder encoder = CategoryEncoder::fit(column, 1);
  EXPECT_THAT(encoder.levels(), ElementsAre("d", "a", "b", "c"));
  EXPECT_EQ(encoder.cardinality(), 6);
  EXPECT_THAT(encoder.encode(column), ElementsAre(4, 3, 2, 5, 2, kEncodedMissing, 3, 4, 2));
  EXPECT_EQ(encoder.code("zebra"), kEncodedUnknown);
  const CategoryEncoder frequent = CategoryEncoder::fit(column, 2);
  EXPECT_THAT(frequent.levels(), ElementsAre("d", "a", "b"));
  EXPECT_EQ(frequent.code("c"), kEncodedUnknown);
}

TEST(CategoryEncoding, LevelsAbsentFromTheTrainingRowsAreUnknown) {
  Table table;
  table.add(text_column("c", {"a", "b", "a", "c"}));
  const Table training = select_rows(table, std::vector<std::size_t>{0, 2, 3});
  const CategoryEncoder encoder = CategoryEncoder::fit(training.column("c"), 1);
  EXPECT_THAT(encoder.levels(), ElementsAre("a", "c"));
  EXPECT_THAT(encoder.encode(table.column("c")), ElementsAre(2, kEncodedUnknown, 2, 3));
}

TEST(CategoryEncoding, RestoreRefusesRepeats) {
  EXPECT_THAT(message_of([] {
                CategoryEncoder::restore({"a", "b", "a"});
              }),
              HasSubstr("the level \"a\" occurs twice"));
}

}  // namespace
}  // namespace ebb::preprocessing
