#include "apps/churn/offers/choose_offers.h"

#include <algorithm>

#include "kernels/common/error.h"

namespace ebb::churn {
namespace {

/// From a customer's choice before it to a dearer one that gains more.
struct Upgrade {
  std::size_t customer;
  std::size_t position;  // in the customer's frontier
  std::size_t action;
  double cost;  // more than the one before
  double gain;

  [[nodiscard]] double total_gain_per_cost() const { return cost > 0 ? gain / cost : kFree; }
  static constexpr double kFree = 1e300;
};

/// The upper convex frontier of a customer's choices, from doing nothing on: each step gains less
/// for its cost than the one before.
std::vector<Upgrade> frontier_of(std::span<const Choice> choices, std::size_t customer) {
  std::vector<std::size_t> order;
  for (std::size_t action = 0; action < choices.size(); ++action) {
    if (choices[action].gain > 0) order.push_back(action);
  }
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    if (choices[a].cost != choices[b].cost) return choices[a].cost < choices[b].cost;
    return choices[a].gain != choices[b].gain ? choices[a].gain > choices[b].gain : a < b;
  });
  std::vector<Upgrade> steps;
  Choice here;
  for (const std::size_t action : order) {
    const Choice& choice = choices[action];
    if (choice.gain <= here.gain) continue;
    Upgrade step{customer, 0, action, choice.cost - here.cost, choice.gain - here.gain};
    while (!steps.empty() && steps.back().total_gain_per_cost() <= step.total_gain_per_cost()) {
      step.cost += steps.back().cost;
      step.gain += steps.back().gain;
      steps.pop_back();
    }
    steps.push_back(step);
    here = choice;
  }
  for (std::size_t i = 0; i < steps.size(); ++i) steps[i].position = i;
  return steps;
}

void check(std::span<const Choice> choices, std::size_t actions) {
  if (actions == 0 || choices.size() % actions != 0) {
    fail("choose_offers: {} choices, expected a multiple of {} actions", choices.size(), actions);
  }
  for (const Choice& choice : choices) {
    if (!(choice.cost >= 0) || !(choice.gain == choice.gain)) {
      fail("choose_offers: cost {}, gain {}; expected a cost of at least 0, and no NaN",
           choice.cost, choice.gain);
    }
  }
}

/// Replaces single choices while another fits into what is left and gains more.
void improve(OfferPlan& plan, std::span<const Choice> choices, std::size_t actions, double budget) {
  bool improves = true;
  while (improves) {
    improves = false;
    for (std::size_t customer = 0; customer < plan.chosen.size(); ++customer) {
      for (std::size_t action = 0; action < actions; ++action) {
        const Choice now =
            plan.chosen[customer] ? choices[customer * actions + *plan.chosen[customer]] : Choice{};
        const Choice& other = choices[customer * actions + action];
        if (other.gain <= now.gain || plan.cost - now.cost + other.cost > budget) continue;
        plan.cost += other.cost - now.cost;
        plan.gain += other.gain - now.gain;
        plan.chosen[customer] = action;
        improves = true;
      }
    }
  }
}

}  // namespace

OfferPlan choose_offers(std::span<const Choice> choices, std::size_t actions,
                        std::optional<double> budget) {
  check(choices, actions);
  // Sums of decimal costs are rounded: three times 0.1 is more than 0.3.
  constexpr double kRounding = 1e-9;
  const double limit = budget.value_or(std::numeric_limits<double>::infinity()) * (1.0 + kRounding);
  OfferPlan plan;
  plan.chosen.resize(choices.size() / actions);
  std::vector<Upgrade> upgrades;
  for (std::size_t customer = 0; customer < plan.chosen.size(); ++customer) {
    const std::vector<Upgrade> steps =
        frontier_of(choices.subspan(customer * actions, actions), customer);
    upgrades.insert(upgrades.end(), steps.begin(), steps.end());
  }
  std::sort(upgrades.begin(), upgrades.end(), [](const Upgrade& a, const Upgrade& b) {
    const double first = a.total_gain_per_cost();
    const double second = b.total_gain_per_cost();
    if (first != second) return first > second;
    return a.customer != b.customer ? a.customer < b.customer : a.position < b.position;
  });
  std::vector<std::size_t> taken(plan.chosen.size());
  bool is_full = false;
  for (const Upgrade& upgrade : upgrades) {
    const bool fits = plan.cost + upgrade.cost <= limit;
    if (!fits && !is_full) {
      is_full = true;
      plan.bound = plan.gain + upgrade.total_gain_per_cost() * (limit - plan.cost);
    }
    if (!fits || taken[upgrade.customer] != upgrade.position) continue;
    ++taken[upgrade.customer];
    plan.chosen[upgrade.customer] = upgrade.action;
    plan.cost += upgrade.cost;
    plan.gain += upgrade.gain;
  }
  if (!is_full) plan.bound = plan.gain;
  improve(plan, choices, actions, limit);
  plan.gain = std::min(plan.gain, plan.bound);  // but for rounding
  return plan;
}

}  // namespace ebb::churn
