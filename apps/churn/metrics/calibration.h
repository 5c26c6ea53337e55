// How far probabilities can be taken at their word. All sums run in float64, in row order.
#pragma once

#include <vector>

#include "apps/churn/metrics/scored_rows.h"

namespace ebb::churn {

constexpr int kCalibrationBins = 15;

/// Mean of -log p(true label), in nats. Logits use log(1 + e^-|z|) + max(z, 0) - z y; probabilities
/// are held inside [2^-23, 1 - 2^-23], as scikit-learn does in float32, so that no single row makes
/// it infinite. NaN without weight.
double log_loss(const ScoredRows& rows);

/// Brier score: mean of (p - y)^2. NaN without weight.
double brier_score(const ScoredRows& rows);

/// Rows of like probability, for a reliability diagram.
struct ReliabilityBin {
  double rows = 0;              ///< by weight
  double mean_probability = 0;  ///< NaN without rows
  double positive_share = 0;    ///< likewise
};

/// Bin i of equal width holds the probabilities in [i/bins, (i+1)/bins); the last holds 1 as well.
/// Error when bins < 1.
std::vector<ReliabilityBin> reliability_bins(const ScoredRows& rows, int bins = kCalibrationBins);

/// Expected calibration error (Guo et al. 2017): over reliability_bins, the mean, weighted by the
/// rows in a bin, of |share of positives - mean probability|. NaN without weight; Error when bins
/// < 1.
double expected_calibration_error(const ScoredRows& rows, int bins = kCalibrationBins);

}  // namespace ebb::churn
