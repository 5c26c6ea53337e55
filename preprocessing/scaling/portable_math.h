// Logarithms and exponentials with the same bits everywhere: on every processor, with every C
// library and on a GPU, where those of the system differ in the last place.
//
// They are made of additions, multiplications and divisions in a fixed order, each rounded by
// itself: nothing may be fused (preprocessing/CMakeLists.txt). Errors are below 0.9 units in the
// last place, expm1's below 1.4. nvcc compiles constexpr functions for the device, too.
//
// Method: Taylor series on an interval around 0 to which powers of two reduce the argument; the
// logarithm's is that of 2 atanh(s), s = f / (2 + f), and keeps f apart, as K. C. Ng does in
// fdlibm.
#pragma once

#include <bit>
#include <cstdint>
#include <limits>

namespace ebb::preprocessing {
namespace portable {

/// log 2 in two parts: multiples of the first by an exponent are exact.
inline constexpr double kLog2High = 0x1.62e42feep-1;
inline constexpr double kLog2Low = 0x1.a39ef35793c76p-33;
inline constexpr double kInverseLog2 = 0x1.71547652b82fep+0;
inline constexpr double kInfinity = std::numeric_limits<double>::infinity();
inline constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
/// Below this size 1 + x is 1.
inline constexpr double kTiny = 0x1p-54;

/// first + x (second + x (third + ...)).
constexpr double polynomial(double, double last) { return last; }
template <class... More>
constexpr double polynomial(double x, double first, More... more) {
  return first + x * polynomial(x, more...);
}

/// 2^exponent, which is normal.
constexpr double power_of_two(int exponent) {
  return std::bit_cast<double>(static_cast<std::uint64_t>(exponent + 1023) << 52);
}

/// value * 2^exponent, rounded once; |value| is in [1/2, 4), the exponent in [-1100, 1025].
constexpr double times_power_of_two(double value, int exponent) {
  if (exponent > 1000) return value * power_of_two(1000) * power_of_two(exponent - 1000);
  if (exponent < -1000) return value * power_of_two(exponent + 1000) * power_of_two(-1000);
  return value * power_of_two(exponent);
}

/// log(2^exponent (1 + f)) + correction, for 1 + f in [1 / sqrt(2), sqrt(2)].
constexpr double log_of_parts(int exponent, double f, double correction) {
  const double s = f / (2.0 + f);
  const double z = s * s;
  const double half = 0.5 * f * f;
  const double series = z * polynomial(z, 2.0 / 3, 2.0 / 5, 2.0 / 7, 2.0 / 9, 2.0 / 11, 2.0 / 13,
                                       2.0 / 15, 2.0 / 17, 2.0 / 19, 2.0 / 21);
  const auto k = static_cast<double>(exponent);
  return k * kLog2High - ((half - (s * (half + series) + (k * kLog2Low + correction))) - f);
}

/// log_of_parts of a normal number above 0.
constexpr double log_of_normal(double x, int exponent, double correction) {
  // Adding what takes 1 / sqrt(2) to 1/2 makes the exponent that of the interval above.
  constexpr std::uint64_t kMantissa = (std::uint64_t{1} << 52) - 1;
  constexpr std::uint64_t kOne = std::uint64_t{1023} << 52;
  constexpr std::uint64_t kRootHalf = 0x3fe6a09e667f3bcd;
  const std::uint64_t bits = std::bit_cast<std::uint64_t>(x) + (kOne - kRootHalf);
  exponent += static_cast<int>(bits >> 52) - 1023;
  const double mantissa = std::bit_cast<double>((bits & kMantissa) + kRootHalf);
  return log_of_parts(exponent, mantissa - 1.0, correction);
}

/// x = exponent log 2 + high + low, for |x| < 800; |high| is at most 0.35.
struct ReducedExponent {
  int exponent = 0;
  double high = 0.0;
  double low = 0.0;
};

constexpr ReducedExponent reduce_exponent(double x) {
  constexpr double kRound = 0x1.8p52;  // what is added to it is rounded to a whole number
  const double k = (x * kInverseLog2 + kRound) - kRound;
  const double from = x - k * kLog2High;
  const double low = k * kLog2Low;
  const double high = from - low;
  return {static_cast<int>(k), high, (from - high) - low};
}

/// exp(high + low) - 1.
constexpr double expm1_of_reduced(double high, double low) {
  const double series = polynomial(
      high, 1.0 / 2, 1.0 / 6, 1.0 / 24, 1.0 / 120, 1.0 / 720, 1.0 / 5040, 1.0 / 40320, 1.0 / 362880,
      1.0 / 3628800, 1.0 / 39916800, 1.0 / 479001600, 1.0 / 6227020800.0, 1.0 / 87178291200.0);
  return high + (low + high * low + high * high * series);
}

}  // namespace portable

/// As std::abs.
constexpr double portable_abs(double x) {
  constexpr std::uint64_t kSign = std::uint64_t{1} << 63;
  return std::bit_cast<double>(std::bit_cast<std::uint64_t>(x) & ~kSign);
}

/// As std::copysign.
constexpr double portable_copysign(double size, double sign) {
  constexpr std::uint64_t kSign = std::uint64_t{1} << 63;
  return std::bit_cast<double>((std::bit_cast<std::uint64_t>(size) & ~kSign) |
                               (std::bit_cast<std::uint64_t>(sign) & kSign));
}

/// As std::log.
constexpr double portable_log(double x) {
  constexpr double kLeastNormal = std::numeric_limits<double>::min();
  if (!(x > 0.0)) return x == 0.0 ? -portable::kInfinity : portable::kNan;
  if (x == portable::kInfinity) return x;
  if (x < kLeastNormal) return portable::log_of_normal(x * 0x1p60, -60, 0.0);
  return portable::log_of_normal(x, 0, 0.0);
}

/// As std::log1p.
constexpr double portable_log1p(double x) {
  if (!(x > -1.0)) return x == -1.0 ? -portable::kInfinity : portable::kNan;
  if (x == portable::kInfinity || (x < portable::kTiny && x > -portable::kTiny)) return x;
  if (x > -0.29 && x < 0.41) return portable::log_of_parts(0, x, 0.0);
  const double sum = 1.0 + x;
  const double lost = x >= 1.0 ? 1.0 - (sum - x) : x - (sum - 1.0);
  return portable::log_of_normal(sum, 0, lost / sum);
}

/// As std::exp.
constexpr double portable_exp(double x) {
  if (x != x) return x;
  if (x > 710.0) return portable::kInfinity;
  if (x < -746.0) return 0.0;
  const auto [exponent, high, low] = portable::reduce_exponent(x);
  return portable::times_power_of_two(1.0 + portable::expm1_of_reduced(high, low), exponent);
}

/// As std::expm1.
constexpr double portable_expm1(double x) {
  if (x != x || (x < portable::kTiny && x > -portable::kTiny)) return x;
  if (x > 710.0) return portable::kInfinity;
  if (x < -50.0) return -1.0;
  const auto [exponent, high, low] = portable::reduce_exponent(x);
  const double reduced = portable::expm1_of_reduced(high, low);
  if (exponent == 0) return reduced;
  constexpr int kOneIsNothing = 60;  // beside the power
  if (exponent > kOneIsNothing) return portable::times_power_of_two(1.0 + reduced, exponent);
  const double power = portable::power_of_two(exponent);
  return power * reduced + (power - 1.0);
}

}  // namespace ebb::preprocessing
