#include "apps/churn/metrics/scored_rows.h"

#include <cmath>

#include "kernels/common/error.h"

namespace ebb::churn {

double ScoredRows::probability(std::size_t row) const {
  const double score = scores[row];
  return kind == ScoreKind::probability ? score : 1.0 / (1.0 + std::exp(-score));
}

void check_rows(const ScoredRows& rows) {
  const std::size_t count = rows.size();
  if (rows.labels.size() != count || (!rows.weights.empty() && rows.weights.size() != count)) {
    fail(
        "{} scores with {} labels and {} weights; expected as many labels, and as many or no "
        "weights",
        count, rows.labels.size(), rows.weights.size());
  }
  for (std::size_t row = 0; row < count; ++row) {
    const float score = rows.scores[row];
    const float label = rows.labels[row];
    const double weight = rows.weight(row);
    if (label != 0.0f && label != 1.0f) {
      fail("label of row {} is {}; expected 0 or 1", row, label);
    }
    if (!(weight >= 0.0) || std::isinf(weight)) {
      fail("weight of row {} is {}; expected a finite number, at least 0", row, weight);
    }
    if (std::isnan(score)) {
      fail("score of row {} is NaN; the model has diverged or its input holds NaN", row);
    }
    if (rows.kind == ScoreKind::probability && (score < 0.0f || score > 1.0f)) {
      fail("score of row {} is {}; a probability lies in [0, 1] (are these logits?)", row, score);
    }
  }
}

}  // namespace ebb::churn
