// Lengths of time, in whole microseconds.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ebb::preprocessing {

/// "91d", "12w", "36h", "90min", "30s": a whole number and its unit, of at most 10,000 years.
/// Throws DataError for everything else, months ("mo", "m") and years included, whose length
/// differs: the message says how many days to write.
std::int64_t parse_duration(std::string_view text);

/// In the largest unit of d, h, min, s that fits without a rest, microseconds ("us") else: "84d".
std::string format_duration(std::int64_t duration);

}  // namespace ebb::preprocessing
