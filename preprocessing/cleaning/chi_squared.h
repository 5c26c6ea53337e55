// The chi-squared distribution: squared Mahalanobis distances of normal rows follow it.
#pragma once

namespace ebb::preprocessing {

/// The probability of at most `x` with `degrees` degrees of freedom: the regularised incomplete
/// gamma function P(degrees / 2, x / 2), by its series below the mean, else by its continued
/// fraction (Press et al., "Numerical recipes", section 6.2). Accurate to about 1e-14 of the
/// smaller tail for degrees up to a few thousand.
double chi_squared_cumulative(double x, double degrees);

/// The x below which lies `probability`, in (0, 1), by bisection of the cumulative distribution.
double chi_squared_quantile(double probability, double degrees);

}  // namespace ebb::preprocessing
