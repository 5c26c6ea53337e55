// The formulas of scaling.h for one value: one source for the CPU and, compiled by nvcc, for CUDA.
// Nothing may be fused, so that both give the same bits (portable_math.h).
#pragma once

#include "preprocessing/scaling/knots.h"
#include "preprocessing/scaling/normal_distribution.h"
#include "preprocessing/scaling/scaling.h"

namespace ebb::preprocessing {

/// Where ranks are clipped before the normal quantile is taken.
inline constexpr double kLeastRank = 1e-7;

/// Whether the scaling keeps quantiles of the training values.
constexpr bool has_knots(Scaling scaling) {
  return scaling == Scaling::quantile_normal || scaling == Scaling::quantile_uniform;
}

/// Whether the scaling is a shift and a division alone.
constexpr bool is_linear(Scaling scaling) {
  return !has_knots(scaling) && scaling != Scaling::log && scaling != Scaling::yeo_johnson;
}

/// `value` within [least, most]; NaN stays NaN.
constexpr double clipped(double value, double least, double most) {
  return value < least ? least : value > most ? most : value;
}

/// What shift and scale are applied to.
constexpr double transformed(double value, Scaling scaling, AnchoredPower power) {
  if (scaling == Scaling::log) return signed_log(value);
  return scaling == Scaling::yeo_johnson ? anchored_power(value, power) : value;
}

/// Shifted, divided and clipped: a linear scaling, or the end of one that has transformed `value`.
constexpr double scale_linearly(const ScalerView& scaler, double value) {
  const double largest = scaler.scaling == Scaling::none ? kLargestUnscaled : kLargestScaled;
  return clipped((value - scaler.shift) / scaler.scale, -largest, largest);
}

/// The scaled value, clipped; NaN for NaN.
constexpr double scale_value(const ScalerView& scaler, double value) {
  if (!has_knots(scaler.scaling)) {
    return scale_linearly(scaler, transformed(value, scaler.scaling, scaler.power));
  }
  if (value != value) return value;
  const double rank = knot_rank(scaler.knots, scaler.knot_count, value);
  if (scaler.scaling == Scaling::quantile_uniform) return rank;
  return normal_quantile(clipped(rank, kLeastRank, 1.0 - kLeastRank));
}

}  // namespace ebb::preprocessing
