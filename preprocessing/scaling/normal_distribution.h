// The standard normal distribution.
#pragma once

namespace ebb::preprocessing {

/// The quantile function of the standard normal distribution for `probability` in (0, 1), accurate
/// to about 1e-16 (Wichura 1988, algorithm AS 241, PPND16).
double normal_quantile(double probability);

/// The cumulative distribution function: erfc(-x / sqrt(2)) / 2.
double normal_cumulative(double x);

}  // namespace ebb::preprocessing
