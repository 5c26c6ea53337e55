#include "apps/churn/decision/campaign.h"

#include <cmath>
#include <string_view>

#include "kernels/common/error.h"

namespace ebb::churn {
namespace {

void check_money(std::string_view name, double amount) {
  if (!(amount >= 0) || std::isinf(amount)) {
    fail<DataError>("{} {}; expected an amount of at least 0", name, amount);
  }
}

}  // namespace

void check_campaign(const Campaign& campaign) {
  check_money("customer_value", campaign.customer_value);
  check_money("incentive_cost", campaign.incentive_cost);
  check_money("contact_cost", campaign.contact_cost);
  if (campaign.customer_value <= campaign.incentive_cost) {
    fail<DataError>(
        "customer_value {} is not above incentive_cost {}: no customer is worth the offer",
        campaign.customer_value, campaign.incentive_cost);
  }
  if (!(campaign.acceptance_rate > 0 && campaign.acceptance_rate < 1)) {
    fail<DataError>("acceptance_rate {}; expected a share above 0 and below 1",
                    campaign.acceptance_rate);
  }
}

double gain_from_leaver(const Campaign& campaign) {
  return campaign.acceptance_rate * (campaign.customer_value - campaign.incentive_cost) -
         campaign.contact_cost;
}

double loss_from_stayer(const Campaign& campaign) {
  return campaign.incentive_cost + campaign.contact_cost;
}

double campaign_profit(const ConfusionMatrix& confusion, const Campaign& campaign) {
  return confusion.true_positive * gain_from_leaver(campaign) -
         confusion.false_positive * loss_from_stayer(campaign);
}

double break_even_probability(const Campaign& campaign) {
  const double loss = loss_from_stayer(campaign);
  const double swing = gain_from_leaver(campaign) + loss;  // positive: the value is above the offer
  return loss / swing;
}

}  // namespace ebb::churn
