#include "apps/churn/html_report/curves.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "kernels/common/error.h"
#include "tests/support/test_json.h"

namespace ebb::churn {
namespace {

using Floats = std::vector<float>;

// A leaver alone, a tie of a leaver and two stayers, a stayer alone.
const std::vector<ScoreGroup> kRanking = {{0.9F, 1, 0}, {0.5F, 1, 2}, {0.2F, 0, 1}};

void expect_curve(const Curve& curve, const nlohmann::json& expected) {
  const std::vector<double> x = expected.at("x");
  const std::vector<double> y = expected.at("y");
  ASSERT_EQ(curve.size(), x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    EXPECT_NEAR(curve[i].x, x[i], 1e-12);
    EXPECT_NEAR(curve[i].y, y[i], 1e-12);
  }
}

TEST(Curves, AreThoseOfScikitLearn) {
  const nlohmann::json fixture = ebb::testing::test_json("curves.json");
  const Floats scores = fixture.at("scores");
  const Floats labels = fixture.at("labels");
  const std::vector<ScoreGroup> ranking = rank_by_score({scores, labels});
  expect_curve(roc_curve(ranking), fixture.at("roc"));
  expect_curve(precision_recall_curve(ranking), fixture.at("precision_recall"));
}

TEST(Curves, GainIsTheShareOfLeaversReached) {
  EXPECT_EQ(gain_curve(kRanking), (Curve{{0, 0}, {0.2, 0.5}, {0.8, 1}, {1, 1}}));
}

TEST(Curves, ProfitIsThatOfContactingFromTheTop) {
  // A leaver earns 0.5 * (30 - 10) - 1 = 9, a stayer costs 11.
  const Campaign campaign{30, 10, 1, 0.5};
  const Curve curve = profit_curve(kRanking, campaign);
  ASSERT_EQ(curve.size(), 4U);
  const std::vector<double> earned = {0, 9, 18 - 22, 18 - 33};
  for (std::size_t i = 0; i < curve.size(); ++i) EXPECT_NEAR(curve[i].y, earned[i] / 5, 1e-12);
}

TEST(Curves, AreEmptyWhereUndefined) {
  const std::vector<ScoreGroup> stayers = {{0.5F, 0, 3}};
  EXPECT_TRUE(roc_curve(stayers).empty());
  EXPECT_TRUE(precision_recall_curve(stayers).empty());
  EXPECT_TRUE(gain_curve(stayers).empty());
  EXPECT_TRUE(profit_curve({}, {}).empty());
  EXPECT_TRUE(score_parts({}).empty());
}

TEST(ScoreParts, ShareATieAcrossTheirBorder) {
  const std::vector<ScorePart> halves = score_parts(kRanking, 2);
  ASSERT_EQ(halves.size(), 2U);
  // Of the three that are tied, one and a half are in the upper half, half a leaver with them.
  EXPECT_NEAR(halves[0].rows, 2.5, 1e-12);
  EXPECT_NEAR(halves[0].positives, 1.5, 1e-12);
  EXPECT_NEAR(halves[0].lift, 1.5 / 2.5 / 0.4, 1e-12);
  EXPECT_NEAR(halves[0].gain_so_far, 0.75, 1e-12);
  EXPECT_FLOAT_EQ(static_cast<float>(halves[0].lowest_score), 0.5F);
  EXPECT_NEAR(halves[1].positives, 0.5, 1e-12);
  EXPECT_NEAR(halves[1].gain_so_far, 1, 1e-12);
}

TEST(ScoreParts, EndWhereAGroupEnds) {
  const std::vector<ScorePart> fifths = score_parts(kRanking, 5);
  ASSERT_EQ(fifths.size(), 5U);
  EXPECT_FLOAT_EQ(static_cast<float>(fifths[0].lowest_score), 0.9F);
  EXPECT_NEAR(fifths[0].positives, 1, 1e-12);
  for (std::size_t i = 1; i < 4; ++i) EXPECT_NEAR(fifths[i].positives, 1.0 / 3, 1e-12);
  EXPECT_NEAR(fifths[4].positives, 0, 1e-12);
  EXPECT_THROW(score_parts(kRanking, 0), Error);
}

TEST(ThresholdCurves, FlagFromTheThresholdOn) {
  const ThresholdCurves curves = threshold_curves(kRanking, 3);  // 0, 0.5, 1
  EXPECT_EQ(curves.flagged, (Curve{{0, 1}, {0.5, 0.8}, {1, 0}}));
  EXPECT_EQ(curves.recall, (Curve{{0, 1}, {0.5, 1}, {1, 0}}));
  EXPECT_EQ(curves.precision[1], (Point{0.5, 0.5}));
  EXPECT_TRUE(std::isnan(curves.precision[2].y));
}

TEST(Thinned, KeepsEndsAndExtremes) {
  Curve curve;
  for (int i = 0; i <= 10000; ++i) curve.push_back({i / 10000.0, 0.0});
  curve[3333].y = 5;
  curve[7777].y = -4;
  const Curve few = thinned(curve, 50);
  EXPECT_LE(few.size(), 200U);
  EXPECT_EQ(few.front(), curve.front());
  EXPECT_EQ(few.back(), curve.back());
  EXPECT_NE(std::find(few.begin(), few.end(), curve[3333]), few.end());
  EXPECT_NE(std::find(few.begin(), few.end(), curve[7777]), few.end());
  EXPECT_TRUE(std::ranges::is_sorted(few, {}, &Point::x));
}

TEST(Thinned, LeavesFewPointsAlone) {
  const Curve curve = {{0, 1}, {0.5, 2}, {1, 0}};
  EXPECT_EQ(thinned(curve), curve);
  EXPECT_THROW(thinned(curve, 0), Error);
}

TEST(WilsonInterval, IsThatOfTheLiterature) {
  // Newcombe 1998, table I: 81 of 263, 15 of 148, 0 of 20.
  EXPECT_NEAR(wilson_interval(81, 263).low, 0.2553, 5e-5);
  EXPECT_NEAR(wilson_interval(81, 263).high, 0.3662, 5e-5);
  EXPECT_NEAR(wilson_interval(15, 148).low, 0.0624, 5e-5);
  EXPECT_NEAR(wilson_interval(15, 148).high, 0.1605, 5e-5);
  EXPECT_EQ(wilson_interval(0, 20).low, 0);
  EXPECT_NEAR(wilson_interval(0, 20).high, 0.1611, 5e-5);
  EXPECT_TRUE(std::isnan(wilson_interval(0, 0).low));
}

}  // namespace
}  // namespace ebb::churn
