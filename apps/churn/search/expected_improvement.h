// What a trial is worth, from what a surrogate says of it.
#pragma once

namespace ebb::churn {

/// E[max(best - y, 0)] for a normal y, where less is better (Jones, Schonlau and Welch 1998, eq.
/// 15). 0 for a deviation of 0 and a mean of `best` or more.
double expected_improvement(double mean, double deviation, double best);

/// Its logarithm, which still falls where the improvement itself is too small for a double (Ament
/// et al. 2023). -infinity for a deviation of 0 and a mean of `best` or more.
double log_expected_improvement(double mean, double deviation, double best);

}  // namespace ebb::churn
