// What the letters of a pattern (time_format.h) read and write.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "preprocessing/time/text_cursor.h"

namespace ebb::preprocessing {

/// The parts of one time, as its letters give them.
class PatternFields {
 public:
  /// Takes what `letter` stands for; false if it does not come next. The letter must be one that
  /// TimeFormat documents, and none that stands for several.
  bool take(char letter, TextCursor& text);
  /// The time, or empty if there is no such date or the weekday is another day's.
  [[nodiscard]] std::optional<std::int64_t> time() const;

 private:
  std::optional<int> year_;
  std::optional<int> month_;  // 1 to 12
  std::optional<int> day_;
  std::optional<int> day_of_year_;
  std::optional<int> weekday_;  // 0 is Monday
  std::optional<int> half_;     // 1 is PM
  int hour_ = 0;
  int minute_ = 0;
  int second_ = 0;
  std::int64_t fraction_ = 0;
  std::int64_t offset_ = 0;
};

/// Appends what `letter` stands for at a time: numbers with their zeros in front, names of three
/// letters, but %B and %A whole, six decimals, the offset +0000.
void append_field(std::string& text, char letter, std::int64_t time);

}  // namespace ebb::preprocessing
