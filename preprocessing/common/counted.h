// Counts with their nouns, for messages: "1 column", "2 columns".
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <fmt/format.h>

namespace ebb::preprocessing {

/// What stands behind a count: `one` if it is 1, else `many`, or `one` and an s.
inline std::string noun_for(std::size_t count, std::string_view one, std::string_view many = {}) {
  if (count == 1) return std::string(one);
  return many.empty() ? fmt::format("{}s", one) : std::string(many);
}

/// "1 row", "412 rows".
inline std::string counted(std::size_t count, std::string_view one, std::string_view many = {}) {
  return fmt::format("{} {}", count, noun_for(count, one, many));
}

}  // namespace ebb::preprocessing
