// Finds where records begin and end: the only stage that must walk the text in order.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace ebb::preprocessing {

/// One record of a text: bytes [begin, end) without its line break, first line `line` (from 1).
struct RecordSpan {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::uint64_t line = 0;
};

struct RecordScan {
  std::vector<RecordSpan> records;  ///< complete records; lines of white space only are left out
  std::size_t consumed = 0;         ///< bytes up to and with the last complete record's line break
  std::uint64_t next_line = 1;      ///< the line on which the next record begins
  std::optional<std::size_t> open_quote;  ///< offset of a quote still open at the end of the text
};

/// Scans `text`, which begins with a record on line `first_line`. A quote opens only as the first
/// byte of a field after blanks, and closes at the next quote that is not doubled, so line breaks
/// inside quotes belong to the record. With `is_last` a record without a line break ends with the
/// text.
RecordScan scan_records(std::string_view text, char delimiter, std::uint64_t first_line,
                        bool is_last);

/// Small enough for the separators of a slice, and what is made of it, to stay in a core's cache.
inline constexpr std::size_t kMostSliceBytes = std::size_t{128} << 10;

/// Bytes of the slices that a block of text is cut into, for several threads. Small blocks are cut
/// too, so that tests of them test that.
constexpr std::size_t slice_bytes_of(std::size_t block_bytes) {
  return std::min(block_bytes / 16, kMostSliceBytes);
}

/// Where slices of about `slice_bytes` begin in a text of whole lines, and where the last ends.
std::vector<std::size_t> cut_lines(std::string_view text, std::size_t slice_bytes);

/// The delimiter of files whose fields stand between blanks and tabs, one or more of them, such as
/// tables in aligned columns. Blanks at either end of a line separate nothing.
inline constexpr char kBlanks = ' ';

/// Whether `c` ends an unquoted field.
constexpr bool separates(char c, char delimiter) {
  return c == delimiter || (delimiter == kBlanks && c == '\t');
}

/// Whether `c` may surround a field: a blank, a carriage return, or a tab that is no delimiter.
constexpr bool is_padding(char c, char delimiter) {
  return c == ' ' || c == '\r' || (c == '\t' && delimiter != '\t');
}

}  // namespace ebb::preprocessing
