// The distribution function of the beta distribution, and of Student's t.
#pragma once

namespace ebb::churn {

/// The regularised incomplete beta function I_x(a, b), the distribution function of Beta(a, b):
/// the continued fraction of DLMF 8.17.22, to some 1e-14. Throws Error unless a, b > 0 and x lies
/// in [0, 1].
double regularised_incomplete_beta(double a, double b, double x);

/// The chance that Student's t of so many degrees of freedom is farther from 0 than `t`, on either
/// side: I_x(d / 2, 1 / 2) at x = d / (d + t^2) (DLMF 8.17). NaN of NaN. Throws Error unless
/// degrees are positive.
double two_sided_p_value(double t, double degrees);

}  // namespace ebb::churn
