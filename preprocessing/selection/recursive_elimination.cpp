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
  const auto is_nan = [](double score) { return std::isnan(score); };
  if (const auto found = std::find_if(scores.begin(), scores.end(), is_nan);
      found != scores.end()) {
    fail("eliminate_recursively: the importance of column \"{}\" is not a number",
         shortened(names[static_cast<std::size_t>(found - scores.begin())]));
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
    for (std::size_t i = 0; i < left.size(); ++i) selection.columns[left[i]].score = scores[i];
    if (left.size() <= options.keep) return selection;
    const std::size_t count = std::min(options.per_round, left.size() - options.keep);
    const std::vector<std::size_t> order = rising(scores);
    for (std::size_t i = 0; i < count; ++i) {
      ColumnVerdict& verdict = selection.columns[left[order[i]]];
      verdict.is_kept = false;
      verdict.round = round;
      verdict.reason = fmt::format("the least important of {} in round {}", left.size(), round);
    }
    std::erase_if(left, [&](std::size_t i) { return !selection.columns[i].is_kept; });
  }
}

}  // namespace ebb::preprocessing
