#include "apps/churn/reporting/markup.h"

#include <cstddef>
#include <cstdint>

namespace ebb::churn {
namespace {

/// How many bytes the UTF-8 character at the head of `text` has; 0 where there is none that XML
/// allows: overlong forms, surrogates, beyond U+10FFFF, U+FFFE and U+FFFF.
std::size_t character_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < length) return 0;
  std::uint32_t code = first & (0x7FU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0U) != 0x80U) return 0;
    code = code << 6 | (byte(i) & 0x3FU);
  }
  constexpr std::uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool is_allowed = code >= kLeast[length] && code <= 0x10FFFF &&
                          (code < 0xD800 || code > 0xDFFF) && code != 0xFFFE && code != 0xFFFF;
  return is_allowed ? length : 0;
}

void append_escaped(std::string& to, std::string_view character) {
  switch (character[0]) {
    case '&':
      to += "&amp;";
      return;
    case '<':
      to += "&lt;";
      return;
    case '>':
      to += "&gt;";
      return;
    case '"':
      to += "&quot;";
      return;
    case '\'':
      to += "&#39;";
      return;
    default:
      break;
  }
  const auto byte = static_cast<std::uint8_t>(character[0]);
  if (byte < 0x20 || byte == 0x7F) {
    to += ' ';
  } else {
    to += character;
  }
}

}  // namespace

std::string escaped(std::string_view text) {
  std::string html;
  html.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = character_length(text);
    if (length == 0) {
      html += "\uFFFD";
      text.remove_prefix(1);
    } else {
      append_escaped(html, text.substr(0, length));
      text.remove_prefix(length);
    }
  }
  return html;
}

}  // namespace ebb::churn
