// What an action is expected to gain with one customer.
#pragma once

#include <cmath>

namespace ebb::churn {

/// Probability of leaving x share of leavers that the action keeps x value of the customer - cost;
/// the cost alone is lost where the value is NaN, unknown.
inline double expected_gain(double probability, double effect, double value, double cost) {
  return std::isnan(value) ? -cost : probability * effect * value - cost;
}

}  // namespace ebb::churn
