// A word beside each probability, for readers of a scores file.
#pragma once

#include <string_view>

namespace ebb::churn {

enum class RiskBand { low, medium, high };

/// "low", "medium", "high".
std::string_view to_string(RiskBand band);

/// Places a customer against the two marks that a model carries: the decision threshold and the
/// average customer's risk (the training base rate).
///   high    at or above both
///   medium  at or above one of them only
///   low     below both
/// With the usual F1 threshold, which lies above the base rate, "high" is exactly "flagged".
/// Throws Error when an argument is NaN.
RiskBand risk_band(double probability, double threshold, double training_base_rate);

}  // namespace ebb::churn
