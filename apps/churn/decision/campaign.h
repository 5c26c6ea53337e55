// What a retention campaign earns and costs.
#pragma once

#include "apps/churn/metrics/confusion_matrix.h"

namespace ebb::churn {

/// Money in any one currency. The defaults are those of Verbraken, Verbeke and Baesens (2013).
struct Campaign {
  double customer_value = 200.0;  ///< of a leaver who is kept
  double incentive_cost = 10.0;   ///< of the offer, paid for everyone who takes it
  double contact_cost = 1.0;      ///< of reaching one customer
  double acceptance_rate = 0.3;   ///< share of contacted leavers who take the offer and stay
  bool operator==(const Campaign&) const = default;
};

/// Throws DataError, which names the member, unless the value and costs are finite, the value is
/// positive and above the incentive's cost, costs are at least 0, and the rate lies in (0, 1).
void check_campaign(const Campaign& campaign);

/// What contacting one more leaver earns: rate * (value - incentive) - contact.
double gain_from_leaver(const Campaign& campaign);
/// What contacting a customer who would stay anyway costs, who takes the offer: incentive +
/// contact.
double loss_from_stayer(const Campaign& campaign);

/// What contacting all flagged rows earns, in all:
///     true_positive * gain_from_leaver - false_positive * loss_from_stayer.
double campaign_profit(const ConfusionMatrix& confusion, const Campaign& campaign);

/// The probability of leaving from which a contact pays, if probabilities are right; above 1 where
/// none does.
double break_even_probability(const Campaign& campaign);

}  // namespace ebb::churn
