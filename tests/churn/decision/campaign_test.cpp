#include "apps/churn/decision/campaign.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "kernels/common/error.h"

namespace ebb::churn {
namespace {

TEST(Campaign, EarnsWhatItsContactsEarn) {
  // Ten leavers and thirty stayers are contacted, counted one by one.
  const Campaign campaign{
      .customer_value = 100, .incentive_cost = 20, .contact_cost = 2, .acceptance_rate = 0.4};
  const double contacts = 40 * 2.0;
  const double offers = (0.4 * 10 + 30) * 20;  // leavers who accept, and every stayer
  const double kept = 0.4 * 10 * 100;
  const ConfusionMatrix confusion{
      .true_positive = 10, .false_positive = 30, .true_negative = 50, .false_negative = 7};
  EXPECT_NEAR(campaign_profit(confusion, campaign), kept - offers - contacts, 1e-9);
}

TEST(Campaign, AContactBreaksEvenWhereGainAndLossMeet) {
  const Campaign campaign;
  const double p = break_even_probability(campaign);
  EXPECT_NEAR(p * gain_from_leaver(campaign), (1 - p) * loss_from_stayer(campaign), 1e-12);
  EXPECT_GT(break_even_probability({.contact_cost = 100}), 1.0);
  EXPECT_EQ(break_even_probability({.incentive_cost = 0, .contact_cost = 0}), 0.0);
}

TEST(Campaign, RefusesWhatIsNoMoney) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  EXPECT_NO_THROW(check_campaign({}));
  for (const double bad : {-1.0, kInfinity, std::nan("")}) {
    EXPECT_THROW(check_campaign({.customer_value = bad}), DataError) << bad;
    EXPECT_THROW(check_campaign({.incentive_cost = bad}), DataError) << bad;
    EXPECT_THROW(check_campaign({.contact_cost = bad}), DataError) << bad;
    EXPECT_THROW(check_campaign({.acceptance_rate = bad}), DataError) << bad;
  }
  EXPECT_THROW(check_campaign({.customer_value = 10, .incentive_cost = 10}), DataError);
  EXPECT_THROW(check_campaign({.acceptance_rate = 0}), DataError);
  EXPECT_THROW(check_campaign({.acceptance_rate = 1}), DataError);
}

}  // namespace
}  // namespace ebb::churn
