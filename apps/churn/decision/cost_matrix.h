// What right and wrong decisions cost.
#pragma once

#include "apps/churn/metrics/confusion_matrix.h"

namespace ebb::churn {

/// Of one customer each, in any one unit; a gain is a negative cost. Only two differences decide
/// which threshold is best: what a miss costs more than a hit, and a needless flag more than none.
struct CostMatrix {
  double true_positive = 0.0;   ///< a leaver who is flagged
  double false_positive = 1.0;  ///< a stayer who is flagged
  double true_negative = 0.0;   ///< a stayer who is not
  double false_negative = 5.0;  ///< a leaver who is not
  bool operator==(const CostMatrix&) const = default;
};

/// Throws DataError, which names the costs, unless all are finite and a wrong decision costs more
/// than the right one for leavers and for stayers.
void check_cost_matrix(const CostMatrix& costs);

/// Of all rows together.
double total_cost(const ConfusionMatrix& confusion, const CostMatrix& costs);

/// The probability of leaving from which flagging costs less, if probabilities are right. Source:
/// Elkan, "The foundations of cost-sensitive learning", 2001.
double break_even_probability(const CostMatrix& costs);

}  // namespace ebb::churn
