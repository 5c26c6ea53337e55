// RFM: customers by how recently, how often and for how much they bought.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "apps/churn/explanation/reasons.h"
#include "apps/churn/segments/segmentation.h"

namespace ebb::churn {

/// The fifth, 1 (lowest) to 5, in which each value lies: 1 + floor(5 x), x being the share of
/// values below it plus half the share of those equal to it, so that equal values have equal
/// scores. 0 for NaN, which no share counts.
std::vector<int> quintile_scores(std::span<const double> values);

struct RfmColumns {
  std::span<const double> recency;    ///< time since the last purchase: smaller is better
  std::span<const double> frequency;  ///< how many purchases
  std::span<const double> monetary;   ///< what was spent
};

/// The ten usual classes (A. Hughes, "Strategic Database Marketing", 1994, for the scores; the grid
/// as Putler, "RFM analysis for customer segmentation", has it) by the recency score, 5 being the
/// latest, and the mean of the other two, rounded up from a half:
///
///   recency \ mean   1               2                    3                    4        5
///   5                new             potential loyalist   potential loyalist   champion champion
///   4                promising       potential loyalist   potential loyalist   loyal    loyal
///   3                about to sleep  about to sleep       needs attention      loyal    loyal
///   2, 1             hibernating     hibernating          at risk              at risk  cannot
///   lose
///
/// and an eleventh for customers of whom a value is NaN. Throws Error on unequal lengths.
Segmentation rfm_classes(const RfmColumns& columns, Language language);

}  // namespace ebb::churn
