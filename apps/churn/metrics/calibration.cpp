#include "apps/churn/metrics/calibration.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "kernels/common/error.h"

namespace ebb::churn {
namespace {

constexpr double kSmallestProbability = std::numeric_limits<float>::epsilon();

double row_log_loss(const ScoredRows& rows, std::size_t row) {
  const bool positive = rows.is_positive(row);
  if (rows.kind == ScoreKind::logit) {
    // With the sign turned for negatives, both classes cost softplus(-z).
    const double z = positive ? rows.scores[row] : -rows.scores[row];
    return std::log1p(std::exp(-std::abs(z))) + std::max(-z, 0.0);
  }
  const double p =
      std::clamp(rows.probability(row), kSmallestProbability, 1 - kSmallestProbability);
  return positive ? -std::log(p) : -std::log1p(-p);
}

/// Weighted mean of loss(row) over all rows; 0 / 0 gives the NaN of the contract.
template <class Loss>
double weighted_mean(const ScoredRows& rows, Loss loss) {
  double sum = 0;
  double weight = 0;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    if (rows.weight(row) == 0) continue;
    sum += rows.weight(row) * loss(row);
    weight += rows.weight(row);
  }
  return sum / weight;
}

}  // namespace

double log_loss(const ScoredRows& rows) {
  return weighted_mean(rows, [&](std::size_t row) { return row_log_loss(rows, row); });
}

double brier_score(const ScoredRows& rows) {
  return weighted_mean(rows, [&](std::size_t row) {
    const double error = rows.probability(row) - (rows.is_positive(row) ? 1.0 : 0.0);
    return error * error;
  });
}

double expected_calibration_error(const ScoredRows& rows, int bins) {
  if (bins < 1) fail("{} calibration bins; expected at least 1", bins);
  // Per bin: weight times (label - probability). Its size is the bin's gap times the bin's weight.
  std::vector<double> surplus(static_cast<std::size_t>(bins), 0.0);
  double weight = 0;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    const double p = rows.probability(row);
    const int bin = std::min(static_cast<int>(p * bins), bins - 1);
    surplus[static_cast<std::size_t>(bin)] +=
        rows.weight(row) * ((rows.is_positive(row) ? 1.0 : 0.0) - p);
    weight += rows.weight(row);
  }
  double gaps = 0;
  for (const double gap : surplus) gaps += std::abs(gap);
  return gaps / weight;
}

}  // namespace ebb::churn
