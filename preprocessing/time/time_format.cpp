#include "preprocessing/time/time_format.h"

#include <array>

#include "kernels/common/error.h"
#include "preprocessing/table/column.h"
#include "preprocessing/time/pattern_fields.h"
#include "preprocessing/time/timestamp.h"

namespace ebb::preprocessing {
namespace {

struct EpochUnit {
  std::string_view name;
  std::int64_t microseconds;
};

constexpr std::array<EpochUnit, 3> kEpochUnits = {{{"seconds", kMicrosecondsPerSecond},
                                                   {"milliseconds", kMicrosecondsPerSecond / 1000},
                                                   {"microseconds", 1}}};

/// The letters that stand for several.
std::string_view written_out(char letter) {
  switch (letter) {
    case 'F':
      return "%Y-%m-%d";
    case 'T':
      return "%H:%M:%S";
    case 'R':
      return "%H:%M";
    case 'D':
      return "%m/%d/%y";
    default:
      return {};
  }
}

std::string write_out(std::string_view pattern) {
  std::string result;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '%') {
      result += pattern[i];
      continue;
    }
    if (i + 1 == pattern.size()) {
      fail<DataError>("time format \"{}\": it ends with a single %: write %% for a percent sign",
                      pattern);
    }
    const char letter = pattern[++i];
    const std::string_view longer = written_out(letter);
    result += longer.empty() ? std::string{'%', letter} : std::string(longer);
  }
  return result;
}

/// Calls of_letter(letter) and of_character(c) for the parts of a pattern as long as they return
/// true; returns whether all did.
template <class OfLetter, class OfCharacter>
bool walk(std::string_view pattern, OfLetter of_letter, OfCharacter of_character) {
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const bool is_letter = pattern[i] == '%' && pattern[i + 1] != '%';
    if (pattern[i] == '%') ++i;
    if (is_letter ? !of_letter(pattern[i]) : !of_character(pattern[i])) return false;
  }
  return true;
}

/// What a letter gives; those that give the same cannot stand together.
std::string_view part_of(char letter) {
  switch (letter) {
    case 'Y':
    case 'y':
      return "year";
    case 'm':
    case 'b':
    case 'B':
    case 'h':
      return "month";
    case 'd':
    case 'e':
      return "day";
    case 'j':
      return "day of the year";
    case 'H':
      return "hour";
    case 'I':
      return "hour of 12";
    case 'p':
      return "AM or PM";
    case 'M':
      return "minute";
    case 'S':
      return "second";
    case 'f':
      return "fraction";
    case 'a':
    case 'A':
      return "weekday";
    case 'z':
      return "offset";
    default:
      return {};
  }
}

void check_pattern(std::string_view pattern, std::string_view spelling) {
  std::string parts;  // each between bars
  const auto has = [&](std::string_view part) {
    return parts.find(fmt::format("|{}|", part)) != std::string::npos;
  };
  walk(
      pattern,
      [&](char letter) {
        const std::string_view part = part_of(letter);
        if (part.empty()) {
          fail<DataError>(
              "time format \"{}\": %{} is not understood: use %Y %y %m %d %e %j %b %B %a %A %H %I "
              "%p %M %S %f %z, or %F %T %R %D",
              spelling, letter);
        }
        if (has(part)) fail<DataError>("time format \"{}\": it has the {} twice", spelling, part);
        parts += fmt::format("|{}|", part);
        return true;
      },
      [](char) { return true; });
  const bool has_day_of_year = has("day of the year");
  if (has_day_of_year && (has("month") || has("day"))) {
    fail<DataError>("time format \"{}\": %j gives month and day already", spelling);
  }
  if (has("hour") && has("hour of 12")) {
    fail<DataError>("time format \"{}\": it has the hour twice", spelling);
  }
  if (has("hour of 12") != has("AM or PM")) {
    fail<DataError>("time format \"{}\": %I and %p need one another", spelling);
  }
  if (!has("year") || !(has("month") || has_day_of_year)) {
    fail<DataError>("time format \"{}\": it needs a year (%Y or %y) and a month (%m or %b, or %j)",
                    spelling);
  }
}

}  // namespace

TimeFormat::TimeFormat(std::string_view spelling) : spelling_(spelling) {
  if (spelling == "iso") return;
  for (const EpochUnit& unit : kEpochUnits) {
    if (spelling != unit.name) continue;
    kind_ = Kind::epoch;
    unit_ = unit.microseconds;
    return;
  }
  if (spelling.find('%') == std::string_view::npos) {
    fail<DataError>(
        "time format \"{}\" is not understood: use iso, seconds, milliseconds, microseconds, or a "
        "pattern such as %d/%m/%Y %H:%M",
        spelling);
  }
  kind_ = Kind::pattern;
  pattern_ = write_out(spelling);
  check_pattern(pattern_, spelling);
}

std::optional<std::int64_t> TimeFormat::parse(std::string_view text) const {
  if (kind_ == Kind::iso) return parse_iso8601(text);
  if (kind_ == Kind::epoch) return parse_epoch(text, unit_);
  TextCursor cursor(text);
  PatternFields fields;
  const bool fits = walk(
      pattern_, [&](char letter) { return fields.take(letter, cursor); },
      [&](char c) {
        if (!cursor.take(c)) return false;
        while (c == ' ' && cursor.take(' ')) continue;
        return true;
      });
  if (!fits || !cursor.at_end()) return std::nullopt;
  return fields.time();
}

std::string TimeFormat::format(std::int64_t time) const {
  if (time == kMissingInteger) return {};
  if (kind_ == Kind::iso) return format_timestamp(time);
  if (kind_ == Kind::epoch) return fmt::format("{}", floor_divide(time, unit_));
  std::string text;
  walk(
      pattern_,
      [&](char letter) {
        append_field(text, letter, time);
        return true;
      },
      [&](char c) {
        text += c;
        return true;
      });
  return text;
}

std::string TimeFormat::describe() const {
  switch (kind_) {
    case Kind::iso:
      return "ISO 8601, such as 2011-12-31 or 2011-12-31T23:59:59+01:00";
    case Kind::epoch:
      return fmt::format("{} since 1970-01-01", spelling_);
    case Kind::pattern:
      return fmt::format("the pattern \"{}\", such as {}", spelling_,
                         format(days_from_civil({2011, 12, 31}) * kMicrosecondsPerDay +
                                23 * kMicrosecondsPerHour));
  }
  return {};
}

}  // namespace ebb::preprocessing
