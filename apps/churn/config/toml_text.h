// What a TOML text is checked for before it is parsed.
#pragma once

#include <cstddef>
#include <string_view>

namespace ebb::churn {

/// A settings file may have this many bytes; its document takes up to some 100 times as much.
inline constexpr std::size_t kMostTomlBytes = std::size_t{4} << 20;
/// Parts of one key: ebb's longest, such as preprocessing.number_columns.NAME.fill, has 4.
inline constexpr std::size_t kMostKeyParts = 8;

/// Throws DataError for a text of more than kMostTomlBytes, and DataError "source:line:column: ..."
/// for a key of more than kMostKeyParts: toml++ 3.3 makes a table of each of a million parts, whose
/// recursive destruction overflows the stack. Other errors are left to the parser.
void check_toml_text(std::string_view text, std::string_view source);

}  // namespace ebb::churn
