// The four outcomes of yes/no decisions, and the rates made of them.
#pragma once

#include "apps/churn/metrics/scored_rows.h"

namespace ebb::churn {

/// The one rule by which a probability becomes a decision: at the threshold, the customer is
/// flagged.
constexpr bool is_flagged(double probability, double threshold) { return probability >= threshold; }

/// Weights of rows by outcome (counts, where rows are unweighted). "Positive" means: leaves.
/// A rate whose denominator is 0 is undefined and comes back as NaN.
struct ConfusionMatrix {
  double true_positive = 0;
  double false_positive = 0;
  double true_negative = 0;
  double false_negative = 0;

  double total() const;
  double accuracy() const;
  double precision() const;          ///< of the flagged, the share that left
  double recall() const;             ///< of those who left, the share flagged
  double specificity() const;        ///< of those who stayed, the share not flagged
  double f1() const;                 ///< 2 TP / (2 TP + FP + FN)
  double balanced_accuracy() const;  ///< mean of recall and specificity
};

/// Decides every row by `is_flagged` and counts. The rows must have passed `check_rows`.
ConfusionMatrix confusion_at(const ScoredRows& rows, double threshold);

}  // namespace ebb::churn
