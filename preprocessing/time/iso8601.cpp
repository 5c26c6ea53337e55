#include "preprocessing/time/civil.h"
#include "preprocessing/time/text_cursor.h"
#include "preprocessing/time/time_format.h"

namespace ebb::preprocessing {
namespace {

/// Midnight of the date, in microseconds since 1970.
std::optional<std::int64_t> take_date(TextCursor& text) {
  const std::optional<int> year = text.number(4, 4);
  const bool is_extended = text.take('-');
  const std::optional<int> month = text.number(2, 2);
  if (is_extended && !text.take('-')) return std::nullopt;
  const std::optional<int> day = text.number(2, 2);
  if (!year || !month || !day || *year < 1 || *month < 1 || *month > 12 || *day < 1 ||
      *day > days_in_month(*year, *month)) {
    return std::nullopt;
  }
  return days_from_civil({*year, *month, *day}) * kMicrosecondsPerDay;
}

/// HH, HH:MM, HH:MM:SS, HHMM or HHMMSS, seconds with a fraction or without.
std::optional<std::int64_t> take_time_of_day(TextCursor& text) {
  const std::optional<int> hour = text.number(2, 2);
  if (!hour || *hour > 23) return std::nullopt;
  std::int64_t time = *hour * kMicrosecondsPerHour;
  const bool is_extended = text.take(':');
  if (!is_extended && !text.at_digit()) return time;
  const std::optional<int> minute = text.number(2, 2);
  if (!minute || *minute > 59) return std::nullopt;
  time += *minute * kMicrosecondsPerMinute;
  if (is_extended ? !text.take(':') : !text.at_digit()) return time;
  const std::optional<int> second = text.number(2, 2);
  if (!second || *second > 59) return std::nullopt;
  time += *second * kMicrosecondsPerSecond;
  if (!text.take('.') && !text.take(',')) return time;
  const std::optional<std::int64_t> fraction = text.fraction(std::string_view::npos);
  if (!fraction) return std::nullopt;
  return time + *fraction;
}

}  // namespace

std::optional<std::int64_t> parse_iso8601(std::string_view spelling) {
  TextCursor text(spelling);
  std::optional<std::int64_t> time = take_date(text);
  if (!time || text.at_end()) return time;
  if (!text.take('T') && !text.take('t') && !text.take(' ')) return std::nullopt;
  const std::optional<std::int64_t> time_of_day = take_time_of_day(text);
  if (!time_of_day) return std::nullopt;
  *time += *time_of_day;
  if (text.at_end()) return time;
  const std::optional<std::int64_t> offset = text.offset();
  if (!offset || !text.at_end()) return std::nullopt;
  return *time - *offset;
}

std::optional<std::int64_t> parse_epoch(std::string_view spelling, std::int64_t unit) {
  constexpr std::int64_t kLowest = days_from_civil({1, 1, 1}) * kMicrosecondsPerDay;
  constexpr std::int64_t kEnd = days_from_civil({10000, 1, 1}) * kMicrosecondsPerDay;
  TextCursor text(spelling);
  const bool is_negative = text.take('-');
  if (!is_negative) text.take('+');
  std::int64_t whole = 0;
  if (!text.at_digit()) return std::nullopt;
  while (text.at_digit()) {
    whole = 10 * whole + *text.number(1, 1);
    if (whole > kEnd / unit) return std::nullopt;  // before it can overflow
  }
  std::int64_t time = whole * unit;
  if (text.take('.')) {
    const std::optional<std::int64_t> millionths = text.fraction(std::string_view::npos);
    if (!millionths) return std::nullopt;
    time += *millionths * unit / kMicrosecondsPerSecond;
  }
  if (is_negative) time = -time;
  if (!text.at_end() || time < kLowest || time >= kEnd) return std::nullopt;
  return time;
}

}  // namespace ebb::preprocessing
