// Plain statistics of one array of numbers, computed in a fixed order.
#pragma once

#include <span>
#include <vector>

namespace ebb::preprocessing {

/// The values that are not NaN, in ascending order.
std::vector<double> sorted_values(std::span<const double> values);

/// The quantile of ascending `sorted` (not empty) at `share` in [0, 1], linear between order
/// statistics: position (n - 1) * share (Hyndman and Fan's type 7, numpy's default).
double quantile(std::span<const double> sorted, double share);

/// Mean of `values` (not empty, without NaN), in two passes: the sum, then the mean deviation.
double mean_of(std::span<const double> values);

/// Population standard deviation around `mean` (divisor n), corrected for the error of `mean`.
double standard_deviation(std::span<const double> values, double mean);

/// The most frequent value of ascending `sorted` (not empty); of several the least.
double mode_of(std::span<const double> sorted);

}  // namespace ebb::preprocessing
