#include "apps/churn/validation/estimate.h"

#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "kernels/common/error.h"

namespace ebb::churn {
namespace {

std::vector<Metrics> rounds_of(const std::vector<double>& accuracies) {
  std::vector<Metrics> rounds;
  for (const double accuracy : accuracies) rounds.push_back({.accuracy = accuracy});
  return rounds;
}

const std::vector<Metrics> kFirst = rounds_of({.80, .82, .79, .85, .81});
const std::vector<Metrics> kSecond = rounds_of({.78, .815, .80, .82, .79});

TEST(Estimate, AllowsForRoundsThatShareRows) {
  // numpy: mean, sqrt(var(ddof=1) * (1 / 5 + 0.25))
  const Estimate accuracy = estimates_of(kFirst, 0.25).front();
  EXPECT_EQ(accuracy.name, "accuracy");
  EXPECT_NEAR(accuracy.mean, 0.814, 1e-15);
  EXPECT_NEAR(accuracy.standard_error, 0.01544344521148048, 1e-15);
}

TEST(Estimate, ComparesInPairs) {
  // numpy and scipy.stats.t
  const Comparison accuracy = compare_paired(kFirst, kSecond, 0.25).front();
  EXPECT_NEAR(accuracy.difference, 0.013, 1e-15);
  EXPECT_NEAR(accuracy.standard_error, 0.0105, 1e-15);
  EXPECT_NEAR(accuracy.t, 1.2380952380952381, 1e-12);
  EXPECT_EQ(accuracy.degrees, 4);
  EXPECT_NEAR(accuracy.p_value, 0.28338113534617476, 1e-12);
}

TEST(Estimate, EqualRoundsShowNoDifference) {
  EXPECT_EQ(compare_paired(kFirst, kFirst, 0.25).front().p_value, 1.0);
  // A difference without any spread cannot be judged: a few rounds may agree by chance.
  const Comparison constant =
      compare_paired(rounds_of({.5, .5, .5}), rounds_of({.25, .25, .25}), 0.5).front();
  EXPECT_TRUE(std::isnan(constant.p_value));
}

TEST(Estimate, RoundsInWhichAMetricIsUndefinedDoNotCount) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const Estimate of_two = estimates_of(rounds_of({.8, nan, .9}), 0.25).front();
  EXPECT_NEAR(of_two.mean, 0.85, 1e-15);
  EXPECT_EQ(of_two.rounds, 2U);
  EXPECT_EQ(of_two.all_rounds, 3U);
  EXPECT_TRUE(std::isnan(estimates_of(rounds_of({.8, nan}), 0.25).front().mean));
  EXPECT_TRUE(
      std::isnan(compare_paired(rounds_of({.8, nan}), rounds_of({nan, .8}), 0.25).front().p_value));
}

TEST(Estimate, RefusesRoundsThatAreNoPairs) {
  EXPECT_THROW(compare_paired(kFirst, rounds_of({.8}), 0.25), Error);
}

}  // namespace
}  // namespace ebb::churn
