#include "preprocessing/scaling/scaling.h"

#include <algorithm>
#include <cmath>

#include "kernels/common/error.h"
#include "preprocessing/scaling/normal_distribution.h"
#include "preprocessing/statistics/quantiles.h"

namespace ebb::preprocessing {
namespace {

constexpr double kLeastRank = 1e-7;

/// Where the polyline through (knots[i], i / (n - 1)) passes `value`, which lies within the knots.
/// Of tied knots the upper end counts if `upper`, else the lower.
double interpolate_rank(const std::vector<double>& knots, double value, bool upper) {
  const auto steps = static_cast<double>(knots.size() - 1);
  // Of ranges: with checked iterators the others look at all knots for every value.
  const auto above =
      upper ? std::ranges::upper_bound(knots, value) : std::ranges::lower_bound(knots, value);
  if (upper && above == knots.end()) return 1.0;
  if (!upper && above == knots.begin()) return 0.0;
  const auto index = static_cast<double>(above - knots.begin() - 1);
  const double low = *(above - 1);
  const double high = *above;
  return (index + (value - low) / (high - low)) / steps;
}

std::vector<double> fit_knots(const std::vector<double>& sorted, std::size_t quantiles) {
  const std::size_t count =
      std::clamp<std::size_t>(quantiles, 2, std::max<std::size_t>(2, sorted.size()));
  std::vector<double> knots(count);
  for (std::size_t i = 0; i < count; ++i) {
    knots[i] = quantile(sorted, static_cast<double>(i) / static_cast<double>(count - 1));
    // Rounding of the interpolation must not undo the order.
    if (i > 0) knots[i] = std::max(knots[i], knots[i - 1]);
  }
  return knots;
}

}  // namespace

std::string_view scaling_name(Scaling scaling) {
  switch (scaling) {
    case Scaling::none:
      return "none";
    case Scaling::min_max:
      return "min_max";
    case Scaling::standard:
      return "standard";
    case Scaling::quantile_normal:
      return "quantile_normal";
  }
  return "unknown";
}

Scaling parse_scaling(std::string_view name) {
  for (const Scaling scaling :
       {Scaling::none, Scaling::min_max, Scaling::standard, Scaling::quantile_normal}) {
    if (name == scaling_name(scaling)) return scaling;
  }
  fail<DataError>("\"{}\" is no scaling: use none, min_max, standard or quantile_normal", name);
}

NumberScaler NumberScaler::fit(std::span<const double> values, Scaling scaling,
                               std::size_t quantiles) {
  const std::vector<double> sorted = sorted_values(values);
  if (sorted.empty()) fail("NumberScaler::fit: there are no values");
  const double range = sorted.back() - sorted.front();
  NumberScaler scaler;
  scaler.scaling_ = scaling;
  double divisor = 0.0;
  if (scaling == Scaling::min_max) {
    scaler.shift_ = sorted.front();
    divisor = range;
  } else if (scaling == Scaling::standard) {
    scaler.shift_ = range > 0.0 ? mean_of(sorted) : sorted.front();
    divisor = range > 0.0 ? standard_deviation(sorted, scaler.shift_) : 0.0;
  } else if (scaling == Scaling::quantile_normal) {
    scaler.knots_ = fit_knots(sorted, quantiles);
  }
  if (!std::isfinite(range) || !std::isfinite(scaler.shift_) || !std::isfinite(divisor)) {
    fail<DataError>("values from {} to {} are too large to scale", sorted.front(), sorted.back());
  }
  // A deviation of 0 or below the smallest normal number is that of a constant column.
  if (std::isnormal(divisor)) scaler.scale_ = divisor;
  return scaler;
}

NumberScaler NumberScaler::restore(Scaling scaling, double shift, double scale,
                                   std::vector<double> knots) {
  const bool wants_knots = scaling == Scaling::quantile_normal;
  const bool finite =
      std::all_of(knots.begin(), knots.end(), [](double k) { return std::isfinite(k); });
  if (!std::isfinite(shift) || !std::isfinite(scale) || scale <= 0.0 || !finite) {
    fail<DataError>(
        "scaling {}: shift {} and scale {} and {} knots: expected finite numbers and a "
        "positive scale",
        scaling_name(scaling), shift, scale, knots.size());
  }
  if (wants_knots ? knots.size() < 2 || !std::is_sorted(knots.begin(), knots.end())
                  : !knots.empty()) {
    fail<DataError>(
        "scaling {}: {} knots: quantile_normal has at least two in ascending order, the "
        "others none",
        scaling_name(scaling), knots.size());
  }
  if (wants_knots && !std::isfinite(knots.back() - knots.front())) {
    fail<DataError>("scaling {}: the range of the knots, {} to {}, is not finite",
                    scaling_name(scaling), knots.front(), knots.back());
  }
  NumberScaler scaler;
  scaler.scaling_ = scaling;
  scaler.shift_ = shift;
  scaler.scale_ = scale;
  scaler.knots_ = std::move(knots);
  return scaler;
}

double NumberScaler::rank(double value) const {
  if (value < knots_.front()) return 0.0;
  if (value > knots_.back()) return 1.0;
  return 0.5 * (interpolate_rank(knots_, value, false) + interpolate_rank(knots_, value, true));
}

double NumberScaler::apply(double value) const {
  if (scaling_ != Scaling::quantile_normal) {
    const double largest = scaling_ == Scaling::none ? kLargestUnscaled : kLargestScaled;
    return std::clamp((value - shift_) / scale_, -largest, largest);
  }
  if (std::isnan(value)) return value;
  return normal_quantile(std::clamp(rank(value), kLeastRank, 1.0 - kLeastRank));
}

double NumberScaler::invert(double scaled) const {
  if (scaling_ != Scaling::quantile_normal) return scaled * scale_ + shift_;
  if (std::isnan(scaled)) return scaled;
  if (scaled >= normal_quantile(1.0 - kLeastRank)) return knots_.back();
  if (scaled <= normal_quantile(kLeastRank)) return knots_.front();
  return quantile(knots_, normal_cumulative(scaled));
}

}  // namespace ebb::preprocessing
