// Yes and no, true and false, as 1 and 0.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "preprocessing/table/table.h"

namespace ebb::preprocessing {

/// true for yes, y, true, t, on and 1, false for no, n, false, f, off and 0, in any case and with
/// spaces around; whole numbers may have decimals of zero (1.0). Empty for everything else.
std::optional<bool> parse_boolean(std::string_view text);

/// Whether each level of a text column, or each value of a number column, is a boolean, and there
/// is one.
bool are_booleans(const Column& column);

/// The column as numbers 1 and 0, NaN where missing. Throws DataError naming the line of `table` of
/// the first value that is no boolean. Nothing is fitted; the inverse is `true` and `false`. Each
/// level is parsed once.
std::vector<double> booleans_of(const Column& column, const Table& table);

/// The same, NaN for what is no boolean.
std::vector<double> booleans_or_missing(const Column& column);

}  // namespace ebb::preprocessing
