#include "preprocessing/statistics/distributions.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace ebb::preprocessing {
namespace {

constexpr double kEpsilon = std::numeric_limits<double>::epsilon();

/// x^a e^-x / Gamma(a).
double front_factor(double a, double x) { return std::exp(a * std::log(x) - x - std::lgamma(a)); }

/// P(a, x) = x^a e^-x / Gamma(a) sum over n of x^n / (a (a + 1) ... (a + n)).
double lower_by_series(double a, double x) {
  double term = 1.0 / a;
  double sum = term;
  for (double n = a + 1.0; term > sum * kEpsilon; n += 1.0) {
    term *= x / n;
    sum += term;
  }
  return sum * front_factor(a, x);
}

/// Q(a, x) = x^a e^-x / Gamma(a) / (x + 1 - a - 1 (1 - a) / (x + 3 - a - ...)), for x > a + 1.
double upper_by_fraction(double a, double x) {
  double b = x + 1.0 - a;
  double c = std::numeric_limits<double>::max();
  double d = 1.0 / b;
  double fraction = d;
  // It converges in some sqrt(a) steps.
  for (double i = 1.0;; i += 1.0) {
    const double numerator = -i * (i - a);
    b += 2.0;
    d = 1.0 / (numerator * d + b);
    c = b + numerator / c;
    const double factor = d * c;
    fraction *= factor;
    if (std::abs(factor - 1.0) < kEpsilon) break;
  }
  return fraction * front_factor(a, x);
}

}  // namespace

double chi_square_tail(double statistic, double degrees_of_freedom) {
  if (std::isnan(statistic)) return statistic;
  const double a = 0.5 * degrees_of_freedom;
  const double x = 0.5 * statistic;
  if (x <= 0.0) return 1.0;
  if (std::isinf(x)) return 0.0;
  return x < a + 1.0 ? 1.0 - lower_by_series(a, x) : upper_by_fraction(a, x);
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
