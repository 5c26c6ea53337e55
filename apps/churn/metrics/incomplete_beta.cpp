#include "apps/churn/metrics/incomplete_beta.h"

#include <cmath>

#include "kernels/common/error.h"

namespace ebb::churn {
namespace {

double continued_fraction(double a, double b, double x) {
  constexpr int kMostTerms = 10000;
  constexpr double kTiny = 1e-300;
  constexpr double kPrecise = 1e-15;
  const auto nonzero = [](double value) { return std::abs(value) < kTiny ? kTiny : value; };
  // Lentz's method, as modified by Thompson and Barnett.
  double c = 1.0;
  double d = 1.0 / nonzero(1.0 - (a + b) * x / (a + 1.0));
  double fraction = d;
  for (int m = 1; m <= kMostTerms; ++m) {
    const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1.0 / nonzero(1.0 + even * d);
    c = nonzero(1.0 + even / c);
    fraction *= d * c;
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1.0 / nonzero(1.0 + odd * d);
    c = nonzero(1.0 + odd / c);
    fraction *= d * c;
    if (std::abs(d * c - 1.0) < kPrecise) break;
  }
  return fraction;
}

}  // namespace

double regularised_incomplete_beta(double a, double b, double x) {
  if (!(a > 0 && b > 0 && x >= 0 && x <= 1)) {
    fail("incomplete beta function of a = {}, b = {}, x = {}; expected a, b > 0 and x in [0, 1]", a,
         b, x);
  }
  if (x == 0 || x == 1) return x;
  const double front = std::exp(std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b) +
                                a * std::log(x) + b * std::log1p(-x));
  // The fraction converges fast below the mean only.
  if (x < (a + 1) / (a + b + 2)) return front * continued_fraction(a, b, x) / a;
  return 1 - front * continued_fraction(b, a, 1 - x) / b;
}

double two_sided_p_value(double t, double degrees) {
  if (std::isnan(t)) return t;
  return regularised_incomplete_beta(degrees / 2, 0.5, degrees / (degrees + t * t));
}

}  // namespace ebb::churn
