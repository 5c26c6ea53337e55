#include "apps/churn/fusion/diversity.h"

#include <cmath>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "apps/churn/fusion/fuse.h"
#include "apps/churn/fusion/projected_newton.h"
#include "kernels/common/error.h"
#include "tests/support/test_json.h"

namespace ebb::churn {
namespace {

using ebb::testing::test_json;

TEST(Diversity, EqualsItsDefinitions) {
  const nlohmann::json fixture = test_json("fusion.json");
  for (const nlohmann::json& expected : fixture["cases"]) {
    const auto scores = expected["scores"].get<MemberScores>();
    const auto labels = expected["labels"].get<std::vector<float>>();
    const auto count = static_cast<double>(scores.size());
    const Diversity found =
        measure_diversity(scores, std::vector<double>(scores.size(), 0.5),
                          std::vector<double>(scores.size(), 1 / count), labels);
    const nlohmann::json& pairs = expected["diversity"]["pairs"];
    ASSERT_EQ(found.pairs.size(), pairs.size());
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      EXPECT_NEAR(found.pairs[i].disagreement, pairs[i]["disagreement"].get<double>(), 1e-12);
      EXPECT_NEAR(found.pairs[i].q_statistic, pairs[i]["q"].get<double>(), 1e-12);
      EXPECT_NEAR(found.pairs[i].error_correlation, pairs[i]["correlation"].get<double>(), 1e-9);
    }
    EXPECT_NEAR(found.brier.members, expected["diversity"]["members"].get<double>(), 1e-7);
    EXPECT_NEAR(found.brier.ensemble, expected["diversity"]["ensemble"].get<double>(), 1e-7);
    EXPECT_NEAR(found.brier.ensemble, found.brier.members - found.brier.ambiguity, 1e-14);
    EXPECT_GT(found.brier.ambiguity, 0.0);
  }
}

TEST(Diversity, IsNoneBetweenEquals) {
  const MemberScores scores = {{0.9F, 0.2F, 0.4F}, {0.9F, 0.2F, 0.4F}};
  const std::vector<float> labels = {1, 0, 1};
  const std::vector<double> halves = {0.5, 0.5};
  const Diversity found = measure_diversity(scores, halves, halves, labels);
  EXPECT_EQ(found.pairs[0].disagreement, 0.0);
  EXPECT_EQ(found.pairs[0].q_statistic, 1.0);
  EXPECT_NEAR(found.brier.ambiguity, 0.0, 1e-15);
  EXPECT_THROW(measure_diversity(scores, halves, halves, std::vector<float>{1}), Error);
}

TEST(Gain, IsTheMeanDifferenceWithItsError) {
  const std::vector<float> labels = {1, 0, 1};
  const std::vector<float> other = {0.5F, 0.5F, 0.25F};
  const std::vector<float> ensemble = {0.75F, 0.25F, 0.5F};
  const Gain gain = gain_over(other, ensemble, labels);
  const double log_losses[] = {std::log(1.5), std::log(1.5), std::log(2.0)};
  const double mean = (log_losses[0] + log_losses[1] + log_losses[2]) / 3;
  double squares = 0;
  for (const double value : log_losses) squares += (value - mean) * (value - mean);
  EXPECT_NEAR(gain.log_loss, mean, 1e-12);
  EXPECT_NEAR(gain.log_loss_error, std::sqrt(squares / 2 / 3), 1e-12);
  EXPECT_NEAR(gain.brier, (0.1875 + 0.1875 + 0.3125) / 3, 1e-12);
  EXPECT_THROW(gain_over(other, ensemble, std::vector<float>{1}), Error);
}

TEST(ProjectedNewton, FindsTheLeastValueOnTheBorder) {
  // (x - 2)^2 + (y + 1)^2 + x y.
  const ConvexFunction function = [](std::span<const double> at) {
    const double x = at[0];
    const double y = at[1];
    return LocalShape{.value = (x - 2) * (x - 2) + (y + 1) * (y + 1) + x * y,
                      .gradient = {2 * (x - 2) + y, 2 * (y + 1) + x},
                      .hessian = {2, 1, 1, 2}};
  };
  const std::vector<double> bounded = minimise(function, {5.0, 5.0}, Domain::non_negative);
  EXPECT_NEAR(bounded[0], 2.0, 1e-9);
  EXPECT_EQ(bounded[1], 0.0);
  const std::vector<double> free = minimise(function, {5.0, 5.0}, Domain::all);
  EXPECT_NEAR(free[0], 10.0 / 3, 1e-9);
  EXPECT_NEAR(free[1], -8.0 / 3, 1e-9);
  EXPECT_THROW(minimise(function, {-1.0, 0.0}, Domain::non_negative), Error);
}

}  // namespace
}  // namespace ebb::churn
