// Walks over the spelling of a time, taking digits and names, without allocating.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "preprocessing/time/time_format.h"

namespace ebb::preprocessing {

inline bool is_digit(char c) { return c >= '0' && c <= '9'; }
inline char in_lower_case(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

class TextCursor {
 public:
  explicit TextCursor(std::string_view text) : rest_(text) {}

  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  [[nodiscard]] std::string_view rest() const { return rest_; }
  [[nodiscard]] bool at_digit() const { return !rest_.empty() && is_digit(rest_.front()); }

  bool take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  /// A number of `least` to `most` digits, as many as there are.
  std::optional<int> number(std::size_t least, std::size_t most) {
    int value = 0;
    std::size_t digits = 0;
    while (digits < most && digits < rest_.size() && is_digit(rest_[digits])) {
      value = 10 * value + (rest_[digits++] - '0');
    }
    if (digits < least) return std::nullopt;
    rest_.remove_prefix(digits);
    return value;
  }

  /// Millionths from the digits of a fraction, one to `most`; those behind the sixth are cut off.
  std::optional<std::int64_t> fraction(std::size_t most) {
    std::int64_t value = 0;
    std::int64_t unit = kMicrosecondsPerSecond;
    std::size_t digits = 0;
    for (; digits < most && digits < rest_.size() && is_digit(rest_[digits]); ++digits) {
      unit /= 10;  // 0 behind the sixth
      value += unit * (rest_[digits] - '0');
    }
    if (digits == 0) return std::nullopt;
    rest_.remove_prefix(digits);
    return value;
  }

  /// Z, +HH, +HH:MM or +HHMM, or with a minus, below 24 hours, in microseconds.
  std::optional<std::int64_t> offset() {
    if (take('Z') || take('z')) return 0;
    const bool is_negative = rest_.starts_with('-');
    if (!take('+') && !take('-')) return std::nullopt;
    const std::optional<int> hours = number(2, 2);
    if (!hours || *hours > 23) return std::nullopt;
    std::optional<int> minutes = 0;
    if (take(':') || at_digit()) minutes = number(2, 2);
    if (!minutes || *minutes > 59) return std::nullopt;
    const std::int64_t length = *hours * kMicrosecondsPerHour + *minutes * kMicrosecondsPerMinute;
    return is_negative ? -length : length;
  }

  /// The place of the name, of `names`, that comes next, whole or its first three letters.
  std::optional<int> name(std::span<const std::string_view> names) {
    for (std::size_t i = 0; i < names.size(); ++i) {
      for (const std::size_t length : {names[i].size(), std::size_t{3}}) {
        if (!starts_with_name(names[i].substr(0, length))) continue;
        rest_.remove_prefix(length);
        return static_cast<int>(i);
      }
    }
    return std::nullopt;
  }

 private:
  [[nodiscard]] bool starts_with_name(std::string_view name) const {
    if (rest_.size() < name.size()) return false;
    for (std::size_t i = 0; i < name.size(); ++i) {
      if (in_lower_case(rest_[i]) != in_lower_case(name[i])) return false;
    }
    return true;
  }

  std::string_view rest_;
};

}  // namespace ebb::preprocessing
