// What can be done to keep a customer, what it costs, and how often it works.
#pragma once

#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ebb::churn {

/// Of one column: one of `values`, or a number in [at_least, below) where there are none.
struct Condition {
  std::string column;
  std::vector<std::string> values;
  double at_least = -std::numeric_limits<double>::infinity();
  double below = std::numeric_limits<double>::infinity();
};

/// Customers who meet all conditions, and how an action works with them.
struct ActionSegment {
  std::vector<Condition> conditions;
  double effect = 0.0;
};

struct Action {
  std::string name;
  double cost = 0.0;                    ///< of doing it to one customer
  double effect = 0.0;                  ///< share of those about to leave whom it keeps
  std::vector<ActionSegment> segments;  ///< the first whose conditions are met has its own effect
};

struct ActionCatalogue {
  std::vector<Action> actions;
  std::optional<double> budget;  ///< of all actions together

  /// The columns of all conditions, each once.
  [[nodiscard]] std::vector<std::string> columns() const;
};

/// Reads
///     budget = 500.0
///     [[actions]]
///     name = "call"
///     cost = 4.0
///     effect = 0.1
///     [[actions.segments]]
///     effect = 0.25
///     where = {contract = ["Month-to-month"], tenure = {below = 12}}
/// Throws DataError "source:line:column: ..." for what is no such catalogue: unknown keys, costs
/// below 0, effects out of [0, 1], two actions of a name, none at all.
ActionCatalogue parse_action_catalogue(std::string_view toml, std::string_view source);
/// The same of a file. Throws IoError if it cannot be read.
ActionCatalogue load_action_catalogue(const std::filesystem::path& path);

}  // namespace ebb::churn
