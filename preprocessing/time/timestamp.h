// Times as whole microseconds since 1970-01-01T00:00:00 UTC, without leap seconds, as POSIX counts
// them; kMissingInteger (table/column.h) where missing.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "preprocessing/table/table.h"
#include "preprocessing/time/civil.h"
#include "preprocessing/time/time_format.h"

namespace ebb::preprocessing {

/// Days from 1970-01-01 to the day that `time` lies in.
constexpr std::int64_t day_of(std::int64_t time) { return floor_divide(time, kMicrosecondsPerDay); }

/// "2011-12-09" at midnight, else "2011-12-09T12:50:00" with up to six decimals, less zeros at the
/// end. "" for a missing time. Reads back as the same time for years 0001 to 9999.
std::string format_timestamp(std::int64_t time);

/// The times that a column holds in `format`: texts, integers and numbers in their shortest
/// spellings. Each distinct text is read once. Cost: linear, in parallel over texts or rows,
/// without an allocation for each value. Throws DataError "source:line: column "when": "31/12/2011"
/// is not a time ..." with the format that was expected and how to mend it, for the first row that
/// holds none.
std::vector<std::int64_t> timestamps_of(const Table& table, std::string_view column,
                                        const TimeFormat& format);

}  // namespace ebb::preprocessing
