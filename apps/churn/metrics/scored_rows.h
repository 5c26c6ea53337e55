// Rows with a model's scores and their true labels: what every metric is computed from.
#pragma once

#include <cstddef>
#include <span>

namespace ebb::churn {

/// What a score is. Ranking metrics need its order only; the others turn a logit into a probability
/// in float64, so that a large logit costs its true loss instead of a saturated one.
enum class ScoreKind { probability, logit };

/// A view of n rows. Weights count a row as that many rows; empty: each row counts as one.
struct ScoredRows {
  std::span<const float> scores;
  std::span<const float> labels;  ///< 1 for a customer who left, 0 for one who stayed
  std::span<const float> weights = {};
  ScoreKind kind = ScoreKind::probability;

  std::size_t size() const { return scores.size(); }
  double weight(std::size_t row) const { return weights.empty() ? 1.0 : double{weights[row]}; }
  bool is_positive(std::size_t row) const { return labels[row] == 1.0f; }
  /// The score as a probability, in float64.
  double probability(std::size_t row) const;
};

/// Throws Error, naming the row, when lengths differ, a label is neither 0 nor 1, a weight is
/// negative or not finite, or a score is NaN, or outside [0, 1] though a probability.
void check_rows(const ScoredRows& rows);

}  // namespace ebb::churn
