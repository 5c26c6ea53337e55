#include "apps/churn/decision/expected_profit.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "kernels/common/error.h"
#include "tests/support/test_json.h"

namespace ebb::churn {
namespace {

using Floats = std::vector<float>;

TEST(ExpectedProfit, IsThatOfAllThresholdsTried) {
  // The fixture averages over 200,000 quantiles of the acceptance rate.
  const nlohmann::json cases = ebb::testing::test_json("profit.json").at("cases");
  for (const nlohmann::json& item : cases) {
    const Floats scores = item.at("scores");
    const Floats labels = item.at("labels");
    const std::vector<double> money = item.at("campaign");
    const Campaign campaign{money[0], money[1], money[2], money[3]};
    const ExpectedProfit result = expected_maximum_profit({scores, labels}, campaign);
    const double expected = item.at("per_customer");
    EXPECT_NEAR(result.per_customer, expected, 1e-5 * expected);
    EXPECT_NEAR(result.contacted_share, item.at("contacted_share").get<double>(), 1e-4);
  }
}

TEST(ExpectedProfit, CountsWeightsAsRows) {
  const Floats scores{0.9f, 0.7f, 0.6f, 0.2f}, labels{1, 0, 1, 0}, weights{2, 1, 1, 3};
  const Floats all_scores{0.9f, 0.9f, 0.7f, 0.6f, 0.2f, 0.2f, 0.2f},
      all_labels{1, 1, 0, 1, 0, 0, 0};
  EXPECT_EQ(expected_maximum_profit({scores, labels, weights}, {}).per_customer,
            expected_maximum_profit({all_scores, all_labels}, {}).per_customer);
}

TEST(ExpectedProfit, OfOneClassIsUndefined) {
  const Floats scores{0.9f, 0.7f};
  for (const float label : {0.0F, 1.0F}) {
    const Floats labels(2, label);
    EXPECT_TRUE(std::isnan(expected_maximum_profit({scores, labels}, {}).per_customer));
  }
}

TEST(ExpectedProfit, IsNoneWhereNobodyIsWorthAContact) {
  const Floats scores{0.9f, 0.7f}, labels{1, 0};
  const ExpectedProfit result = expected_maximum_profit({scores, labels}, {.contact_cost = 1000});
  EXPECT_EQ(result.per_customer, 0.0);
  EXPECT_EQ(result.contacted_share, 0.0);
}

}  // namespace
}  // namespace ebb::churn
