#include "apps/churn/explanation/attributions.h"

#include <algorithm>
#include <cmath>

namespace ebb::churn {

double gap_of(const Attributions& attributions, std::size_t row) {
  double gap = static_cast<double>(attributions.logits[row]) - attributions.base;
  for (std::size_t column = 0; column < attributions.columns; ++column) {
    gap -= attributions.value(row, column);
  }
  return std::abs(gap);
}

void measure_gap(Attributions& attributions) {
  attributions.largest_gap = 0.0;
  for (std::size_t row = 0; row < attributions.rows; ++row) {
    attributions.largest_gap = std::max(attributions.largest_gap, gap_of(attributions, row));
  }
}

}  // namespace ebb::churn
