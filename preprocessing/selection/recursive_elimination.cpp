#include "preprocessing/selection/recursive_elimination.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "kernels/common/error.h"

namespace ebb::preprocessing {
namespace {

std::vector<double> importances_of(const std::vector<std::string>& names,
                                   const ImportanceFunction& importance) {
  std::vector<double> scores = importance(names);
  if (scores.size() != names.size()) {
    fail("eliminate_recursively: {} importances for {} columns", scores.size(), names.size());
  }
  return scores;
}

/// Positions, the least important first; of equal ones the later first.
std::vector<std::size_t> rising(const std::vector<double>& scores) {
  std::vector<std::size_t> order(scores.size());
  std::iota(order.rbegin(), order.rend(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return scores[a] < scores[b]; });
  return order;
}

}  // namespace

Selection eliminate_recursively(std::span<const std::string> names,
                                const ImportanceFunction& importance,
                                const EliminationOptions& options) {
  if (options.keep == 0 || options.per_round == 0) {
    fail<DataError>("recursive elimination keeps {} columns and drops {} a round: choose 1 or more",
                    options.keep, options.per_round);
  }
  Selection selection;
  for (const std::string& name : names) selection.columns.push_back({.name = name, .reason = {}});
  if (names.empty()) return selection;
  std::vector<std::size_t> left(names.size());
  std::iota(left.begin(), left.end(), std::size_t{0});
  for (std::size_t round = 1;; ++round) {
    std::vector<std::string> asked;
    for (const std::size_t i : left) asked.push_back(names[i]);
    const std::vector<double> scores = importances_of(asked, importance);
    std::vector<std::size_t> features;
    std::vector<double> importances;
    for (std::size_t i = 0; i < left.size(); ++i) {
      ColumnVerdict& verdict = selection.columns[left[i]];
      if (std::isnan(scores[i])) {
        verdict.drop("can be no feature", round);
      } else {
        verdict.score = scores[i];
        features.push_back(left[i]);
        importances.push_back(scores[i]);
      }
    }
    if (features.size() <= options.keep) return selection;
    const std::size_t count = std::min(options.per_round, features.size() - options.keep);
    const std::vector<std::size_t> order = rising(importances);
    for (std::size_t i = 0; i < count; ++i) {
      selection.columns[features[order[i]]].drop(
          fmt::format("the least important of {} in round {}", features.size(), round), round);
    }
    std::erase_if(features, [&](std::size_t i) { return !selection.columns[i].is_kept; });
    left = std::move(features);
  }
}

}  // namespace ebb::preprocessing
