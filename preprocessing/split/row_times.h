// The order in time of a table's rows, from a column of numbers, whole numbers or dates.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "preprocessing/table/table.h"

namespace ebb::preprocessing {

/// When each row is, as the rank of its time among the distinct ones, from 0, for time_split and
/// time_folds (in whose gap a distinct time then counts as one). A column may hold
///   - numbers or whole numbers (years, days, seconds or microseconds since 1970, ...);
///   - dates of ISO 8601, all of one form, whose order as texts is then their order in time:
///     YYYY-MM or YYYY-MM-DD, the latter also followed by T or a blank and hh:mm, hh:mm:ss or
///     hh:mm:ss with a point and digits, and by Z or an offset as +02:00, the same in every row.
///     Months are 01 to 12, days 01 to 31, hours 00 to 24, minutes 00 to 59, seconds 00 to 60.
/// Throws DataError that names the line of a missing value and of any other text. Costs one sort.
std::vector<std::int64_t> time_ranks(const Table& table, std::string_view column);

}  // namespace ebb::preprocessing
