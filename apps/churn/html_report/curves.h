// The curves that a report draws of a ranking, as points.
#pragma once

#include <cstddef>
#include <vector>

#include "apps/churn/decision/campaign.h"
#include "apps/churn/metrics/bootstrap.h"
#include "apps/churn/metrics/ranking.h"

namespace ebb::churn {

struct Point {
  double x = 0;
  double y = 0;
  bool operator==(const Point&) const = default;
};
using Curve = std::vector<Point>;

// Each curve has a point per group of equal scores, behind one for nobody flagged. All are empty
// where they are undefined.

/// Share of stayers that are flagged, share of leavers that are; from (0, 0) to (1, 1). Empty
/// unless both classes are present.
Curve roc_curve(const std::vector<ScoreGroup>& ranking);

/// Recall, precision; from (0, 1), as scikit-learn draws it. Empty without positives.
Curve precision_recall_curve(const std::vector<ScoreGroup>& ranking);

/// Share of all customers that are contacted, share of leavers among those; from (0, 0) to (1, 1).
/// Empty without positives.
Curve gain_curve(const std::vector<ScoreGroup>& ranking);

/// Share of all customers that are contacted, what the campaign earns per customer of all, in its
/// currency (decision/campaign.h). From (0, 0). Empty without rows.
Curve profit_curve(const std::vector<ScoreGroup>& ranking, const Campaign& campaign);

/// An equal part of the customers, by falling score.
struct ScorePart {
  double rows = 0;          ///< by weight; need not be whole
  double positives = 0;     ///< likewise
  double lift = 0;          ///< share of leavers, divided by that of all; NaN without positives
  double gain_so_far = 0;   ///< of all leavers, those in this and the former parts; NaN likewise
  double lowest_score = 0;  ///< of the customers in the part
};

/// The ranking in so many parts of equal weight. Of a group across a border each part has what
/// fits, i.e. the mean over all orders of its ties. Empty without rows. Throws Error unless parts
/// >= 1.
std::vector<ScorePart> score_parts(const std::vector<ScoreGroup>& ranking, int parts = 10);

/// What each threshold gives, at points x of equal distance from 0 to 1.
struct ThresholdCurves {
  Curve precision;  ///< NaN where nobody is flagged
  Curve recall;     ///< NaN without positives
  Curve flagged;    ///< share of all rows; NaN without rows
};
ThresholdCurves threshold_curves(const std::vector<ScoreGroup>& ranking, int points = 201);

/// The same curve in at most 4 * buckets points: of each of so many equal ranges of x, the first
/// and the last point, the lowest and the highest (M4, Jugel et al. 2014). Drawn `buckets` pixels
/// wide, it looks the same. Points must be in rising order of x. Throws Error unless buckets >= 1.
Curve thinned(const Curve& curve, std::size_t buckets = 180);

/// Between which shares the true one lies with 95 % confidence, where `positives` of `rows` were
/// seen: Wilson's score interval (1927). NaN without rows.
Interval wilson_interval(double positives, double rows);

}  // namespace ebb::churn
