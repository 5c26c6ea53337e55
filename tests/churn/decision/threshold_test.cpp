#include "apps/churn/decision/threshold.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "apps/churn/metrics/confusion_matrix.h"
#include "kernels/common/error.h"

namespace ebb::churn {
namespace {

using Floats = std::vector<float>;

constexpr ThresholdOptions kF1{ThresholdObjective::f1};
constexpr ThresholdOptions kAccuracy{ThresholdObjective::accuracy};

ThresholdOptions cost(double false_negative_cost) {
  return {ThresholdObjective::cost, {.false_negative = false_negative_cost}};
}

ThresholdOptions profit(const Campaign& campaign) {
  return {.objective = ThresholdObjective::profit, .campaign = campaign};
}

ThresholdOptions budget(double contact_share) {
  return {.objective = ThresholdObjective::budget, .contact_share = contact_share};
}

constexpr ThresholdOptions kEveryCost{
    ThresholdObjective::cost,
    {.true_positive = -20, .false_positive = 3, .true_negative = -2, .false_negative = 4}};

/// Overlapping classes, repeated scores, and weights that binary fractions hold exactly.
struct Sample {
  Floats scores, labels, weights;

  explicit Sample(std::size_t rows) {
    for (std::size_t row = 0; row < rows; ++row) {
      const std::size_t noise = row * 7919 % 101;
      labels.push_back(row % 4 == 0 ? 1.0f : 0.0f);
      scores.push_back(static_cast<float>(noise + 30 * (row % 4 == 0)) / 131);
      weights.push_back(static_cast<float>(row % 5) / 2);
    }
  }
};

double quality(const ConfusionMatrix& matrix, const ThresholdOptions& options) {
  if (options.objective == ThresholdObjective::f1) return matrix.f1();
  if (options.objective == ThresholdObjective::accuracy) return matrix.accuracy();
  if (options.objective == ThresholdObjective::profit) {
    return (matrix.true_positive * gain_from_leaver(options.campaign) -
            matrix.false_positive * loss_from_stayer(options.campaign)) /
           matrix.total();
  }
  return -(options.costs.false_negative * matrix.false_negative +
           options.costs.false_positive * matrix.false_positive +
           options.costs.true_positive * matrix.true_positive +
           options.costs.true_negative * matrix.true_negative) /
         matrix.total();
}

TEST(Threshold, NoOtherThresholdIsBetter) {
  const Sample sample(157);
  const ScoredRows unweighted{sample.scores, sample.labels};
  const ScoredRows weighted{sample.scores, sample.labels, sample.weights};
  for (const ScoredRows& rows : {unweighted, weighted}) {
    for (const ThresholdOptions& options : {kF1, kAccuracy, cost(1), cost(5), cost(0.2), kEveryCost,
                                            profit({}), profit({.customer_value = 40})}) {
      const ThresholdChoice choice = choose_threshold(rows, options);
      EXPECT_FALSE(choice.fallback_reason);
      const double reached = quality(confusion_at(rows, choice.threshold), options);
      const bool is_cost = options.objective == ThresholdObjective::cost;
      EXPECT_NEAR(is_cost ? -reached : reached, choice.objective_value, 1e-12);
      for (int step = 0; step <= 1000; ++step) {
        EXPECT_GE(reached + 1e-12, quality(confusion_at(rows, step / 1000.0), options));
      }
    }
  }
}

TEST(Threshold, ABudgetFlagsAsManyAsCanBeContacted) {
  const Floats scores{0.1f, 0.2f, 0.3f, 0.3f, 0.5f, 0.6f, 0.7f, 0.8f}, labels(8, 0.0f);
  const auto flagged = [&](double share) {
    const ThresholdChoice choice = choose_threshold({scores, labels}, budget(share));
    EXPECT_FALSE(choice.fallback_reason);  // it asks for no labels
    const auto count = std::count_if(scores.begin(), scores.end(), [&](float score) {
      return is_flagged(score, choice.threshold);
    });
    EXPECT_EQ(choice.objective_value, static_cast<double>(count) / 8);
    return count;
  };
  EXPECT_EQ(flagged(0.25), 2);
  EXPECT_EQ(flagged(0.3), 2);
  EXPECT_EQ(flagged(0.5), 4);
  EXPECT_EQ(flagged(0.7), 4);  // the fifth and the sixth score alike
  EXPECT_EQ(flagged(0.75), 6);
  EXPECT_EQ(flagged(0.01), 0);
}

TEST(Threshold, WithoutLeaversAProfitFallsBackToWhereAContactPays) {
  const Floats scores{0.1f, 0.2f}, labels{0, 0};
  const Campaign campaign;
  const ThresholdChoice choice = choose_threshold({scores, labels}, profit(campaign));
  EXPECT_TRUE(choice.fallback_reason);
  const double p = choice.threshold;
  EXPECT_NEAR(p * gain_from_leaver(campaign), (1 - p) * loss_from_stayer(campaign), 1e-12);
  // Where even a sure leaver does not pay, only a sure one is flagged.
  EXPECT_EQ(choose_threshold({scores, labels}, profit({.contact_cost = 100})).threshold, 1.0);
}

TEST(Threshold, RefusesABudgetAndACampaignThatAreNone) {
  const Floats scores{0.1f, 0.2f}, labels{0, 1};
  for (const double share : {0.0, 1.0, -0.1, std::nan("")}) {
    EXPECT_THROW(choose_threshold({scores, labels}, budget(share)), DataError) << share;
  }
  EXPECT_THROW(choose_threshold({scores, labels}, profit({.customer_value = 5})), DataError);
}

TEST(Threshold, LiesMidwayBetweenNeighbouringScores) {
  const Floats scores{0.25f, 0.5f, 0.75f, 1.0f}, labels{0, 0, 1, 1};
  for (const ThresholdOptions& options : {kF1, kAccuracy, cost(3)}) {
    EXPECT_EQ(choose_threshold({scores, labels}, options).threshold, 0.625);
  }
  EXPECT_EQ(choose_threshold({scores, labels}, kF1).objective_value, 1.0);
  EXPECT_EQ(choose_threshold({scores, labels}, cost(3)).objective_value, 0.0);
}

TEST(Threshold, TakesTheWidestOfEquallyGoodGaps) {
  // Accuracy is 3/4 in (0.125, 0.25], in (0.25, 0.875] it is 1/2, and 3/4 again in (0.875, 1].
  const Floats scores{0.125f, 0.25f, 0.875f, 1.0f}, labels{0, 1, 0, 1};
  EXPECT_EQ(choose_threshold({scores, labels}, kAccuracy).threshold, 0.1875);
  // With the top gap widened it wins: (0.625, 1].
  const Floats wider{0.125f, 0.25f, 0.625f, 1.0f};
  EXPECT_EQ(choose_threshold({wider, labels}, kAccuracy).threshold, 0.8125);
}

TEST(Threshold, JoinsNeighbouringGapsThatAreEquallyGood) {
  // A row of weight on each side cancels at 0.5: (0.25, 0.5] and (0.5, 0.75] have one accuracy.
  const Floats scores{0.25f, 0.5f, 0.5f, 0.75f}, labels{0, 0, 1, 1};
  EXPECT_EQ(choose_threshold({scores, labels}, kAccuracy).threshold, 0.5);
}

TEST(Threshold, DoesNotDependOnTheOrderOfRows) {
  Sample sample(157);
  const ThresholdChoice first = choose_threshold({sample.scores, sample.labels}, kF1);
  std::ranges::reverse(sample.scores);
  std::ranges::reverse(sample.labels);
  EXPECT_EQ(choose_threshold({sample.scores, sample.labels}, kF1).threshold, first.threshold);
}

TEST(Threshold, CostRatioMovesItDown) {
  const Sample sample(157);
  const ScoredRows rows{sample.scores, sample.labels};
  EXPECT_LT(choose_threshold(rows, cost(10)).threshold, choose_threshold(rows, cost(1)).threshold);
  EXPECT_LE(choose_threshold(rows, cost(1)).threshold, choose_threshold(rows, cost(0.1)).threshold);
}

TEST(Threshold, CanFlagNobodyOrEverybody) {
  const Floats misleading{1.0f, 1.0f, 0.0f}, labels{0, 0, 1};
  const ThresholdChoice nobody = choose_threshold({misleading, labels}, kAccuracy);
  EXPECT_GT(nobody.threshold, 1.0);
  EXPECT_FALSE(is_flagged(1.0, nobody.threshold));
  const ThresholdChoice everybody = choose_threshold({misleading, labels}, kF1);
  EXPECT_TRUE(is_flagged(0.0, everybody.threshold));
}

TEST(Threshold, EqualScoresAreDecidedByTheObjective) {
  const Floats scores{0.5f, 0.5f, 0.5f}, labels{0, 0, 1};
  EXPECT_EQ(choose_threshold({scores, labels}, kF1).threshold, 0.25);
  EXPECT_GT(choose_threshold({scores, labels}, kAccuracy).threshold, 0.5);
  EXPECT_EQ(choose_threshold({scores, labels}, cost(5)).threshold, 0.25);
}

TEST(Threshold, OneClassFallsBackAndSaysSo) {
  const Floats scores{0.2f, 0.9f}, stayed{0, 0}, left{1, 1};
  ThresholdOptions options{.training_base_rate = 0.265};
  const ThresholdChoice choice = choose_threshold({scores, stayed}, options);
  EXPECT_EQ(choice.threshold, 0.265);
  EXPECT_TRUE(std::isnan(choice.objective_value));
  ASSERT_TRUE(choice.fallback_reason);
  EXPECT_EQ(*choice.fallback_reason,
            "the validation set holds no customer who left, so the decision threshold could not be "
            "chosen on it; 0.265 is used, which suits the objective 'f1' if probabilities are "
            "right");

  const auto reason_of = [&](const ScoredRows& rows, const ThresholdOptions& asked) {
    return choose_threshold(rows, asked).fallback_reason.value_or("");
  };
  EXPECT_THAT(reason_of({scores, left}, options), testing::HasSubstr("only customers who left"));
  EXPECT_THAT(reason_of({}, options), testing::HasSubstr("no rows"));
  EXPECT_EQ(choose_threshold({scores, left}, kAccuracy).threshold, 0.5);
  EXPECT_EQ(choose_threshold({scores, left}, cost(4)).threshold, 0.2);
  EXPECT_EQ(choose_threshold({}, {.training_base_rate = 0}).threshold, 0.5);
  EXPECT_EQ(choose_threshold({}, {.training_base_rate = 1}).threshold, 0.5);
}

TEST(Threshold, RowsOfWeightZeroDoNotCount) {
  const Floats scores{0.25f, 0.5f, 0.75f}, labels{0, 1, 1}, weights{1, 0, 1};
  EXPECT_EQ(choose_threshold({scores, labels, weights}, kF1).threshold, 0.5);
  const Floats only_negative{1, 0, 0};
  EXPECT_TRUE(choose_threshold({scores, labels, only_negative}, kF1).fallback_reason);
}

TEST(Threshold, BadOptionsAreRefused) {
  const Floats scores{0.2f, 0.9f}, labels{0, 1};
  const ScoredRows rows{scores, labels};
  EXPECT_THROW(choose_threshold(rows, cost(0)), DataError);
  EXPECT_THROW(choose_threshold(rows, cost(std::numeric_limits<double>::infinity())), DataError);
  EXPECT_THROW(choose_threshold(rows, {.training_base_rate = 1.5}), DataError);
  EXPECT_THROW(choose_threshold({scores, labels, {}, ScoreKind::logit}, kF1), Error);
}

TEST(Threshold, ObjectivesHaveNames) {
  for (const auto objective :
       {ThresholdObjective::f1, ThresholdObjective::accuracy, ThresholdObjective::cost}) {
    EXPECT_EQ(parse_threshold_objective(to_string(objective)), objective);
  }
  try {
    parse_threshold_objective("F2");
    FAIL();
  } catch (const DataError& error) {
    EXPECT_STREQ(error.what(),
                 "threshold objective 'F2'; expected f1, accuracy, cost, profit or budget");
  }
}

}  // namespace
}  // namespace ebb::churn
