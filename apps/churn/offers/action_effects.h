// How well actions work with the customers of a table.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "apps/churn/offers/action_catalogue.h"
#include "preprocessing/table/table.h"

namespace ebb::churn {

/// How often an action keeps a customer, and the segment that says so.
struct ActionEffect {
  double effect = 0.0;
  const ActionSegment* segment = nullptr;  ///< of the action; null: its general effect
};

/// Of each row, in the table's order: the effect of the first segment whose conditions the row
/// meets, else the general one. A missing value meets no condition. Throws DataError for a column
/// that the table lacks, and, with the row's place, for a text where a condition compares numbers.
std::vector<ActionEffect> effects_of(const Action& action, const preprocessing::Table& table);

/// A column's values as numbers, NaN where missing. Throws DataError, with the row's place, for a
/// text that is none; `purpose` says there what they are for: "of customer values".
std::vector<double> numbers_of(const preprocessing::Table& table, std::string_view column,
                               std::string_view purpose);

/// "contract = Month-to-month, tenure < 12".
std::string describe(const ActionSegment& segment);

}  // namespace ebb::churn
