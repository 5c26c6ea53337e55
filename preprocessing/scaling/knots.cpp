#include "preprocessing/scaling/knots.h"

#include <algorithm>

#include "preprocessing/statistics/quantiles.h"

namespace ebb::preprocessing {

std::vector<double> fit_knots(std::span<const double> sorted, std::size_t quantiles) {
  const std::size_t count =
      std::clamp<std::size_t>(quantiles, 2, std::max<std::size_t>(2, sorted.size()));
  std::vector<double> knots(count);
  for (std::size_t i = 0; i < count; ++i) {
    knots[i] = quantile(sorted, static_cast<double>(i) / static_cast<double>(count - 1));
    // Rounding of the interpolation must not undo the order.
    if (i > 0) knots[i] = std::max(knots[i], knots[i - 1]);
  }
  return knots;
}

}  // namespace ebb::preprocessing
