// Tail probabilities of test statistics.
#pragma once

namespace ebb::preprocessing {

/// The chance that a chi-square variable of so many degrees of freedom (> 0) exceeds `statistic`
/// (>= 0): the regularised upper incomplete gamma function, by its series or Lentz's continued
/// fraction. Relative error below 1e-12 while it is above 1e-290 (scipy.stats.chi2.sf).
double chi_square_tail(double statistic, double degrees_of_freedom);

/// The chance that the Kolmogorov variable exceeds `value` >= 0 (scipy.special.kolmogorov).
double kolmogorov_tail(double value);

}  // namespace ebb::preprocessing
