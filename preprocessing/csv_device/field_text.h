// One field of a text on a device: where it is, and its bytes without quotes.
#pragma once

#include <cstdint>
#include <string>

#include "preprocessing/csv/records.h"

namespace ebb::preprocessing {

/// The bytes of a field, without the blanks and the quotes around it. In a quoted field a doubled
/// quote stands for one.
struct FieldText {
  const char* begin = nullptr;
  const char* end = nullptr;
  bool is_quoted = false;

  /// Whether every quote within quotes is doubled; else text follows a closing one.
  [[nodiscard]] constexpr bool is_regular() const {
    if (!is_quoted) return true;
    if (end < begin) return false;  // one quote by itself
    for (const char* at = begin; at < end; ++at) {
      if (*at != '"') continue;
      if (++at == end || *at != '"') return false;
    }
    return true;
  }
  /// Calls visit(byte) for each byte of the value until it gives false; whether it never did.
  template <class Visit>
  constexpr bool for_bytes(Visit&& visit) const {
    for (const char* at = begin; at < end; ++at) {
      if (is_quoted && *at == '"') ++at;
      if (!visit(*at)) return false;
    }
    return true;
  }
  /// On the host.
  [[nodiscard]] std::string value() const {
    std::string bytes;
    for_bytes([&](char c) {
      bytes += c;
      return true;
    });
    return bytes;
  }
};

/// The fields of a text, between its separators: those of a row after one another.
struct FieldView {
  const char* text = nullptr;
  const std::uint32_t* separators = nullptr;
  std::uint32_t columns = 0;
  char delimiter = ',';

  [[nodiscard]] constexpr FieldText field(std::uint32_t row, std::uint32_t column) const {
    const std::int64_t i = std::int64_t{row} * columns + column;
    const char* begin = i == 0 ? text : text + separators[i - 1] + 1;
    const char* end = text + separators[i];
    while (begin < end && is_padding(*begin, delimiter)) ++begin;
    while (begin < end && is_padding(end[-1], delimiter)) --end;
    if (begin == end || *begin != '"') return {begin, end, false};
    return {begin + 1, end - 1, true};
  }
};

}  // namespace ebb::preprocessing
