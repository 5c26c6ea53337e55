// Finds the bytes that separate fields, a vector of text at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ebb::preprocessing {

struct Separators {
  std::size_t count = 0;         ///< delimiters and line feeds
  std::size_t line_feeds = 0;    ///< of those
  bool has_lone_return = false;  ///< a carriage return that no line feed follows
  bool is_plain = true;          ///< ASCII without NUL
};

/// Writes the offset of every delimiter and line feed of `text`, ascending, to `offsets`, which has
/// room for text.size() + kSeparatorSlack of them. Quotes mean nothing here. Reads 1 byte and
/// writes at most 4 for each byte of text; the text must be shorter than 4 GiB.
Separators find_separators(std::string_view text, char delimiter, std::uint32_t* offsets);

inline constexpr std::size_t kSeparatorSlack = 64;

}  // namespace ebb::preprocessing
