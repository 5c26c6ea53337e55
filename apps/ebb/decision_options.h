// The options that say how probabilities become decisions, and how they change a configuration.
#pragma once

#include <optional>
#include <string>

#include "apps/churn/config/run_config.h"

namespace CLI {
class App;
}

namespace ebb::program {

/// An option that was not given is empty.
struct DecisionOptions {
  std::optional<std::string> objective;
  std::optional<double> false_negative_cost;
  std::optional<double> false_positive_cost;
  std::optional<double> true_positive_cost;
  std::optional<double> true_negative_cost;
  std::optional<double> contact_share;
  std::optional<double> customer_value;
  std::optional<double> incentive_cost;
  std::optional<double> contact_cost;
  std::optional<double> acceptance_rate;
  std::optional<std::string> calibration;
};

/// Declares --objective, what the objectives need, and --calibration, in the group "Decision".
void declare_decision(CLI::App& command, DecisionOptions& to);

/// Puts the options over `decision`. Throws UsageError for an option that the objective, which the
/// options or `decision` say, does not look at.
void apply_decision(const DecisionOptions& from, churn::DecisionConfig& decision);

/// Declares what the profit objective needs, for commands that measure a campaign, in the group
/// "Campaign".
void declare_campaign(CLI::App& command, DecisionOptions& to);

/// `campaign` with the options over it; empty if none of them was given. Throws DataError as
/// check_campaign does.
std::optional<churn::Campaign> given_campaign(const DecisionOptions& from,
                                              const churn::Campaign& campaign);

}  // namespace ebb::program
