#include "preprocessing/scaling/scaling.h"

#include <algorithm>
#include <cmath>

#include "kernels/common/error.h"
#include "preprocessing/scaling/scale_value.h"
#include "preprocessing/statistics/quantiles.h"

namespace ebb::preprocessing {
namespace {

/// Shift and divisor. A divisor of 0 or below the smallest normal number is that of a column that
/// is constant to all ends.
struct Linear {
  double shift = 0.0;
  double divisor = 0.0;
};

Linear standardising(std::span<const double> sorted) {
  if (!(sorted.back() > sorted.front())) return {sorted.front(), 0.0};
  const double mean = mean_of(sorted);
  return {mean, standard_deviation(sorted, mean)};
}

Linear fit_linear(std::span<const double> sorted, Scaling scaling) {
  switch (scaling) {
    case Scaling::min_max:
      return {sorted.front(), sorted.back() - sorted.front()};
    case Scaling::robust: {
      const double quartiles = quantile(sorted, 0.75) - quantile(sorted, 0.25);
      return {quantile(sorted, 0.5), quartiles > 0.0 ? quartiles : standardising(sorted).divisor};
    }
    case Scaling::max_abs:
      return {0.0, std::max(std::abs(sorted.front()), std::abs(sorted.back()))};
    case Scaling::standard:
    case Scaling::log:
    case Scaling::yeo_johnson:
      return standardising(sorted);
    case Scaling::none:
    case Scaling::quantile_normal:
    case Scaling::quantile_uniform:
      break;
  }
  return {};
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
    case Scaling::robust:
      return "robust";
    case Scaling::max_abs:
      return "max_abs";
    case Scaling::quantile_normal:
      return "quantile_normal";
    case Scaling::quantile_uniform:
      return "quantile_uniform";
    case Scaling::log:
      return "log";
    case Scaling::yeo_johnson:
      return "yeo_johnson";
  }
  return "unknown";
}

Scaling parse_scaling(std::string_view name) {
  for (const Scaling scaling : kScalings) {
    if (name == scaling_name(scaling)) return scaling;
  }
  fail<DataError>(
      "\"{}\" is no scaling: use none, min_max, standard, robust, max_abs, quantile_normal, "
      "quantile_uniform, log or yeo_johnson",
      name);
}

NumberScaler NumberScaler::fit(std::span<const double> values, Scaling scaling,
                               std::size_t quantiles) {
  std::vector<double> sorted = sorted_values(values);
  if (sorted.empty()) fail("NumberScaler::fit: there are no values");
  const double least = sorted.front();
  const double most = sorted.back();
  NumberScaler scaler;
  scaler.scaling_ = scaling;
  Linear linear;
  if (std::isfinite(most - least)) {
    if (scaling == Scaling::yeo_johnson && most > least) scaler.power_ = fit_power(sorted);
    if (has_knots(scaling)) scaler.knots_ = fit_knots(sorted, quantiles);
    // The transforms keep order, but for rounding, which no quantile is taken of.
    for (double& value : sorted) value = transformed(value, scaling, scaler.power_);
    linear = fit_linear(sorted, scaling);
  }
  scaler.shift_ = linear.shift;
  if (!std::isfinite(most - least) || !std::isfinite(linear.shift) ||
      !std::isfinite(linear.divisor)) {
    fail<DataError>("values from {} to {} are too large to scale", least, most);
  }
  if (std::isnormal(linear.divisor)) scaler.scale_ = linear.divisor;
  return scaler;
}

NumberScaler NumberScaler::restore(Scaling scaling, double shift, double scale,
                                   std::vector<double> knots, AnchoredPower power) {
  const bool finite =
      std::all_of(knots.begin(), knots.end(), [](double k) { return std::isfinite(k); });
  if (!std::isfinite(shift) || !std::isfinite(scale) || scale <= 0.0 || !finite) {
    fail<DataError>(
        "scaling {}: shift {} and scale {} and {} knots: expected finite numbers and a "
        "positive scale",
        scaling_name(scaling), shift, scale, knots.size());
  }
  if (has_knots(scaling) ? knots.size() < 2 || !std::is_sorted(knots.begin(), knots.end())
                         : !knots.empty()) {
    fail<DataError>(
        "scaling {}: {} knots: quantile_normal and quantile_uniform have at least two in ascending "
        "order, the others none",
        scaling_name(scaling), knots.size());
  }
  if (has_knots(scaling) && !std::isfinite(knots.back() - knots.front())) {
    fail<DataError>("scaling {}: the range of the knots, {} to {}, is not finite",
                    scaling_name(scaling), knots.front(), knots.back());
  }
  constexpr double kLargestAnchor = 710.0;  // log of the largest finite number, rounded up
  const bool is_power = power.lambda >= kLeastPower && power.lambda <= kMostPower &&
                        std::abs(power.anchor) <= kLargestAnchor;
  if (scaling == Scaling::yeo_johnson ? !is_power : power != AnchoredPower{}) {
    fail<DataError>(
        "scaling {}: lambda {} and anchor {}: yeo_johnson has a lambda from {} to {} and an anchor "
        "from {} to {}, the others none",
        scaling_name(scaling), power.lambda, power.anchor, kLeastPower, kMostPower, -kLargestAnchor,
        kLargestAnchor);
  }
  NumberScaler scaler;
  scaler.scaling_ = scaling;
  scaler.shift_ = shift;
  scaler.scale_ = scale;
  scaler.knots_ = std::move(knots);
  scaler.power_ = power;
  return scaler;
}

double NumberScaler::apply(double value) const { return scale_value(view(), value); }

double NumberScaler::invert(double scaled) const {
  if (!has_knots(scaling_)) {
    const double value = scaled * scale_ + shift_;
    if (scaling_ == Scaling::log) return signed_exponential(value);
    return scaling_ == Scaling::yeo_johnson ? anchored_power_inverse(value, power_) : value;
  }
  if (std::isnan(scaled)) return scaled;
  if (scaling_ == Scaling::quantile_uniform) return quantile(knots_, std::clamp(scaled, 0.0, 1.0));
  if (scaled >= normal_quantile(1.0 - kLeastRank)) return knots_.back();
  if (scaled <= normal_quantile(kLeastRank)) return knots_.front();
  return quantile(knots_, normal_cumulative(scaled));
}

}  // namespace ebb::preprocessing
