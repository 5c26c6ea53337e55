#include "apps/ebb/decision_options.h"

#include <vector>

#include <CLI/CLI.hpp>

#include "apps/ebb/limits.h"
#include "apps/ebb/usage.h"

namespace ebb::program {
namespace {

using churn::ThresholdObjective;

/// An option of one objective, and what it sets.
struct ObjectiveOption {
  const char* name;
  ThresholdObjective objective;
  const char* meaning;
  churn::NumberRange range;
  std::optional<double> DecisionOptions::*given;
  double& (*setting)(churn::DecisionConfig&);
};

constexpr churn::NumberRange kAboveZero{.lowest = 0.0, .highest = 1e9, .open_lowest = true};
constexpr churn::NumberRange kCost{.lowest = -1e12, .highest = 1e12};
constexpr churn::NumberRange kAmount{.lowest = 0.0, .highest = 1e12};
constexpr churn::NumberRange kShare{
    .lowest = 0.0, .highest = 1.0, .open_lowest = true, .open_highest = true};

const std::vector<ObjectiveOption>& objective_options() {
  using Decision = churn::DecisionConfig;
  static const std::vector<ObjectiveOption> options = {
      {"--false-negative-cost", ThresholdObjective::cost, "cost of a leaver who is not flagged (5)",
       kCost, &DecisionOptions::false_negative_cost,
       [](Decision& decision) -> double& { return decision.costs.false_negative; }},
      {"--false-positive-cost", ThresholdObjective::cost, "cost of a stayer who is flagged (1)",
       kCost, &DecisionOptions::false_positive_cost,
       [](Decision& decision) -> double& { return decision.costs.false_positive; }},
      {"--true-positive-cost", ThresholdObjective::cost,
       "cost of a leaver who is flagged; a gain is below 0 (0)", kCost,
       &DecisionOptions::true_positive_cost,
       [](Decision& decision) -> double& { return decision.costs.true_positive; }},
      {"--true-negative-cost", ThresholdObjective::cost, "cost of a stayer who is not flagged (0)",
       kCost, &DecisionOptions::true_negative_cost,
       [](Decision& decision) -> double& { return decision.costs.true_negative; }},
      {"--contact-share", ThresholdObjective::budget,
       "share of all customers that can be contacted (0.1)", kShare,
       &DecisionOptions::contact_share,
       [](Decision& decision) -> double& { return decision.contact_share; }},
      {"--customer-value", ThresholdObjective::profit, "what a leaver who is kept is worth (200)",
       kAboveZero, &DecisionOptions::customer_value,
       [](Decision& decision) -> double& { return decision.campaign.customer_value; }},
      {"--incentive-cost", ThresholdObjective::profit,
       "cost of the offer, paid for everyone who takes it (10)", kAmount,
       &DecisionOptions::incentive_cost,
       [](Decision& decision) -> double& { return decision.campaign.incentive_cost; }},
      {"--contact-cost", ThresholdObjective::profit, "cost of reaching one customer (1)", kAmount,
       &DecisionOptions::contact_cost,
       [](Decision& decision) -> double& { return decision.campaign.contact_cost; }},
      {"--acceptance-rate", ThresholdObjective::profit,
       "share of contacted leavers who take the offer and stay (0.3)", kShare,
       &DecisionOptions::acceptance_rate,
       [](Decision& decision) -> double& { return decision.campaign.acceptance_rate; }},
  };
  return options;
}

}  // namespace

void declare_decision(CLI::App& command, DecisionOptions& to) {
  constexpr const char* kGroup = "Decision";
  command
      .add_option(
          "--objective", to.objective,
          "What the threshold is best in on validation rows: f1, accuracy, cost, profit, or "
          "budget, which flags as many as can be contacted (f1)")
      ->check(parsed_by(churn::parse_threshold_objective))
      ->type_name("NAME")
      ->group(kGroup);
  for (const ObjectiveOption& option : objective_options()) {
    command
        .add_option(
            option.name, to.*option.given,
            fmt::format("For --objective {}: {}", to_string(option.objective), option.meaning))
        ->transform(within(option.range))
        ->type_name("X")
        ->group(kGroup);
  }
  command
      .add_option("--calibration", to.calibration,
                  "How probabilities are brought to what happened on validation rows: none, "
                  "temperature, platt, or isotonic, which wants some thousand rows (none)")
      ->check(parsed_by(churn::parse_calibration_method))
      ->type_name("NAME")
      ->group(kGroup);
}

void apply_decision(const DecisionOptions& from, churn::DecisionConfig& decision) {
  if (from.objective) decision.objective = churn::parse_threshold_objective(*from.objective);
  for (const ObjectiveOption& option : objective_options()) {
    const std::optional<double>& given = from.*option.given;
    if (!given) continue;
    if (decision.objective != option.objective) {
      fail<UsageError>("{} has no effect without --objective {}", option.name,
                       to_string(option.objective));
    }
    option.setting(decision) = *given;
  }
  if (from.calibration) decision.calibration = churn::parse_calibration_method(*from.calibration);
}

void declare_campaign(CLI::App& command, DecisionOptions& to) {
  for (const ObjectiveOption& option : objective_options()) {
    if (option.objective != ThresholdObjective::profit) continue;
    command
        .add_option(option.name, to.*option.given, fmt::format("Of a campaign: {}", option.meaning))
        ->transform(within(option.range))
        ->type_name("X")
        ->group("Campaign");
  }
}

std::optional<churn::Campaign> given_campaign(const DecisionOptions& from,
                                              const churn::Campaign& campaign) {
  churn::DecisionConfig decision;
  decision.campaign = campaign;
  bool is_given = false;
  for (const ObjectiveOption& option : objective_options()) {
    const std::optional<double>& given = from.*option.given;
    if (!given || option.objective != ThresholdObjective::profit) continue;
    option.setting(decision) = *given;
    is_given = true;
  }
  if (!is_given) return std::nullopt;
  check_campaign(decision.campaign);
  return decision.campaign;
}

}  // namespace ebb::program
