#include "preprocessing/statistics/distributions.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace ebb::preprocessing {
namespace {

constexpr int kMostTerms = 100'000;
constexpr double kEpsilon = std::numeric_limits<double>::epsilon();

/// x^a e^-x / Gamma(a).
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

double chi_squared_tail(double statistic, double degrees_of_freedom) {
  if (std::isnan(statistic)) return statistic;
  const double a = 0.5 * degrees_of_freedom;
  const double x = 0.5 * statistic;
  if (x <= 0.0) return 1.0;
  if (std::isinf(x)) return 0.0;
  return x < a + 1.0 ? 1.0 - lower_by_series(a, x) : upper_by_fraction(a, x);
}

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

double kolmogorov_tail(double value) {
  if (value <= 0.0) return 1.0;
  // Two series of one function; each converges in a few terms on its side.
  constexpr double kCrossing = 0.82;
  double sum = 0.0;
  if (value < kCrossing) {
    const double factor = -std::numbers::pi * std::numbers::pi / (8.0 * value * value);
    for (double k = 1.0; k < 20.0; k += 2.0) sum += std::exp(k * k * factor);
    return std::clamp(1.0 - std::sqrt(2.0 * std::numbers::pi) / value * sum, 0.0, 1.0);
  }
  double sign = 1.0;
  for (double k = 1.0; k < 10.0; k += 1.0) {
    sum += sign * std::exp(-2.0 * k * k * value * value);
    sign = -sign;
  }
  return std::clamp(2.0 * sum, 0.0, 1.0);
}

}  // namespace ebb::preprocessing
