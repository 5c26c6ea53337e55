// Ranks of values among the quantiles of training values, and back.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

namespace ebb::preprocessing {

/// The quantiles of ascending `sorted` (not empty) at i / (n - 1), i = 0 to n - 1, where n is
/// `quantiles`, but at least 2 and no more than there are values. Ascending.
std::vector<double> fit_knots(std::span<const double> sorted, std::size_t quantiles);

/// Where the polyline through (knots[i], i / (n - 1)) passes `value`, which lies within the knots.
/// Of tied knots the upper end counts if `upper`, else the lower.
inline double interpolate_rank(std::span<const double> knots, double value, bool upper) {
  const auto steps = static_cast<double>(knots.size() - 1);
  // Of ranges: with checked iterators the others look at all knots for every value.
  const auto above =
      upper ? std::ranges::upper_bound(knots, value) : std::ranges::lower_bound(knots, value);
  if (upper && above == knots.end()) return 1.0;
  if (!upper && above == knots.begin()) return 0.0;
  const auto index = static_cast<double>(above - knots.begin() - 1);
  const double low = *(above - 1);
  const double high = *above;
  return (index + (value - low) / (high - low)) / steps;
}

/// The rank in [0, 1] of `value`, not NaN, among at least two ascending knots: 0 below all, 1 above
/// all, the middle of a tie.
inline double knot_rank(std::span<const double> knots, double value) {
  if (value < knots.front()) return 0.0;
  if (value > knots.back()) return 1.0;
  return 0.5 * (interpolate_rank(knots, value, false) + interpolate_rank(knots, value, true));
}

}  // namespace ebb::preprocessing
