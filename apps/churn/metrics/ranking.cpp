#include "apps/churn/metrics/ranking.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "kernels/common/error.h"

namespace ebb::churn {
namespace {

constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();

}  // namespace

ClassTotals class_totals(const std::vector<ScoreGroup>& ranking) {
  ClassTotals totals;
  for (const ScoreGroup& group : ranking) {
    totals.positive += group.positive;
    totals.negative += group.negative;
  }
  return totals;
}

std::vector<ScoreGroup> rank_by_score(const ScoredRows& rows) {
  std::vector<std::size_t> order(rows.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  // By row number within a tie: weights are then always added in the same order.
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return rows.scores[a] != rows.scores[b] ? rows.scores[a] > rows.scores[b] : a < b;
  });
  std::vector<ScoreGroup> groups;
  for (const std::size_t row : order) {
    const double weight = rows.weight(row);
    if (weight == 0) continue;
    if (groups.empty() || groups.back().score != rows.scores[row]) {
      groups.push_back({rows.scores[row], 0, 0});
    }
    (rows.is_positive(row) ? groups.back().positive : groups.back().negative) += weight;
  }
  return groups;
}

double roc_auc(const std::vector<ScoreGroup>& ranking) {
  double positives_above = 0;
  double negatives = 0;
  double ordered_pairs = 0;
  for (const ScoreGroup& group : ranking) {
    ordered_pairs += group.negative * (positives_above + group.positive / 2);
    positives_above += group.positive;
    negatives += group.negative;
  }
  const double pairs = positives_above * negatives;
  return pairs > 0 ? ordered_pairs / pairs : kUndefined;
}

double average_precision(const std::vector<ScoreGroup>& ranking) {
  double positives = 0;
  double flagged = 0;
  double area = 0;
  for (const ScoreGroup& group : ranking) {
    positives += group.positive;
    flagged += group.positive + group.negative;
    area += group.positive * (positives / flagged);
  }
  return positives > 0 ? area / positives : kUndefined;
}

double lift(const std::vector<ScoreGroup>& ranking, double fraction) {
  if (!(fraction > 0 && fraction <= 1)) fail("lift at {}; expected a share in (0, 1]", fraction);
  const ClassTotals totals = class_totals(ranking);
  const double weight = totals.positive + totals.negative;
  if (totals.positive == 0) return kUndefined;
  const double wanted = fraction * weight;
  double taken = 0;
  double positives = 0;
  for (const ScoreGroup& group : ranking) {
    const double size = group.positive + group.negative;
    const double part = std::min(size, wanted - taken);
    if (part <= 0) break;
    positives += group.positive * (part / size);
    taken += part;
  }
  return (positives / wanted) / (totals.positive / weight);
}

}  // namespace ebb::churn
