#include "apps/churn/search/expected_improvement.h"

#include <cmath>
#include <limits>
#include <numbers>

namespace ebb::churn {
namespace {

double log_density(double z) { return -0.5 * z * z - 0.5 * std::log(2.0 * std::numbers::pi); }

/// log(density(z) + z * distribution(z)) of the standard normal distribution.
double log_improvement(double z) {
  const double below = 0.5 * std::erfc(-z / std::numbers::sqrt2);
  if (z > -1.0) return std::log(std::exp(log_density(z)) + z * below);
  // Mills' ratio, below / density, is 1/t - 1/t^3 + 3/t^5 - 15/t^7 + ... at t = -z.
  const double t = -z;
  if (t > 30.0) {
    return log_density(z) + std::log1p((15.0 / (t * t) - 3.0) / (t * t)) - 2.0 * std::log(t);
  }
  return log_density(z) + std::log1p(-t * below / std::exp(log_density(z)));
}

}  // namespace

double log_expected_improvement(double mean, double deviation, double best) {
  const double gain = best - mean;
  if (!(deviation > 0.0)) {
    return gain > 0.0 ? std::log(gain) : -std::numeric_limits<double>::infinity();
  }
  return log_improvement(gain / deviation) + std::log(deviation);
}

double expected_improvement(double mean, double deviation, double best) {
  return std::exp(log_expected_improvement(mean, deviation, best));
}

}  // namespace ebb::churn
