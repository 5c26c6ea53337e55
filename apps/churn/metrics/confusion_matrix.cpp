#include "apps/churn/metrics/confusion_matrix.h"

#include <limits>

namespace ebb::churn {
namespace {

double ratio(double part, double whole) {
  return whole > 0 ? part / whole : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace

double ConfusionMatrix::total() const {
  return true_positive + false_positive + true_negative + false_negative;
}

double ConfusionMatrix::accuracy() const { return ratio(true_positive + true_negative, total()); }

double ConfusionMatrix::precision() const {
  return ratio(true_positive, true_positive + false_positive);
}

double ConfusionMatrix::recall() const {
  return ratio(true_positive, true_positive + false_negative);
}

double ConfusionMatrix::specificity() const {
  return ratio(true_negative, true_negative + false_positive);
}

double ConfusionMatrix::f1() const {
  return ratio(2 * true_positive, 2 * true_positive + false_positive + false_negative);
}

double ConfusionMatrix::balanced_accuracy() const { return (recall() + specificity()) / 2; }

ConfusionMatrix confusion_at(const ScoredRows& rows, double threshold) {
  ConfusionMatrix matrix;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    const bool flagged = is_flagged(rows.probability(row), threshold);
    double& outcome = rows.is_positive(row)
                          ? (flagged ? matrix.true_positive : matrix.false_negative)
                          : (flagged ? matrix.false_positive : matrix.true_negative);
    outcome += rows.weight(row);
  }
  return matrix;
}

}  // namespace ebb::churn
