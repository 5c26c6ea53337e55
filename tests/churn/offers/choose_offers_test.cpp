#include "apps/churn/offers/choose_offers.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernels/common/error.h"
#include "preprocessing/split/random_order.h"

namespace ebb::churn {
namespace {

using ::testing::ElementsAre;

std::vector<Choice> random_choices(std::size_t customers, std::size_t actions, std::uint64_t seed) {
  preprocessing::SplitMix64 generator(seed);
  std::vector<Choice> choices;
  for (std::size_t i = 0; i < customers * actions; ++i) {
    choices.push_back({static_cast<double>(generator.below(20)),
                       static_cast<double>(generator.below(60)) - 10.0});
  }
  return choices;
}

/// The best gain of all plans, by trying each.
double best_gain(std::span<const Choice> choices, std::size_t actions, double budget) {
  if (choices.empty()) return 0.0;
  double best = best_gain(choices.subspan(actions), actions, budget);
  for (const Choice& choice : choices.first(actions)) {
    if (choice.cost > budget) continue;
    best = std::max(
        best, choice.gain + best_gain(choices.subspan(actions), actions, budget - choice.cost));
  }
  return best;
}

void expect_consistent(const OfferPlan& plan, std::span<const Choice> choices,
                       std::size_t actions) {
  Choice sum;
  for (std::size_t customer = 0; customer < plan.chosen.size(); ++customer) {
    if (!plan.chosen[customer]) continue;
    const Choice& choice = choices[customer * actions + *plan.chosen[customer]];
    EXPECT_GT(choice.gain, 0.0) << "customer " << customer;
    sum.cost += choice.cost;
    sum.gain += choice.gain;
  }
  EXPECT_EQ(plan.cost, sum.cost);
  EXPECT_EQ(plan.gain, sum.gain);
}

TEST(ChooseOffers, AnOfferThatFitsExactlyFits) {
  // 0.1 + 0.1 + 0.1 is more than 0.3 in f64.
  const std::vector<Choice> choices(3, Choice{0.1, 1.0});
  const OfferPlan plan = choose_offers(choices, 1, 0.3);
  EXPECT_EQ(plan.gain, 3.0);
  EXPECT_EQ(plan.gap(), 0.0);
  EXPECT_EQ(choose_offers(choices, 1, 0.299).gain, 2.0);
}

TEST(ChooseOffers, ComesNearTheBestOfAllPlans) {
  double missed = 0.0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const std::size_t actions = 1 + seed % 3;
    const std::vector<Choice> choices = random_choices(6, actions, seed);
    const double budget = static_cast<double>(seed % 50);
    const double best = best_gain(choices, actions, budget);
    const OfferPlan plan = choose_offers(choices, actions, budget);
    SCOPED_TRACE(seed);
    expect_consistent(plan, choices, actions);
    EXPECT_LE(plan.cost, budget);
    EXPECT_LE(plan.gain, best);
    EXPECT_GE(plan.bound, best - 1e-9);
    EXPECT_LE(best - plan.gain, 50.0);  // one customer's gain
    missed += best > 0 ? (best - plan.gain) / best : 0.0;
  }
  EXPECT_LT(missed / 200, 0.03);
}

TEST(ChooseOffers, WithManyCustomersIsAsGoodAsTheBound) {
  const std::vector<Choice> choices = random_choices(20000, 4, 1);
  const OfferPlan plan = choose_offers(choices, 4, 30000.0);
  expect_consistent(plan, choices, 4);
  EXPECT_LE(plan.cost, 30000.0);
  EXPECT_LT(plan.gap(), 1e-4);
  EXPECT_GE(plan.gap(), 0.0);
}

TEST(ChooseOffers, WithoutABudgetEveryCustomerGetsTheBest) {
  const std::vector<Choice> choices = random_choices(50, 3, 2);
  const OfferPlan plan = choose_offers(choices, 3, std::nullopt);
  EXPECT_EQ(plan.gain, best_gain(std::span(choices).first(15), 3, 1e9) +
                           choose_offers(std::span(choices).subspan(15), 3, std::nullopt).gain);
  EXPECT_EQ(plan.gap(), 0.0);
}

TEST(ChooseOffers, DoesNothingThatDoesNotPay) {
  const std::vector<Choice> choices = {{5, -1}, {0, 0}, {3, 2}};
  EXPECT_THAT(choose_offers(choices, 1, 10.0).chosen,
              ElementsAre(std::nullopt, std::nullopt, std::optional<std::size_t>(0)));
  EXPECT_THAT(choose_offers(choices, 1, 0.0).chosen,
              ElementsAre(std::nullopt, std::nullopt, std::nullopt));
}

TEST(ChooseOffers, TakesWhatIsFreeFirstAndTheEarlierOfEquals) {
  const std::vector<Choice> choices = {{4, 8}, {0, 5}, {4, 8}};
  const OfferPlan plan = choose_offers(choices, 1, 4.0);
  EXPECT_THAT(plan.chosen, ElementsAre(std::optional<std::size_t>(0), std::optional<std::size_t>(0),
                                       std::nullopt));
}

TEST(ChooseOffers, SwapsOneChoiceForADearerOneThatFits) {
  // By gain per cost the first goes first, and leaves no room for the other; which gains more.
  const std::vector<Choice> choices = {{1, 3}, {10, 20}};
  const OfferPlan plan = choose_offers(choices, 2, 10.0);
  EXPECT_EQ(plan.gain, 20.0);
  EXPECT_EQ(plan.chosen[0], std::optional<std::size_t>(1));
}

TEST(ChooseOffers, RefusesWhatIsNoProblem) {
  const std::vector<Choice> negative = {{-1, 1}}, unknown = {{1, std::nan("")}}, three(3);
  EXPECT_THROW(choose_offers(negative, 1, 1.0), Error);
  EXPECT_THROW(choose_offers(unknown, 1, 1.0), Error);
  EXPECT_THROW(choose_offers(three, 2, 1.0), Error);
  EXPECT_THROW(choose_offers(three, 0, 1.0), Error);
  EXPECT_TRUE(choose_offers({}, 2, 1.0).chosen.empty());
}

}  // namespace
}  // namespace ebb::churn
