#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "apps/churn/segments/rfm_classes.h"
#include "apps/churn/segments/risk_value_quadrants.h"
#include "apps/churn/segments/segment_description.h"
#include "apps/churn/segments/segments_json.h"
#include "kernels/common/error.h"
#include "tests/support/test_json.h"

namespace ebb::churn {
namespace {

using ::testing::ElementsAre;

const double kMissing = preprocessing::kMissingNumber;

TEST(RiskValueQuadrants, AreByTheThresholdAndTheMedian) {
  const std::vector<float> probabilities = {0.9F, 0.1F, 0.5F, 0.49F, 0.9F};
  const std::vector<double> values = {50, 40, 10, 30, kMissing};
  const Segmentation found = risk_value_quadrants(probabilities, values, 0.5, Language::english);
  EXPECT_THAT(found.of_row, ElementsAre(0, 1, 2, 3, 4));  // the median, 35, is above the fourth
  EXPECT_EQ(found.names[0], "valuable and at risk");
  EXPECT_EQ(found.names[3], "less valuable and loyal");
  EXPECT_THAT(found.sizes(), ElementsAre(1, 1, 1, 1, 1));
  EXPECT_EQ(risk_value_quadrants(probabilities, values, 0.5, Language::chinese).names[0],
            "高价值且有流失风险");
  const std::vector<double> unknown(5, kMissing);
  EXPECT_THAT(risk_value_quadrants(probabilities, unknown, 0.5, Language::english).of_row,
              ElementsAre(4, 4, 4, 4, 4));
  EXPECT_THROW(risk_value_quadrants(probabilities, {}, 0.5, Language::english), Error);
}

TEST(QuintileScores, ShareTheRowsInFive) {
  const std::vector<double> ten = {5, 1, 2, 3, 4, 10, 9, 8, 7, 6};
  EXPECT_THAT(quintile_scores(ten), ElementsAre(3, 1, 1, 2, 2, 5, 5, 4, 4, 3));
  // Of equal values the middle one decides; what is missing counts nowhere.
  const std::vector<double> ties = {0, 0, 0, 0, 0, 0, 1, 2, kMissing};
  EXPECT_THAT(quintile_scores(ties), ElementsAre(2, 2, 2, 2, 2, 2, 5, 5, 0));
  EXPECT_THAT(quintile_scores(std::vector<double>{7, 7}), ElementsAre(3, 3));
  EXPECT_THAT(quintile_scores({}), ElementsAre());
}

TEST(RfmClasses, AreThoseOfTheGrid) {
  // Each of the 25 pairs of scores once: recency falls with its score.
  std::vector<double> recency;
  std::vector<double> frequency;
  for (int i = 0; i < 25; ++i) {
    recency.push_back(5 - i / 5);
    frequency.push_back(i % 5);
  }
  const Segmentation found = rfm_classes({recency, frequency, frequency}, Language::english);
  std::vector<std::string> names;
  for (const std::size_t segment : found.of_row) names.push_back(found.names[segment]);
  EXPECT_THAT(
      names,
      ElementsAre("hibernating", "hibernating", "at risk", "at risk", "cannot lose them",  //
                  "hibernating", "hibernating", "at risk", "at risk", "cannot lose them",  //
                  "about to sleep", "about to sleep", "needing attention", "loyal customers",
                  "loyal customers",  //
                  "promising", "potential loyalists", "potential loyalists", "loyal customers",
                  "loyal customers",  //
                  "new customers", "potential loyalists", "potential loyalists", "champions",
                  "champions"));
}

TEST(RfmClasses, RoundTheMeanOfFrequencyAndMonetaryUp) {
  const std::vector<double> recency = {1, 2, 3, 4, 5};
  const std::vector<double> frequency = {1, 2, 3, 4, 5};
  const std::vector<double> monetary = {1, 2, 3, 5, 4};
  const Segmentation found = rfm_classes({recency, frequency, monetary}, Language::chinese);
  EXPECT_EQ(found.names[found.of_row[4]], "不可失去");  // 5 and 4: 5
}

TEST(RfmClasses, TellOfWhatIsMissing) {
  const std::vector<double> some = {1, kMissing, 3};
  const std::vector<double> all = {1, 2, 3};
  const Segmentation found = rfm_classes({some, all, all}, Language::english);
  EXPECT_EQ(found.names[found.of_row[1]], "values missing");
  EXPECT_NE(found.names[found.of_row[0]], "values missing");
  EXPECT_TRUE(rfm_classes({}, Language::english).of_row.empty());
  EXPECT_THROW(rfm_classes({some, all, {}}, Language::english), Error);
}

TEST(WilsonInterval, IsThatOfScipy) {
  const auto fixture = ebb::testing::test_json("segments.json");
  for (const auto& known : fixture["wilson"]) {
    const ShareEstimate found =
        wilson_interval(known[0].get<std::size_t>(), known[1].get<std::size_t>());
    EXPECT_NEAR(found.low, known[2].get<double>(), 1e-14);
    EXPECT_NEAR(found.high, known[3].get<double>(), 1e-14);
  }
}

class DescriptionTest : public ::testing::Test {
 protected:
  DescriptionTest() {
    columns_.add(preprocessing::number_column("orders", {1, 3, 1e3, 1e3, kMissing, 1e3}));
    columns_.add(preprocessing::number_column("same", std::vector<double>(6, 0.1)));
    columns_.add(preprocessing::text_column("plan", {"pro", "basic", "pro", "pro", "pro", ""}));
  }

  std::vector<SegmentDescription> describe(const Segmentation& segments, std::size_t most) const {
    return describe_segments(
        segments, {.columns = columns_, .probabilities = probabilities_, .labels = labels_}, most);
  }

  preprocessing::Table columns_;
  std::vector<float> probabilities_ = {0.5F, 0.75F, 0, 0, 0.25F, 0};
  std::vector<float> labels_ = {1, 1, 0, 0, 1, 0};
  Segmentation halves_{{0, 0, 2, 2, 2, 2}, {"few", "none", "many"}};
};

TEST_F(DescriptionTest, SaysWhatSetsASegmentApart) {
  const auto found = describe(halves_, 5);
  ASSERT_EQ(found.size(), 2U);  // one has no customers
  EXPECT_EQ(found[0].name, "few");
  EXPECT_EQ(found[1].number, 3U);
  EXPECT_EQ(found[1].customers, 4U);
  EXPECT_DOUBLE_EQ(found[0].share, 2.0 / 6);
  EXPECT_DOUBLE_EQ(found[0].mean_probability, 0.625);
  EXPECT_DOUBLE_EQ(found[0].churn_rate->share, 1.0);
  EXPECT_DOUBLE_EQ(found[1].churn_rate->share, 0.25);
  ASSERT_EQ(found[0].factors.size(), 2U);  // "same" sets nobody apart
  const SegmentFactor& orders = found[0].factors[0];
  EXPECT_EQ(orders.column, "orders");
  EXPECT_DOUBLE_EQ(orders.inside, 2.0);
  EXPECT_DOUBLE_EQ(orders.outside, 1000.0);
  // Of 1, 3 and three times 1000.
  EXPECT_NEAR(orders.difference, -998.0 / std::sqrt(239041.36), 1e-9);
  const SegmentFactor& plan = found[0].factors[1];
  EXPECT_EQ(plan.column, "plan");
  EXPECT_EQ(plan.level, "pro");  // as far apart as basic, and first
  EXPECT_DOUBLE_EQ(plan.inside, 0.5);
  EXPECT_DOUBLE_EQ(plan.outside, 1.0);
  EXPECT_DOUBLE_EQ(plan.lift(), 0.5);
  EXPECT_EQ(describe(halves_, 1)[0].factors.size(), 1U);
}

TEST_F(DescriptionTest, MakesNames) {
  const auto found = describe(halves_, 5);
  EXPECT_EQ(segment_name(RiskBand::high, found[0].factors, Language::english),
            "high risk: low orders, less plan = pro");
  EXPECT_EQ(segment_name(RiskBand::low, found[1].factors, Language::chinese),
            "低风险：orders 偏高，plan 多为 pro");
  EXPECT_EQ(segment_name(RiskBand::medium, {}, Language::english), "medium risk");
}

TEST_F(DescriptionTest, BecomesJsonThatReadsBack) {
  const auto json = nlohmann::json::parse(to_json(describe(halves_, 5)).dump());
  EXPECT_EQ(json[0]["name"], "few");
  EXPECT_EQ(json[1]["churn_rate"], 0.25);
  EXPECT_EQ(json[0]["factors"][1]["lift"], 0.5);
  EXPECT_FALSE(json[0]["factors"][0].contains("level"));
  labels_.clear();
  EXPECT_FALSE(to_json(describe(halves_, 5))[0].contains("churn_rate"));
}

TEST_F(DescriptionTest, OfOneSegmentHasNoFactors) {
  EXPECT_TRUE(describe({std::vector<std::size_t>(6), {"all"}}, 5)[0].factors.empty());
  EXPECT_THROW(describe({{0, 0}, {"all"}}, 5), Error);
}

}  // namespace
}  // namespace ebb::churn
