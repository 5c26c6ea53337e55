// What `ebb offers` wrote, summed up.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

namespace ebb::churn {

/// All customers that get one action.
struct ActionTotal {
  std::string name;
  std::size_t customers = 0;
  double cost = 0.0;
  double gain = 0.0;  ///< that is expected, costs taken off
};

struct OfferTotals {
  std::size_t customers = 0;         ///< with an action or without
  std::vector<ActionTotal> actions;  ///< greatest gain first; among equals that which comes first
};

/// Of the columns action, cost and expected_gain. Throws as read_csv does, also for a file that
/// lacks one of them, and DataError where an action has no cost or no gain.
OfferTotals read_offer_totals(const std::filesystem::path& path);

}  // namespace ebb::churn
