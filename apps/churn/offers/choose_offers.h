// Which customer gets which action, so that all together earn most within a budget.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace ebb::churn {

/// What an action costs with a customer, and what it is expected to gain, its cost taken off.
struct Choice {
  double cost = 0.0;  ///< at least 0
  double gain = 0.0;  ///< may be negative
};

struct OfferPlan {
  std::vector<std::optional<std::size_t>> chosen;  ///< of each customer; empty: nothing is done
  double cost = 0.0;
  double gain = 0.0;
  double bound = 0.0;  ///< no plan within the budget gains more

  /// How far the plan may be from the best, as a share of the bound.
  [[nodiscard]] double gap() const { return bound > 0 ? (bound - gain) / bound : 0.0; }
};

/// The multiple-choice knapsack problem: at most one of `actions` choices for each customer,
/// `choices` being row-major [customers, actions], the sum of costs at most `budget` (empty: no
/// limit), the greatest sum of gains. Solved greedily on the convex frontiers of the customers
/// (Sinha and Zoltners 1979), then improved while a single customer's other choice fits and gains.
/// The bound is that of the linear relaxation; the plan misses it by less than one customer's gain.
/// Without a budget it is the best plan. Among equals earlier customers come first. O(n log n), and
/// a few more passes over all choices. Costs that exceed the budget by rounding alone, a billionth
/// of it, fit. Throws Error on a size that is no multiple of `actions`, a negative cost or NaN.
OfferPlan choose_offers(std::span<const Choice> choices, std::size_t actions,
                        std::optional<double> budget);

}  // namespace ebb::churn
