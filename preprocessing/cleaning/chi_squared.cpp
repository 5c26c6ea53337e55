#include "preprocessing/cleaning/chi_squared.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace ebb::preprocessing {
namespace {

constexpr int kMostTerms = 100'000;
constexpr double kEpsilon = std::numeric_limits<double>::epsilon();

/// x^a e^-x / gamma(a).
double front_factor(double a, double x) { return std::exp(a * std::log(x) - x - std::lgamma(a)); }

/// P(a, x) as front / a (1 + x / (a + 1) + x^2 / ((a + 1) (a + 2)) + ...).
double lower_by_series(double a, double x) {
  double term = 1.0 / a;
  double sum = term;
  for (int n = 1; n < kMostTerms && term > sum * kEpsilon; ++n) {
    term *= x / (a + n);
    sum += term;
  }
  return sum * front_factor(a, x);
}

/// 1 - P(a, x) by Lentz's method.
double upper_by_fraction(double a, double x) {
  constexpr double kTiny = 1e-300;
  double b = x + 1.0 - a;
  double c = 1.0 / kTiny;
  double d = 1.0 / b;
  double fraction = d;
  for (int n = 1; n < kMostTerms; ++n) {
    const double numerator = -n * (n - a);
    b += 2.0;
    d = numerator * d + b;
    c = b + numerator / c;
    if (std::abs(d) < kTiny) d = kTiny;
    if (std::abs(c) < kTiny) c = kTiny;
    d = 1.0 / d;
    fraction *= d * c;
    if (std::abs(d * c - 1.0) < kEpsilon) break;
  }
  return fraction * front_factor(a, x);
}

}  // namespace

double chi_squared_cumulative(double x, double degrees) {
  if (!(x > 0.0)) return 0.0;
  const double a = 0.5 * degrees;
  const double half = 0.5 * x;
  return half < a + 1.0 ? lower_by_series(a, half) : 1.0 - upper_by_fraction(a, half);
}

double chi_squared_quantile(double probability, double degrees) {
  double low = 0.0;
  double high = std::max(1.0, 2.0 * degrees);
  while (chi_squared_cumulative(high, degrees) < probability) high *= 2.0;
  while (true) {
    const double middle = 0.5 * (low + high);
    if (middle <= low || middle >= high) return high;
    (chi_squared_cumulative(middle, degrees) < probability ? low : high) = middle;
  }
}

}  // namespace ebb::preprocessing
