#include "apps/churn/segments/risk_value_quadrants.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "apps/churn/metrics/confusion_matrix.h"
#include "kernels/common/error.h"
#include "preprocessing/statistics/order_statistics.h"

namespace ebb::churn {
namespace {

constexpr std::size_t kUnknownValue = 4;

std::vector<std::string> quadrant_names(Language language) {
  if (language == Language::chinese) {
    return {"高价值且有流失风险", "高价值且忠诚", "低价值且有流失风险", "低价值且忠诚", "价值未知"};
  }
  return {"valuable and at risk", "valuable and loyal", "less valuable and at risk",
          "less valuable and loyal", "value unknown"};
}

}  // namespace

Segmentation risk_value_quadrants(std::span<const float> probabilities,
                                  std::span<const double> values, double threshold,
                                  Language language) {
  if (values.size() != probabilities.size()) {
    fail("risk_value_quadrants: {} values for {} probabilities", values.size(),
         probabilities.size());
  }
  const bool has_values =
      std::ranges::any_of(values, [](double value) { return !std::isnan(value); });
  const double median =
      has_values ? preprocessing::median_of(values) : std::numeric_limits<double>::quiet_NaN();
  Segmentation segments{{}, quadrant_names(language)};
  for (std::size_t row = 0; row < values.size(); ++row) {
    const std::size_t worth = values[row] > median ? 0 : 2;
    const std::size_t risk = is_flagged(probabilities[row], threshold) ? 0 : 1;
    segments.of_row.push_back(std::isnan(values[row]) ? kUnknownValue : worth + risk);
  }
  return segments;
}

}  // namespace ebb::churn
