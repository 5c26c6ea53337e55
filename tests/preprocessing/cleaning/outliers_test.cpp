// Bounds of outliers and what becomes of them.
#include "preprocessing/cleaning/outliers.h"

#include <vector>

#include <nlohmann/json.hpp>

#include "tests/preprocessing/support.h"
#include "tests/support/test_json.h"

namespace ebb::preprocessing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

constexpr double kHuge = std::numeric_limits<double>::max();

OutlierBounds bounds_of(std::vector<double> values, const OutlierOptions& options = {}) {
  return fit_outlier_bounds(number_column("spend", std::move(values)), options);
}

TEST(Outliers, BoundsAgreeWithPandasAndScipy) {
  const json document = ebb::testing::test_json("outliers.json");
  ASSERT_EQ(document["cases"].size(), 4U);
  for (const json& one : document["cases"]) {
    SCOPED_TRACE(one["name"].get<std::string>());
    std::vector<double> values;
    for (const json& value : one["values"]) {
      values.push_back(value.is_null() ? kMissingNumber : value.get<double>());
    }
    for (const OutlierRule rule : {OutlierRule::iqr, OutlierRule::z_score, OutlierRule::quantile}) {
      const double factor = rule == OutlierRule::z_score ? 3.0 : 1.5;
      const OutlierBounds bounds = bounds_of(values, {.rule = rule, .factor = factor});
      const auto expected = one[std::string(rule_name(rule))].get<std::vector<double>>();
      EXPECT_NEAR(bounds.lower, expected[0], 1e-12 * (1.0 + std::abs(expected[0])));
      EXPECT_NEAR(bounds.upper, expected[1], 1e-12 * (1.0 + std::abs(expected[1])));
    }
    const OutlierCounts counts = treat_outliers(values, bounds_of(values));
    EXPECT_EQ(counts.below, one["below"].get<std::size_t>());
    EXPECT_EQ(counts.above, one["above"].get<std::size_t>());
    double sum = 0.0;
    for (const double value : values) sum += std::isnan(value) ? 0.0 : value;
    EXPECT_NEAR(sum, one["clipped_sum"].get<double>(), 1e-10 * std::abs(sum));
  }
}

TEST(Outliers, Treatments) {
  const std::vector<double> values = {-9, kMissingNumber, 0, 1, 2, 40};
  const auto treated = [&](OutlierTreatment treatment) {
    std::vector<double> copy = values;
    EXPECT_EQ(treat_outliers(copy, {0.0, 2.0, treatment}), (OutlierCounts{1, 1}));
    return copy;
  };
  const std::vector<double> reported = treated(OutlierTreatment::report);
  const std::vector<double> clipped = treated(OutlierTreatment::clip);
  const std::vector<double> emptied = treated(OutlierTreatment::to_missing);
  EXPECT_EQ(reported[0], -9.0);
  EXPECT_EQ(reported[5], 40.0);
  EXPECT_EQ(clipped[0], 0.0);
  EXPECT_EQ(clipped[5], 2.0);
  EXPECT_TRUE(std::isnan(emptied[0]) && std::isnan(emptied[5]));
  for (const auto& result : {reported, clipped, emptied}) {
    EXPECT_TRUE(std::isnan(result[1]));
    EXPECT_EQ(result[2], 0.0);  // at a bound is inside
    EXPECT_EQ(result[4], 2.0);
  }
}

TEST(Outliers, ExtremeColumns) {
  EXPECT_EQ(bounds_of({7, 7, 7}), (OutlierBounds{7, 7}));
  EXPECT_EQ(bounds_of({0.1, 0.1, 0.1}, {.rule = OutlierRule::z_score}).lower, 0.1);
  EXPECT_EQ(bounds_of({3}, {.rule = OutlierRule::quantile}), (OutlierBounds{3, 3}));
  EXPECT_EQ(bounds_of({-kHuge, 0, 1, kHuge}), (OutlierBounds{-kHuge, kHuge}));
  EXPECT_EQ(bounds_of({0.0, 1e308}, {.rule = OutlierRule::z_score, .factor = 1e9}).upper, kHuge);
}

TEST(Outliers, AnyThreadsAndManyRows) {
  std::vector<double> values;
  for (int i = 0; i < 300000; ++i) values.push_back(i % 1000);
  std::vector<std::vector<double>> results;
  for (int threads = 1; threads <= 5; ++threads) {
    const ThreadCount count(threads);
    results.push_back(values);
    EXPECT_EQ(treat_outliers(results.back(), {100, 899, OutlierTreatment::clip}),
              (OutlierCounts{30000, 30000}));
    EXPECT_EQ(results.back(), results.front());
  }
}

TEST(Outliers, RefusesWhatHasNoBounds) {
  EXPECT_THAT(message_of([] {
                bounds_of({kMissingNumber, kMissingNumber});
              }),
              HasSubstr("column \"spend\" has no value in any training row"));
  EXPECT_THAT(message_of([] {
                bounds_of({1, 2}, {.factor = 0.0});
              }),
              HasSubstr("column \"spend\": the factor of outliers is 0: expected a positive"));
  EXPECT_THAT(message_of([] {
                bounds_of({1, 2}, {.rule = OutlierRule::quantile, .share = 0.5});
              }),
              HasSubstr("the share of outliers is 0.5: expected above 0 and below 0.5"));
  EXPECT_EQ(message_of([] { parse_outlier_rule("sigma"); }),
            "\"sigma\" is no rule for outliers: use iqr, z_score or quantile");
  EXPECT_EQ(message_of([] { parse_outlier_treatment("drop"); }),
            "\"drop\" is no treatment of outliers: use report, clip or to_missing");
}

TEST(Outliers, JsonRoundTrips) {
  for (const OutlierTreatment treatment :
       {OutlierTreatment::report, OutlierTreatment::clip, OutlierTreatment::to_missing}) {
    const OutlierBounds bounds = {-1.0 / 3.0, 5e-324, treatment};
    const json document = ebb::testing::through_text(to_json(bounds));
    EXPECT_EQ(outlier_bounds_from_json(JsonReader(document)), bounds);
  }
  json bad = to_json(OutlierBounds{1, 2});
  bad["lower"] = 3;
  EXPECT_THAT(message_of([&] { outlier_bounds_from_json(JsonReader(bad)); }),
              HasSubstr("the lower bound is above the upper one"));
}

}  // namespace
}  // namespace ebb::preprocessing
