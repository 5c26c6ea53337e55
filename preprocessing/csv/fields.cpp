#include "preprocessing/csv/fields.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "kernels/common/error.h"

namespace ebb::preprocessing {
namespace {

Field make_field(std::size_t begin, std::size_t end) {
  return {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end - begin)};
}

/// One record being split; `position` runs over its bytes.
struct Splitter {
  char* text;
  const RecordSpan& record;
  char delimiter;
  std::string_view source;
  std::size_t position;

  [[nodiscard]] std::string where(std::size_t offset) const {
    return locate({text, record.end}, record.begin, record.line, offset, source);
  }

  void skip_padding() {
    while (position < record.end && is_padding(text[position], delimiter)) ++position;
  }

  [[nodiscard]] std::size_t find_delimiter() const {
    const auto* found = static_cast<const char*>(
        std::char_traits<char>::find(text + position, record.end - position, delimiter));
    return found == nullptr ? record.end : static_cast<std::size_t>(found - text);
  }

  [[nodiscard]] std::size_t find_blank() const {
    std::size_t at = position;
    while (at < record.end && !separates(text[at], kBlanks)) ++at;
    return at;
  }

  /// Reads from behind the opening quote to the delimiter or the record's end.
  Field quoted() {
    const std::size_t begin = ++position;
    std::size_t out = begin;
    while (text[position] != '"' || (position + 1 < record.end && text[position + 1] == '"')) {
      if (text[position] == '"') ++position;
      text[out++] = text[position++];
    }
    const std::size_t closing = position++;
    if (delimiter != kBlanks) skip_padding();
    const bool ends_line = position + 1 == record.end && text[position] == '\r';
    if (position < record.end && !separates(text[position], delimiter) && !ends_line) {
      fail<DataError>(
          "{}: text after a closing quote: a quote inside a quoted field must be "
          "doubled (\"\")",
          where(closing));
    }
    return make_field(begin, out);
  }

  Field unquoted() {
    const std::size_t begin = position;
    position = delimiter == kBlanks ? find_blank() : find_delimiter();
    std::size_t end = position;
    while (end > begin && is_padding(text[end - 1], delimiter)) --end;
    if (const auto* stray = std::char_traits<char>::find(text + begin, end - begin, '\r')) {
      fail<DataError>(
          "{}: a carriage return without a line feed: save the file with LF or CRLF "
          "line ends",
          where(static_cast<std::size_t>(stray - text)));
    }
    return make_field(begin, end);
  }
};

/// Whether the 8 bytes at `bytes` are ASCII without NUL.
bool are_plain(const unsigned char* bytes) {
  constexpr std::uint64_t kHighBits = 0x8080808080808080;
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, sizeof(word));
  // A byte of 0 borrows from its high bit when 1 is taken from it.
  return ((word | (word - kOnes)) & kHighBits) == 0;
}

/// The length of the well-formed UTF-8 sequence at bytes[0], or 0 (RFC 3629, section 4).
std::size_t sequence_length(const unsigned char* bytes, std::size_t available) {
  const unsigned char lead = bytes[0];
  const auto continues = [&](std::size_t i, unsigned char low = 0x80, unsigned char high = 0xBF) {
    return i < available && bytes[i] >= low && bytes[i] <= high;
  };
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return continues(1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    const unsigned char low = lead == 0xE0 ? 0xA0 : 0x80;   // no overlong forms
    const unsigned char high = lead == 0xED ? 0x9F : 0xBF;  // no surrogates
    return continues(1, low, high) && continues(2) ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    const unsigned char low = lead == 0xF0 ? 0x90 : 0x80;
    const unsigned char high = lead == 0xF4 ? 0x8F : 0xBF;  // nothing above U+10FFFF
    return continues(1, low, high) && continues(2) && continues(3) ? 4 : 0;
  }
  return 0;
}

}  // namespace

std::size_t split_record(char* text, const RecordSpan& record, char delimiter,
                         std::span<Field> fields, std::string_view source) {
  Splitter splitter{text, record, delimiter, source, record.begin};
  std::size_t count = 0;
  for (;;) {
    splitter.skip_padding();
    if (delimiter == kBlanks && count > 0 && splitter.position >= record.end) return count;
    const bool is_quoted = splitter.position < record.end && text[splitter.position] == '"';
    const Field field = is_quoted ? splitter.quoted() : splitter.unquoted();
    if (count < fields.size()) fields[count] = field;
    ++count;
    if (splitter.position >= record.end) return count;
    ++splitter.position;
  }
}

void check_text(std::string_view text, std::size_t begin, std::size_t end, std::uint64_t line,
                std::string_view source) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  std::size_t i = begin;
  while (i < end) {
    if (i + 8 <= end && are_plain(bytes + i)) {
      i += 8;
      continue;
    }
    if (bytes[i] == 0) {
      fail<DataError>("{}: a NUL byte: the file is not text, or is UTF-16 (save it as UTF-8)",
                      locate(text, begin, line, i, source));
    }
    const std::size_t length = sequence_length(bytes + i, end - i);
    if (length == 0) {
      fail<DataError>(
          "{}: byte 0x{:02X} is not valid UTF-8: save the file as UTF-8 (a Latin-1 or Windows-1252 "
          "file: iconv -f WINDOWS-1252 -t UTF-8; a GBK file: iconv -f GB18030 -t UTF-8)",
          locate(text, begin, line, i, source), bytes[i]);
    }
    i += length;
  }
}

std::string locate(std::string_view text, std::size_t begin, std::uint64_t line, std::size_t offset,
                   std::string_view source) {
  std::size_t line_start = begin;
  for (std::size_t i = begin; i < offset; ++i) {
    if (text[i] == '\n') {
      ++line;
      line_start = i + 1;
    }
  }
  return fmt::format("{}:{}:{}", source, line, offset - line_start + 1);
}

}  // namespace ebb::preprocessing
