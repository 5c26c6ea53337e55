// The expected maximum profit of a ranking: what a campaign earns that contacts as many of the
// customers who score highest as pays best.
#pragma once

#include "apps/churn/decision/campaign.h"
#include "apps/churn/metrics/scored_rows.h"

namespace ebb::churn {

/// How sure campaign.acceptance_rate is: as if seen in so many offers. The rate is
/// Beta(rate * offers, (1 - rate) * offers); the default makes it the source's Beta(6, 14).
inline constexpr double kAcceptanceOffers = 20.0;

struct ExpectedProfit {
  double per_customer = 0;     ///< of all customers, in the campaign's currency
  double contacted_share = 0;  ///< of all customers, from the top of the ranking
};

/// EMP (Verbraken, Verbeke and Baesens 2013, "A novel profit maximizing metric for measuring
/// classification performance of customer churn prediction models"): the mean, over acceptance
/// rates of the Beta distribution above, of the best profit that any threshold gives. For one rate
/// the best threshold is a corner of the convex hull of the ROC curve; a corner is best for an
/// interval of rates, over which the mean is exact, by the incomplete beta function. O(n log n).
/// NaN unless both classes are present. Throws Error as `check_rows` does, DataError as
/// `check_campaign` does.
ExpectedProfit expected_maximum_profit(const ScoredRows& rows, const Campaign& campaign);

}  // namespace ebb::churn
