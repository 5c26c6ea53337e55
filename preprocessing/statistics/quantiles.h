// Plain statistics of one array of numbers, computed in a fixed order.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace ebb::preprocessing {

/// The values that are not NaN, in ascending order.
std::vector<double> sorted_values(std::span<const double> values);

/// The quantile of ascending `sorted` (not empty) at `share` in [0, 1], linear between order
/// statistics: position (n - 1) * share (Hyndman and Fan's type 7, numpy's default).
double quantile(std::span<const double> sorted, double share);

/// Where that quantile lies among `count` >= 1 values: between two neighbours of the order.
struct QuantilePlace {
  std::size_t below = 0;
  std::size_t above = 0;
  double weight = 0.0;  ///< of the upper one

  [[nodiscard]] double between(double low, double high) const {
    // From the nearer end, so that weight 1 gives exactly the upper value.
    return weight < 0.5 ? low + (high - low) * weight : high - (high - low) * (1.0 - weight);
  }
};
QuantilePlace quantile_place(std::size_t count, double share);

/// Mean of `values` (not empty, without NaN), in two passes: the sum, then the mean deviation.
double mean_of(std::span<const double> values);

/// Population standard deviation around `mean` (divisor n), corrected for the error of `mean`.
double standard_deviation(std::span<const double> values, double mean);

/// The most frequent value of ascending `sorted` (not empty); of several the least. -0 counts as 0.
double mode_of(std::span<const double> sorted);

}  // namespace ebb::preprocessing
