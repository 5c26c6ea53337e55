// Ranks of values among the quantiles of training values, and back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace ebb::preprocessing {

/// The quantiles of ascending `sorted` (not empty) at i / (n - 1), i = 0 to n - 1, where n is
/// `quantiles`, but at least 2 and no more than there are values. Ascending.
std::vector<double> fit_knots(std::span<const double> sorted, std::size_t quantiles);

/// The first of ascending `knots` that is not below `value`, else `count`; above it with
/// `upper`.
constexpr std::int64_t find_knot(const double* knots, std::int64_t count, double value,
                                 bool upper) {
  std::int64_t begin = 0;
  while (count > 0) {
    const std::int64_t half = count / 2;
    const double knot = knots[begin + half];
    if (upper ? !(value < knot) : knot < value) {
      begin += half + 1;
      count -= half + 1;
    } else {
      count = half;
    }
  }
  return begin;
}

/// Where the polyline through (knots[i], i / (count - 1)) passes `value`, which lies above
/// knots[above - 1] and not above knots[above].
constexpr double interpolate_rank(const double* knots, std::int64_t count, std::int64_t above,
                                  double value) {
  const double low = knots[above - 1];
  const double high = knots[above];
  return (static_cast<double>(above - 1) + (value - low) / (high - low)) /
         static_cast<double>(count - 1);
}

/// The rank in [0, 1] of `value`, not NaN, among `count` >= 2 ascending knots: 0 below all, 1 above
/// all, the middle of a tie.
constexpr double knot_rank(const double* knots, std::int64_t count, double value) {
  if (value < knots[0]) return 0.0;
  if (value > knots[count - 1]) return 1.0;
  const std::int64_t least = find_knot(knots, count, value, false);
  const double lower = least == 0 ? 0.0 : interpolate_rank(knots, count, least, value);
  if (value != knots[least]) return lower;
  // The last of the tied knots, whose rank is that of the polyline's upper end.
  const std::int64_t above = least + find_knot(knots + least, count - least, value, true);
  const double upper = above == count ? 1.0 : interpolate_rank(knots, count, above, value);
  return 0.5 * (lower + upper);
}

}  // namespace ebb::preprocessing
