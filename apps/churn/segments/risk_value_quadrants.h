// Four segments: likely to leave or not, worth more than the median customer or not.
#pragma once

#include <span>

#include "apps/churn/explanation/reasons.h"
#include "apps/churn/segments/segmentation.h"

namespace ebb::churn {

/// A customer is at risk from probability `threshold` on, and valuable above the median of the
/// values that are not NaN. In order: valuable and at risk, valuable and loyal, less valuable and
/// at risk, less valuable and loyal, value unknown (NaN). Throws Error on unequal lengths.
Segmentation risk_value_quadrants(std::span<const float> probabilities,
                                  std::span<const double> values, double threshold,
                                  Language language);

}  // namespace ebb::churn
