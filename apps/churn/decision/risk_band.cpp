#include "apps/churn/decision/risk_band.h"

#include <cmath>

#include "apps/churn/metrics/confusion_matrix.h"
#include "kernels/common/error.h"

namespace ebb::churn {

std::string_view to_string(RiskBand band) {
  switch (band) {
    case RiskBand::low:
      return "low";
    case RiskBand::medium:
      return "medium";
    case RiskBand::high:
      return "high";
  }
  fail("unknown risk band {}", static_cast<int>(band));
}

RiskBand risk_band(double probability, double threshold, double training_base_rate) {
  if (std::isnan(probability) || std::isnan(threshold) || std::isnan(training_base_rate)) {
    fail("risk band of probability {}, threshold {}, base rate {}; none may be NaN", probability,
         threshold, training_base_rate);
  }
  const bool flagged = is_flagged(probability, threshold);
  const bool above_average = probability >= training_base_rate;
  if (flagged && above_average) return RiskBand::high;
  return flagged || above_average ? RiskBand::medium : RiskBand::low;
}

}  // namespace ebb::churn
