#include "apps/churn/decision/expected_profit.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "apps/churn/metrics/incomplete_beta.h"
#include "apps/churn/metrics/ranking.h"
#include "kernels/common/error.h"

namespace ebb::churn {
namespace {

/// Weights of those who are contacted.
struct Corner {
  double leavers = 0;
  double stayers = 0;
};

/// The upper convex hull of the ROC curve, from nobody to everybody (Andrew's monotone chain).
std::vector<Corner> roc_hull(const std::vector<ScoreGroup>& ranking) {
  std::vector<Corner> hull{{}};
  Corner here;
  const auto turns_up = [](const Corner& a, const Corner& b, const Corner& c) {
    return (b.stayers - a.stayers) * (c.leavers - a.leavers) >=
           (b.leavers - a.leavers) * (c.stayers - a.stayers);
  };
  for (const ScoreGroup& group : ranking) {
    here = {here.leavers + group.positive, here.stayers + group.negative};
    while (hull.size() > 1 && turns_up(hull[hull.size() - 2], hull.back(), here)) hull.pop_back();
    hull.push_back(here);
  }
  return hull;
}

/// The acceptance rate from which contacting on to the next corner pays, in [0, 1].
double rate_that_pays(const Corner& from, const Corner& to, const Campaign& campaign) {
  const double leavers = to.leavers - from.leavers;
  const double stayers = to.stayers - from.stayers;
  const double cost = leavers * campaign.contact_cost + stayers * loss_from_stayer(campaign);
  const double value = leavers * (campaign.customer_value - campaign.incentive_cost);
  return value > 0 ? std::min(cost / value, 1.0) : 1.0;
}

}  // namespace

ExpectedProfit expected_maximum_profit(const ScoredRows& rows, const Campaign& campaign) {
  check_rows(rows);
  check_campaign(campaign);
  const std::vector<ScoreGroup> ranking = rank_by_score(rows);
  const ClassTotals totals = class_totals(ranking);
  if (totals.positive == 0 || totals.negative == 0) {
    constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();
    return {kUndefined, kUndefined};
  }
  const double a = campaign.acceptance_rate * kAcceptanceOffers;
  const double b = kAcceptanceOffers - a;
  const double margin = campaign.customer_value - campaign.incentive_cost;
  const std::vector<Corner> hull = roc_hull(ranking);
  double profit = 0;
  double contacted = 0;
  double from = 0;  // the rates below it have better corners
  for (std::size_t i = 0; i < hull.size(); ++i) {
    const double to = i + 1 < hull.size() ? rate_that_pays(hull[i], hull[i + 1], campaign) : 1.0;
    const double chance =
        regularised_incomplete_beta(a, b, to) - regularised_incomplete_beta(a, b, from);
    // The part of the mean rate that lies in [from, to]: x Beta(a, b) is Beta(a + 1, b) times a /
    // (a + b).
    const double rate = campaign.acceptance_rate * (regularised_incomplete_beta(a + 1, b, to) -
                                                    regularised_incomplete_beta(a + 1, b, from));
    profit +=
        rate * hull[i].leavers * margin - chance * (hull[i].leavers * campaign.contact_cost +
                                                    hull[i].stayers * loss_from_stayer(campaign));
    contacted += chance * (hull[i].leavers + hull[i].stayers);
    from = to;
  }
  const double all = totals.positive + totals.negative;
  return {profit / all, contacted / all};
}

}  // namespace ebb::churn
