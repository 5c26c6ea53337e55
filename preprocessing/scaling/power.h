// Transforms that draw in long tails before a column is standardised: the signed logarithm and
// Yeo and Johnson's power (I. Yeo, R. Johnson, "A new family of power transformations to improve
// normality or symmetry", Biometrika 87, 2000). Values are finite.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

#include "preprocessing/scaling/portable_math.h"

namespace ebb::preprocessing {

/// sign(x) log(1 + |x|): odd, defined everywhere, close to x around 0.
constexpr double signed_log(double x) {
  return portable_copysign(portable_log1p(portable_abs(x)), x);
}

/// The inverse of signed_log, the largest finite number in place of an infinity.
inline double signed_exponential(double y) {
  constexpr double kLargest = std::numeric_limits<double>::max();
  return std::copysign(std::min(std::expm1(std::abs(y)), kLargest), y);
}

/// (e^(power t) - 1) / power, and its limit t for power 0.
constexpr double power_of_log(double t, double power) {
  return power == 0.0 ? t : portable_expm1(power * t) / power;
}

/// The inverse of power_of_log; infinite where `y` is beyond what it reaches.
inline double log_of_power(double y, double power) {
  if (power == 0.0) return y;
  const double grown = power * y;
  return grown <= -1.0 ? std::copysign(std::numeric_limits<double>::infinity(), y)
                       : std::log1p(grown) / power;
}

/// Yeo and Johnson's transform T of power `lambda`, as
///   T(x) = ((1 + x)^lambda - 1) / lambda          for x >= 0 (log(1 + x) for lambda 0)
///   T(x) = -((1 - x)^(2 - lambda) - 1) / (2 - lambda)  below 0 (-log(1 - x) for lambda 2)
/// measured from an anchor: with c >= 0, log(1 + c) = anchor,
///   (T(x) - T(c)) / (1 + c)^lambda;
/// a negative anchor is that of -x with 2 - lambda. Once standardised all anchors mean the same,
/// but T itself is -1 / lambda to the last bit for every large x if lambda is below 0 (years, say),
/// while the distance from an anchor among them keeps its digits.
struct AnchoredPower {
  double lambda = 1.0;
  double anchor = 0.0;
  bool operator==(const AnchoredPower&) const = default;
};

constexpr double anchored_power(double x, AnchoredPower power) {
  // Not by a call of itself: a GPU would keep a stack for it.
  const bool is_mirrored = power.anchor < 0.0;
  const double lambda = is_mirrored ? 2.0 - power.lambda : power.lambda;
  const double anchor = is_mirrored ? -power.anchor : power.anchor;
  if (is_mirrored) x = -x;
  const double log_size = portable_log1p(portable_abs(x));
  double distance = 0.0;
  if (!(x < 0.0)) {
    distance = power_of_log(log_size - anchor, lambda);
  } else {
    // Far out the 1 is nothing beside the power, which alone could overflow where the quotient does
    // not.
    constexpr double kFarOut = 600.0;
    const double grown = (2.0 - lambda) * log_size;
    const double below =
        grown > kFarOut ? portable_exp(grown - lambda * anchor) / (2.0 - lambda)
                        : power_of_log(log_size, 2.0 - lambda) * portable_exp(-lambda * anchor);
    // -T(c) / (1 + c)^lambda is what power_of_log makes of -anchor.
    distance = power_of_log(-anchor, lambda) - below;
  }
  return is_mirrored ? -distance : distance;
}

/// The inverse of anchored_power; the largest finite number in place of an infinity.
inline double anchored_power_inverse(double y, AnchoredPower power) {
  if (power.anchor < 0.0) return -anchored_power_inverse(-y, {2.0 - power.lambda, -power.anchor});
  const auto [lambda, anchor] = power;
  constexpr double kLargest = std::numeric_limits<double>::max();
  const double of_zero = power_of_log(-anchor, lambda);
  if (y >= of_zero) {
    return std::clamp(std::expm1(anchor + log_of_power(y, lambda)), 0.0, kLargest);
  }
  const double below = (of_zero - y) * std::exp(lambda * anchor);
  return -std::clamp(std::expm1(log_of_power(below, 2.0 - lambda)), 0.0, kLargest);
}

/// Powers are sought within 5 of 1, which leaves a column as it is; that far out a tail is drawn in
/// or out so much that new values just outside the training range fly off. scikit-learn's
/// PowerTransformer has no bounds; within them it finds the same power.
inline constexpr double kLeastPower = -4.0;
inline constexpr double kMostPower = 6.0;

/// The power of greatest likelihood, were the transformed values normal, over `values` (not empty,
/// finite, not all equal). The negated log-likelihood of n values,
///   n/2 log variance(T) - (lambda - 1) sum sign(x) log(1 + |x|),
/// is convex in lambda (T. Marchand et al., "SecureFedYJ", NeurIPS 2022), so Brent's method finds
/// the least one in the bounds. The anchor is the mean of log(1 + |x|) if all values are of one
/// sign, else 0. Reads the values about 40 times in parallel; bitwise the same for any number of
/// threads; needs two more arrays of their length.
AnchoredPower fit_power(std::span<const double> values);

}  // namespace ebb::preprocessing
