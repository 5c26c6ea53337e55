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

std::vector<ReliabilityBin> reliability_bins(const ScoredRows& rows, int bins) {
  if (bins < 1) fail("{} calibration bins; expected at least 1", bins);
  std::vector<ReliabilityBin> found(static_cast<std::size_t>(bins));
  for (std::size_t row = 0; row < rows.size(); ++row) {
    const double p = rows.probability(row);
    ReliabilityBin& bin =
        found[static_cast<std::size_t>(std::min(static_cast<int>(p * bins), bins - 1))];
    bin.rows += rows.weight(row);
    bin.mean_probability += rows.weight(row) * p;
    if (rows.is_positive(row)) bin.positive_share += rows.weight(row);
  }
  for (ReliabilityBin& bin : found) {
    bin.mean_probability /= bin.rows;
    bin.positive_share /= bin.rows;
  }
  return found;
}

double expected_calibration_error(const ScoredRows& rows, int bins) {
  double gaps = 0;
  double weight = 0;
  for (const ReliabilityBin& bin : reliability_bins(rows, bins)) {
    if (bin.rows == 0) continue;
    gaps += bin.rows * std::abs(bin.positive_share - bin.mean_probability);
    weight += bin.rows;
  }
  return gaps / weight;
}

}  // namespace ebb::churn
