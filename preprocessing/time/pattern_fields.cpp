#include "preprocessing/time/pattern_fields.h"

#include <array>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "preprocessing/time/civil.h"

namespace ebb::preprocessing {
namespace {

constexpr std::array<std::string_view, 12> kMonths = {
    "January", "February", "March",     "April",   "May",      "June",
    "July",    "August",   "September", "October", "November", "December"};
constexpr std::array<std::string_view, 7> kWeekdays = {
    "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};
constexpr std::array<std::string_view, 2> kHalves = {"AM", "PM"};

/// A number of at most `digits` digits from `lowest` to `highest`.
template <class To>
bool take_number(TextCursor& text, std::size_t digits, int lowest, int highest, To& to) {
  const std::optional<int> value = text.number(1, digits);
  if (!value || *value < lowest || *value > highest) return false;
  to = *value;
  return true;
}

template <std::size_t N>
bool take_name(TextCursor& text, const std::array<std::string_view, N>& names, int first,
               std::optional<int>& to) {
  const std::optional<int> place = text.name(names);
  if (place) to = *place + first;
  return place.has_value();
}

bool take_year(TextCursor& text, std::optional<int>& year) {
  year = text.number(4, 4);
  return year && *year >= 1;
}

/// POSIX: 69 to 99 are of the 20th century, 00 to 68 of the 21st.
bool take_short_year(TextCursor& text, std::optional<int>& year) {
  year = text.number(2, 2);
  if (year) *year += *year >= 69 ? 1900 : 2000;
  return year.has_value();
}

bool take_length(std::optional<std::int64_t> length, std::int64_t& to) {
  if (length) to = *length;
  return length.has_value();
}

template <class... Args>
void append(std::string& text, fmt::format_string<Args...> format, Args&&... args) {
  fmt::format_to(std::back_inserter(text), format, std::forward<Args>(args)...);
}

}  // namespace

bool PatternFields::take(char letter, TextCursor& text) {
  constexpr std::size_t kFractionDigits = 9;
  switch (letter) {
    case 'Y':
      return take_year(text, year_);
    case 'y':
      return take_short_year(text, year_);
    case 'm':
      return take_number(text, 2, 1, 12, month_);
    case 'b':
    case 'B':
    case 'h':
      return take_name(text, kMonths, 1, month_);
    case 'd':
    case 'e':
      return take_number(text, 2, 1, 31, day_);
    case 'j':
      return take_number(text, 3, 1, 366, day_of_year_);
    case 'a':
    case 'A':
      return take_name(text, kWeekdays, 0, weekday_);
    case 'H':
      return take_number(text, 2, 0, 23, hour_);
    case 'I':
      return take_number(text, 2, 1, 12, hour_);
    case 'p':
      return take_name(text, kHalves, 0, half_);
    case 'M':
      return take_number(text, 2, 0, 59, minute_);
    case 'S':
      return take_number(text, 2, 0, 59, second_);
    case 'f':
      return take_length(text.fraction(kFractionDigits), fraction_);
    default:  // 'z'
      return take_length(text.offset(), offset_);
  }
}

std::optional<std::int64_t> PatternFields::time() const {
  const int month = month_.value_or(1);
  const int day = day_.value_or(1);
  if (day > days_in_month(*year_, month)) return std::nullopt;
  std::int64_t days = days_from_civil({*year_, month, day});
  if (day_of_year_) {
    if (*day_of_year_ > (is_leap_year(*year_) ? 366 : 365)) return std::nullopt;
    days += *day_of_year_ - 1;
  }
  if (weekday_ && *weekday_ != weekday_from_days(days)) return std::nullopt;
  const int hour = half_ ? hour_ % 12 + 12 * *half_ : hour_;
  return days * kMicrosecondsPerDay + hour * kMicrosecondsPerHour +
         minute_ * kMicrosecondsPerMinute + second_ * kMicrosecondsPerSecond + fraction_ - offset_;
}

void append_field(std::string& text, char letter, std::int64_t time) {
  const std::int64_t days = floor_divide(time, kMicrosecondsPerDay);
  const std::int64_t within = time - days * kMicrosecondsPerDay;
  const CivilDate date = civil_from_days(days);
  const std::string_view month = kMonths[static_cast<std::size_t>(date.month - 1)];
  const std::string_view weekday = kWeekdays[static_cast<std::size_t>(weekday_from_days(days))];
  const std::int64_t hour = within / kMicrosecondsPerHour;
  switch (letter) {
    case 'Y':
      return append(text, "{:04}", date.year);
    case 'y':
      return append(text, "{:02}", date.year - floor_divide(date.year, 100) * 100);
    case 'm':
      return append(text, "{:02}", date.month);
    case 'b':
    case 'h':
      return append(text, "{}", month.substr(0, 3));
    case 'B':
      return append(text, "{}", month);
    case 'd':
    case 'e':
      return append(text, "{:02}", date.day);
    case 'j':
      return append(text, "{:03}", days - days_from_civil({date.year, 1, 1}) + 1);
    case 'a':
      return append(text, "{}", weekday.substr(0, 3));
    case 'A':
      return append(text, "{}", weekday);
    case 'H':
      return append(text, "{:02}", hour);
    case 'I':
      return append(text, "{:02}", (hour + 11) % 12 + 1);
    case 'p':
      return append(text, "{}", kHalves[hour < 12 ? 0 : 1]);
    case 'M':
      return append(text, "{:02}", within / kMicrosecondsPerMinute % 60);
    case 'S':
      return append(text, "{:02}", within / kMicrosecondsPerSecond % 60);
    case 'f':
      return append(text, "{:06}", within % kMicrosecondsPerSecond);
    default:  // 'z'
      return append(text, "+0000");
  }
}

}  // namespace ebb::preprocessing
