// What becomes of one value beyond its bounds: one source for the CPU and, compiled by nvcc, for
// CUDA.
#pragma once

#include <limits>

namespace ebb::preprocessing {

enum class OutlierTreatment {
  report,      ///< counted only
  clip,        ///< the nearer bound
  to_missing,  ///< NaN
};

/// What stands in for `value`; NaN stays.
constexpr double treat_outlier(double value, double lower, double upper,
                               OutlierTreatment treatment) {
  if (treatment == OutlierTreatment::report || !(value < lower || value > upper)) return value;
  if (treatment == OutlierTreatment::to_missing) return std::numeric_limits<double>::quiet_NaN();
  return value < lower ? lower : upper;
}

}  // namespace ebb::preprocessing
