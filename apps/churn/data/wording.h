// Words that notes and warnings share.
#pragma once

#include <cstddef>
#include <string>

#include <fmt/format.h>

namespace ebb::churn {

/// "1 row", "2 rows".
inline std::string count_rows(std::size_t rows) {
  return fmt::format("{} row{}", rows, rows == 1 ? "" : "s");
}

}  // namespace ebb::churn
