// The distributions of test statistics, and of squared Mahalanobis distances of normal rows
// (chi-squared).
#pragma once

namespace ebb::preprocessing {

/// The probability of at most `x` with `degrees` > 0 degrees of freedom: the regularised incomplete
/// gamma function P(degrees / 2, x / 2), by its series below the mean, else by its continued
/// fraction (Press et al., "Numerical recipes", section 6.2). Accurate to about 1e-14 of the
/// smaller tail for degrees up to a few thousand.
double chi_squared_cumulative(double x, double degrees);

/// The x below which lies `probability`, in (0, 1), by bisection of the cumulative distribution.
double chi_squared_quantile(double probability, double degrees);

/// The chance that a chi-squared variable of so many degrees of freedom (> 0) exceeds `statistic`
/// (>= 0), small ones too: relative error below 1e-12 while it is above 1e-290
/// (scipy.stats.chi2.sf).
double chi_squared_tail(double statistic, double degrees_of_freedom);

/// The chance that the Kolmogorov variable exceeds `value` >= 0 (scipy.special.kolmogorov).
double kolmogorov_tail(double value);

}  // namespace ebb::preprocessing
