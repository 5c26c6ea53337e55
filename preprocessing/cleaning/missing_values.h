// What stands in for a missing value, and whether a feature says that it was missing.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace ebb::preprocessing {

/// The number written in place of a missing one, from the training values.
enum class NumberFill { median, mean, mode, constant };
/// The code given to a missing category: its own, or that of the most frequent level.
enum class CategoryFill { missing_code, mode };
/// When a number column gets a second feature, 1 where the value is missing, else 0.
enum class MissingIndicator {
  never,
  when_missing,  ///< if a training value is missing
  always,
};

/// The fill value for `values` (NaN where missing, at least one is not). The median of an even
/// number of values is the mean of the middle two, the mean that of moments_of(); of several modes
/// the least is taken. `constant`
/// is returned for NumberFill::constant.
double fill_value(std::span<const double> values, NumberFill fill, double constant = 0.0);

/// Names as in configuration files; the parse functions throw DataError that lists the valid ones.
std::string_view fill_name(NumberFill fill);
std::string_view fill_name(CategoryFill fill);
std::string_view indicator_name(MissingIndicator indicator);
NumberFill parse_number_fill(std::string_view name);
CategoryFill parse_category_fill(std::string_view name);
MissingIndicator parse_missing_indicator(std::string_view name);

}  // namespace ebb::preprocessing
