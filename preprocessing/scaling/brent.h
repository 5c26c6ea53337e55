// The least value of a function on an interval.
#pragma once

#include <cmath>
#include <utility>

namespace ebb::preprocessing {

/// Where f is least in [low, high]: golden sections, and parabolas through the best three points
/// where these converge faster (R. Brent, "Algorithms for minimization without derivatives", 1973,
/// chapter 5). Finds the minimum of a function that falls, then rises, to within about
/// `tolerance` + 1.5e-8 |x|; an infinite value counts as high ground.
template <class Function>
double brent_minimum(Function&& f, double low, double high, double tolerance) {
  constexpr double kGolden = 0.3819660112501051;       // (3 - sqrt(5)) / 2
  constexpr double kRelative = 1.4901161193847656e-8;  // sqrt(epsilon): f is flat below it
  constexpr int kMostSteps = 200;
  double best = low + kGolden * (high - low);
  double second = best;
  double third = best;
  double f_best = f(best);
  double f_second = f_best;
  double f_third = f_best;
  double step = 0.0;
  double step_before_last = 0.0;
  for (int i = 0; i < kMostSteps; ++i) {
    const double middle = 0.5 * (low + high);
    const double least_step = kRelative * std::abs(best) + tolerance / 3.0;
    if (std::abs(best - middle) <= 2.0 * least_step - 0.5 * (high - low)) break;
    // The parabola's lowest point, numerator / denominator away from the best one.
    const double r = (best - second) * (f_best - f_third);
    double q = (best - third) * (f_best - f_second);
    double numerator = (best - third) * q - (best - second) * r;
    double denominator = 2.0 * (q - r);
    if (denominator > 0.0) numerator = -numerator;
    denominator = std::abs(denominator);
    q = std::exchange(step_before_last, step);
    // Written so that a NaN, of infinite f, takes the golden section.
    const bool is_parabolic =
        std::abs(q) > least_step && std::abs(numerator) < std::abs(0.5 * denominator * q) &&
        numerator > denominator * (low - best) && numerator < denominator * (high - best);
    if (is_parabolic) {
      step = numerator / denominator;
      const double point = best + step;
      if (point - low < 2.0 * least_step || high - point < 2.0 * least_step) {
        step = std::copysign(least_step, middle - best);
      }
    } else {
      step_before_last = best < middle ? high - best : low - best;
      step = kGolden * step_before_last;
    }
    const double point =
        best + (std::abs(step) >= least_step ? step : std::copysign(least_step, step));
    const double value = f(point);
    if (value <= f_best) {
      (point < best ? high : low) = best;
      third = std::exchange(second, std::exchange(best, point));
      f_third = std::exchange(f_second, std::exchange(f_best, value));
    } else {
      (point < best ? low : high) = point;
      if (value <= f_second || second == best) {
        third = std::exchange(second, point);
        f_third = std::exchange(f_second, value);
      } else if (value <= f_third || third == best || third == second) {
        third = point;
        f_third = value;
      }
    }
  }
  return best;
}

}  // namespace ebb::preprocessing
