// How times are spelled: ISO 8601, counts since 1970, or a pattern of strptime's letters. Own code:
// the C library's strptime depends on the locale and takes what does not exist.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ebb::preprocessing {

inline constexpr std::int64_t kMicrosecondsPerSecond = 1'000'000;
inline constexpr std::int64_t kMicrosecondsPerMinute = 60 * kMicrosecondsPerSecond;
inline constexpr std::int64_t kMicrosecondsPerHour = 60 * kMicrosecondsPerMinute;
inline constexpr std::int64_t kMicrosecondsPerDay = 24 * kMicrosecondsPerHour;

/// ISO 8601: a date YYYY-MM-DD or YYYYMMDD, then, after a T or one blank, optionally HH, HH:MM,
/// HH:MM:SS, HHMM or HHMMSS, the seconds with a fraction after a point or a comma (what is below a
/// microsecond is cut off), then optionally Z, +HH, +HH:MM or +HHMM (or -). Without an offset the
/// time is taken for UTC. Empty for everything else: dates that do not exist, hour 24, second 60,
/// year 0000, weeks and ordinal dates included.
std::optional<std::int64_t> parse_iso8601(std::string_view text);

/// A number of `unit` microseconds since 1970, with an optional sign and fraction (what is below a
/// microsecond is cut off), within the years 0001 to 9999.
std::optional<std::int64_t> parse_epoch(std::string_view text, std::int64_t unit);

/// How the times of one column are spelled.
class TimeFormat {
 public:
  /// ISO 8601.
  TimeFormat() = default;

  /// `spelling` is "iso", "seconds", "milliseconds" or "microseconds" (since 1970-01-01 UTC), or a
  /// pattern:
  ///   %Y year of four digits    %y of two: 69 to 99 are 1969 to 1999, 00 to 68 are 2000 to 2068
  ///   %m month, %d or %e day, %H hour, %M minute, %S second: one or two digits
  ///   %j day of the year: one to three digits       %f fraction of a second: one to nine digits
  ///   %I hour of 12, with %p: AM or PM              %z offset: Z, +HH, +HHMM or +HH:MM
  ///   %b, %B, %h month and %a, %A weekday: English names, whole or three letters, in any case
  ///   %F is %Y-%m-%d, %T is %H:%M:%S, %R is %H:%M, %D is %m/%d/%y; %% is a percent sign
  /// A blank stands for one blank or more, every other character for itself. Year and month, or
  /// year and %j, are needed; a day that is not given is the first, a time of day midnight, an
  /// offset UTC. A weekday must be that of the date.
  /// Throws DataError for letters that are not above, one part given twice (%d and %j, %H and %I,
  /// ...), %I without %p or the reverse, and for a pattern without year or month.
  explicit TimeFormat(std::string_view spelling);

  /// The time that the whole of `text` spells, or empty.
  [[nodiscard]] std::optional<std::int64_t> parse(std::string_view text) const;
  /// The time as this format spells it; "" for a missing one. What the format has no place for is
  /// lost.
  [[nodiscard]] std::string format(std::int64_t time) const;

  /// For messages: "ISO 8601, such as 2011-12-31 or ...", "the pattern \"%d/%m/%Y\"".
  [[nodiscard]] std::string describe() const;
  [[nodiscard]] const std::string& spelling() const { return spelling_; }

 private:
  enum class Kind { iso, epoch, pattern };

  Kind kind_ = Kind::iso;
  std::int64_t unit_ = kMicrosecondsPerSecond;  // of epoch
  std::string spelling_ = "iso";
  std::string pattern_;  // with %F, %T, ... written out
};

}  // namespace ebb::preprocessing
