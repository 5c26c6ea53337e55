// Scaling of one number column. Fitted on training values, then applied to any value.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <span>
#include <string_view>
#include <vector>

#include "preprocessing/scaling/power.h"

namespace ebb::preprocessing {

/// With x a value, and minimum, maximum, mean, deviation (population standard deviation) and
/// quantiles those of the training values:
///   none              x
///   min_max           (x - minimum) / (maximum - minimum)
///   standard          (x - mean) / deviation
///   robust            (x - median) / (third quartile - first quartile); where these are equal
///   (most
///                     customers have balance 0) the deviation divides, for which scikit-learn's
///                     RobustScaler takes 1
///   max_abs           x / max(|minimum|, |maximum|)
///   quantile_normal   Q(rank(x)), Q the standard normal quantile function. rank(x) in [0, 1]
///                     interpolates linearly between knots (k_i, i / (n - 1)), k_i the training
///                     quantile of that share; where knots are tied it is the middle of the tie.
///                     The result is clipped to [-5.1993, 5.1993] = Q(1e-7), as scikit-learn's
///                     QuantileTransformer does; unlike there, a tie at the least or greatest value
///                     (many customers with balance 0) also gets its middle rank, not the clip.
///   quantile_uniform  rank(x)
///   log               (L(x) - mean of L) / deviation of L, L(x) = sign(x) log(1 + |x|)
///   yeo_johnson       the same with Yeo and Johnson's power in place of L, its lambda of greatest
///                     likelihood (power.h), as scikit-learn's PowerTransformer but within bounds
/// A column with one value only is shifted to 0 (`none` leaves it, max_abs makes it 1 or -1,
/// quantile_uniform 1/2).
///
/// All but the quantiles are clipped too, so that a cell of 1e308 in new data cannot make a score
/// NaN: to +-kLargestScaled, none to +-kLargestUnscaled.
enum class Scaling {
  none,
  min_max,
  standard,
  robust,
  max_abs,
  quantile_normal,
  quantile_uniform,
  log,
  yeo_johnson,
};

/// All of them, in the order in which messages and documents list them.
inline constexpr std::array kScalings = {
    Scaling::none,       Scaling::min_max,         Scaling::standard,         Scaling::robust,
    Scaling::max_abs,    Scaling::quantile_normal, Scaling::quantile_uniform, Scaling::log,
    Scaling::yeo_johnson};

/// The name of each as it is written above; parse throws DataError that lists them.
std::string_view scaling_name(Scaling scaling);
Scaling parse_scaling(std::string_view name);

/// No training value is so many deviations from the mean in a table of fewer than 1e8 rows: of n
/// values none is beyond sqrt(n - 1) (Samuelson, "How deviant can you be?", 1968). What is beyond
/// says no more than "extreme".
inline constexpr double kLargestScaled = 1e4;
/// The greatest power of ten whose square, summed over the widest layer (65,536 = 10^4.8), leaves
/// f32 (3e38) a factor of 1e3 for weights: layer norm and gradients square what they get.
inline constexpr double kLargestUnscaled = 1e15;

/// What a NumberScaler does to a value, without its memory: `knots` are the scaler's, or a copy of
/// them on the device where it is applied (scale_value.h).
struct ScalerView {
  Scaling scaling = Scaling::none;
  double shift = 0.0;
  double scale = 1.0;
  AnchoredPower power;
  const double* knots = nullptr;
  std::int64_t knot_count = 0;
};

class NumberScaler {
 public:
  NumberScaler() = default;
  /// Fits to the values that are not NaN; there must be one. `quantiles` >= 2: how many knots
  /// the quantile scalings keep at most (no more than there are values). Throws DataError if the
  /// values are so large that their range is not finite. Sorts the values; yeo_johnson reads them
  /// about 40 times more (fit_power).
  static NumberScaler fit(std::span<const double> values, Scaling scaling,
                          std::size_t quantiles = 1000);
  /// Restores a fitted scaler. Throws DataError unless scale > 0 and all are finite; for the
  /// quantile scalings at least two knots in ascending order over a finite range, else none; for
  /// yeo_johnson a power within the bounds of power.h, else the default one.
  static NumberScaler restore(Scaling scaling, double shift, double scale,
                              std::vector<double> knots, AnchoredPower power = {});

  /// The scaled value, clipped; NaN for NaN. scale_value() of view().
  [[nodiscard]] double apply(double value) const;
  /// Valid while this scaler is.
  [[nodiscard]] ScalerView view() const {
    return {scaling_, shift_, scale_, power_, knots_.data(), std::ssize(knots_)};
  }
  /// The value that scales to `scaled`, exact up to rounding; at most the largest finite number for
  /// log and yeo_johnson; for the quantile scalings the quantile of the rank, so clipped to the
  /// training range.
  [[nodiscard]] double invert(double scaled) const;

  [[nodiscard]] Scaling scaling() const { return scaling_; }
  [[nodiscard]] double shift() const { return shift_; }
  [[nodiscard]] double scale() const { return scale_; }
  [[nodiscard]] const std::vector<double>& knots() const { return knots_; }
  [[nodiscard]] const AnchoredPower& power() const { return power_; }
  bool operator==(const NumberScaler&) const = default;

 private:
  Scaling scaling_ = Scaling::none;
  double shift_ = 0.0;  // apply: (value - shift_) / scale_, of the transformed value
  double scale_ = 1.0;
  std::vector<double> knots_;  // quantile scalings only
  AnchoredPower power_;        // yeo_johnson only
};

}  // namespace ebb::preprocessing
