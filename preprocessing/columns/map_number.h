// What becomes of one number: one source for the CPU and, compiled by nvcc, for CUDA. Nothing may
// be fused, so that both give the same bits (scaling/portable_math.h).
#pragma once

#include "preprocessing/cleaning/treat_outlier.h"
#include "preprocessing/columns/finite_or_missing.h"
#include "preprocessing/scaling/scale_value.h"

namespace ebb::preprocessing {

enum class NumberFormula {
  keep,
  bound,  ///< treat_outlier(): beyond the bounds it becomes the nearer one, or missing
  scale,  ///< scale_value()
  log1p,  ///< sign(x) log(1 + |x|)
  bin,    ///< how many of the ascending edges, the scaler's knots, are below x
};

struct NumberMapping {
  NumberFormula formula = NumberFormula::keep;
  double missing = kMissingNumber;  ///< in the place of a missing value
  double lower = 0.0;               ///< of bound
  double upper = 0.0;
  OutlierTreatment treatment = OutlierTreatment::clip;
  ScalerView scaler;  ///< of scale; its knots in host memory
};

/// Whether map_number() takes a few operations, with few registers.
constexpr bool is_short(const NumberMapping& mapping) {
  return mapping.formula != NumberFormula::log1p &&
         (mapping.formula != NumberFormula::scale || is_linear(mapping.scaler.scaling));
}

/// kShort: is_short() of the mapping.
template <bool kShort>
constexpr double map_number(const NumberMapping& mapping, double value) {
  if (value != value) return mapping.missing;
  const ScalerView& scaler = mapping.scaler;
  switch (mapping.formula) {
    case NumberFormula::keep:
      return value;
    case NumberFormula::bound:
      return treat_outlier(value, mapping.lower, mapping.upper, mapping.treatment);
    case NumberFormula::bin:
      return static_cast<double>(find_knot(scaler.knots, scaler.knot_count, value, false));
    case NumberFormula::log1p:
      return kShort ? value : finite_or_missing(signed_log(value));
    case NumberFormula::scale:
      return kShort ? scale_linearly(scaler, value) : scale_value(scaler, value);
  }
  return value;
}

/// map_number() of any mapping.
constexpr double map_number(const NumberMapping& mapping, double value) {
  return map_number<false>(mapping, value);
}

}  // namespace ebb::preprocessing
