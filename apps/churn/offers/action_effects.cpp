#include "apps/churn/offers/action_effects.h"

#include <cmath>

#include <fmt/format.h>

#include "kernels/common/error.h"
#include "preprocessing/common/names.h"
#include "preprocessing/common/numbers.h"

namespace ebb::churn {
namespace {

using preprocessing::Column;
using preprocessing::Table;

/// Clears meets[row] of the rows that do not meet the condition.
void keep_those_who_meet(const Condition& condition, const Table& table, std::vector<char>& meets) {
  if (!condition.values.empty()) {
    const Column& column = table.column(condition.column);
    for (std::size_t row = 0; row < meets.size(); ++row) {
      if (meets[row] == 0) continue;
      const bool is_one =
          !column.is_missing(row) && preprocessing::contains(condition.values, column.text(row));
      meets[row] = is_one ? 1 : 0;
    }
    return;
  }
  const std::vector<double> values = numbers_of(table, condition.column, "that an action compares");
  for (std::size_t row = 0; row < meets.size(); ++row) {
    // NaN is neither.
    const bool is_inside = values[row] >= condition.at_least && values[row] < condition.below;
    if (!is_inside) meets[row] = 0;
  }
}

}  // namespace

std::vector<ActionEffect> effects_of(const Action& action, const Table& table) {
  std::vector<ActionEffect> effects(table.rows(), {action.effect, nullptr});
  for (const ActionSegment& segment : action.segments) {
    std::vector<char> meets(table.rows(), 1);
    for (const Condition& condition : segment.conditions) {
      keep_those_who_meet(condition, table, meets);
    }
    for (std::size_t row = 0; row < meets.size(); ++row) {
      if (meets[row] != 0 && effects[row].segment == nullptr) {
        effects[row] = {segment.effect, &segment};
      }
    }
  }
  return effects;
}

std::vector<double> numbers_of(const Table& table, std::string_view name,
                               std::string_view purpose) {
  const Column& column = table.column(name);
  if (column.is_number()) return column.numbers;
  std::vector<double> numbers(table.rows(), preprocessing::kMissingNumber);
  for (std::size_t row = 0; row < numbers.size(); ++row) {
    if (column.is_missing(row)) continue;
    const std::string text = column.text(row);
    const std::optional<double> number = preprocessing::parse_number(text);
    if (!number) {
      fail<DataError>("{}: column \"{}\" {}: \"{}\" is no number", table.where(row), name, purpose,
                      shortened(text));
    }
    numbers[row] = *number;
  }
  return numbers;
}

std::string describe(const ActionSegment& segment) {
  std::string text;
  for (const Condition& condition : segment.conditions) {
    if (!text.empty()) text += ", ";
    if (!condition.values.empty()) {
      text += fmt::format("{} = {}", condition.column, fmt::join(condition.values, " or "));
    } else if (std::isinf(condition.at_least)) {
      text += fmt::format("{} < {}", condition.column, condition.below);
    } else if (std::isinf(condition.below)) {
      text += fmt::format("{} >= {}", condition.column, condition.at_least);
    } else {
      text += fmt::format("{} <= {} < {}", condition.at_least, condition.column, condition.below);
    }
  }
  return text;
}

}  // namespace ebb::churn
