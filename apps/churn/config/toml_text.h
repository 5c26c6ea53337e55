// What a TOML text is checked for before it is parsed.
#pragma once

#include <cstddef>
#include <string_view>

namespace ebb::churn {

/// A settings file may have this many bytes; its document takes up to some 100 times as much.
inline constexpr std::size_t kMostTomlBytes = std::size_t{4} << 20;
/// Parts of one key: ebb's longest, such as preprocessing.number_columns.NAME.fill, has 4.
inline constexpr std::size_t kMostKeyParts = 8;

/// Throws DataError "source:line:column: ..." for what toml++ 3.3 does not survive: a key of so
/// many parts that the recursion over its tables overflows the stack, and characters beyond ASCII
/// outside of quotes and comments, which TOML forbids and on which its behaviour is undefined. And
/// for a text of more than kMostTomlBytes. Other errors are left to the parser.
void check_toml_text(std::string_view text, std::string_view source);

}  // namespace ebb::churn
