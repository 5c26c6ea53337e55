// Metrics of the order in which scores put the rows. Rows with equal scores are one group, so that
// no result depends on the order in which ties happen to be sorted.
#pragma once

#include <vector>

#include "apps/churn/metrics/scored_rows.h"

namespace ebb::churn {

/// All rows of one score: their weight by class.
struct ScoreGroup {
  float score;
  double positive;
  double negative;
};

/// The weight of each class over all groups.
struct ClassTotals {
  double positive = 0;
  double negative = 0;
};

/// Groups by falling score; O(n log n). Rows of weight 0 are left out. Rows must have passed
/// `check_rows`.
std::vector<ScoreGroup> rank_by_score(const ScoredRows& rows);

ClassTotals class_totals(const std::vector<ScoreGroup>& ranking);

/// Area under the ROC curve: the chance that a positive scores above a negative, ties counting half
/// (Mann-Whitney). NaN unless both classes are present.
double roc_auc(const std::vector<ScoreGroup>& ranking);

/// Average precision: sum over groups of (recall gained) x (precision down to this group), without
/// interpolation, as scikit-learn defines it. NaN without positives.
double average_precision(const std::vector<ScoreGroup>& ranking);

/// Lift: precision among the `fraction` of rows (by weight) that score highest, divided by the
/// share of positives. The group across the border counts with the part that fits, i.e. with its
/// mean over all orders of its ties. NaN without positives; Error unless 0 < fraction <= 1.
double lift(const std::vector<ScoreGroup>& ranking, double fraction);

}  // namespace ebb::churn
