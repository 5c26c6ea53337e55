// Scaling of one number column. Fitted on training values, then applied to any value.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace ebb::preprocessing {

/// With x a value, and minimum, maximum, mean and deviation those of the training values:
///   none             x
///   min_max          (x - minimum) / (maximum - minimum)
///   standard         (x - mean) / deviation, the population standard deviation
///   quantile_normal  Q(rank(x)), Q the standard normal quantile function. rank(x) in [0, 1]
///                    interpolates linearly between knots (k_i, i / (n - 1)), k_i the training
///                    quantile of that share; where knots are tied it is the middle of the tie. The
///                    result is clipped to [-5.1993, 5.1993] = Q(1e-7), as scikit-learn's
///                    QuantileTransformer does; unlike there, a tie at the least or greatest value
///                    (many customers with balance 0) also gets its middle rank, not the clip.
/// A column with one value only is shifted to 0 (`none` leaves it).
///
/// The linear ones are clipped too, so that a cell of 1e308 in new data cannot make a score NaN:
/// min_max and standard to +-kLargestScaled, none to +-kLargestUnscaled.
enum class Scaling { none, min_max, standard, quantile_normal };

/// "none", "min_max", "standard", "quantile_normal"; parse throws DataError that lists them.
std::string_view scaling_name(Scaling scaling);
Scaling parse_scaling(std::string_view name);

/// No training value is so many deviations from the mean in a table of fewer than 1e8 rows: of n
/// values none is beyond sqrt(n - 1) (Samuelson, "How deviant can you be?", 1968). What is beyond
/// says no more than "extreme".
inline constexpr double kLargestScaled = 1e4;
/// The greatest power of ten whose square, summed over the widest layer (65,536 = 10^4.8), leaves
/// f32 (3e38) a factor of 1e3 for weights: layer norm and gradients square what they get.
inline constexpr double kLargestUnscaled = 1e15;

class NumberScaler {
 public:
  NumberScaler() = default;
  /// Fits to the values that are not NaN; there must be one. `quantiles` >= 2: how many knots
  /// quantile_normal keeps at most (no more than there are values). Throws DataError if the values
  /// are so large that their range is not finite.
  static NumberScaler fit(std::span<const double> values, Scaling scaling,
                          std::size_t quantiles = 1000);
  /// Restores a fitted scaler. Throws DataError unless scale > 0 and all are finite; for
  /// quantile_normal at least two knots in ascending order over a finite range, else none.
  static NumberScaler restore(Scaling scaling, double shift, double scale,
                              std::vector<double> knots);

  /// The scaled value, clipped; NaN for NaN.
  [[nodiscard]] double apply(double value) const;
  /// The value that scales to `scaled`. Exact up to rounding for the linear ones; for
  /// quantile_normal the quantile of rank normal_cumulative(scaled), so clipped to the range.
  [[nodiscard]] double invert(double scaled) const;

  [[nodiscard]] Scaling scaling() const { return scaling_; }
  [[nodiscard]] double shift() const { return shift_; }
  [[nodiscard]] double scale() const { return scale_; }
  [[nodiscard]] const std::vector<double>& knots() const { return knots_; }
  bool operator==(const NumberScaler&) const = default;

 private:
  [[nodiscard]] double rank(double value) const;

  Scaling scaling_ = Scaling::none;
  double shift_ = 0.0;  // apply: (value - shift_) / scale_
  double scale_ = 1.0;
  std::vector<double> knots_;  // quantile_normal only
};

}  // namespace ebb::preprocessing
