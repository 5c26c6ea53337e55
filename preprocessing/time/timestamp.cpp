#include "preprocessing/time/timestamp.h"

#include "kernels/common/error.h"
#include "preprocessing/common/parallel.h"

namespace ebb::preprocessing {
namespace {

constexpr std::size_t kGrain = 4096;
constexpr std::size_t kWork = 16;  // of reading a time, in cells

[[noreturn]] void refuse(const Table& table, const Column& column, std::size_t row,
                         const TimeFormat& format) {
  fail<DataError>(
      "{}: column \"{}\": \"{}\" is not a time: expected {}: correct it, leave it empty, or say "
      "how times are spelled (iso, seconds, milliseconds, microseconds, or a pattern such as "
      "%d/%m/%Y %H:%M)",
      table.where(row), column.name, shortened(column.text(row)), format.describe());
}

/// Of numbers and integers.
std::vector<std::int64_t> of_numbers(const Table& table, const Column& column,
                                     const TimeFormat& format) {
  std::vector<std::int64_t> times(column.size(), kMissingInteger);
  parallel_ranges(times.size(), kWork, kGrain, [&](std::size_t begin, std::size_t end) {
    for (std::size_t row = begin; row < end; ++row) {
      if (column.is_missing(row)) continue;
      const std::string spelling = column.text(row);  // mostly too short to allocate
      const auto time = format.parse(spelling);
      if (!time) refuse(table, column, row, format);
      times[row] = *time;
    }
  });
  return times;
}

/// Of texts: each level once.
std::vector<std::int64_t> of_texts(const Table& table, const Column& column,
                                   const TimeFormat& format) {
  std::vector<std::int64_t> of_level(column.levels.size(), kMissingInteger);
  parallel_ranges(of_level.size(), kWork, kGrain, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      if (const auto time = format.parse(column.levels[i])) of_level[i] = *time;
    }
  });
  std::vector<std::int64_t> times(column.size(), kMissingInteger);
  parallel_ranges(times.size(), 1, kGrain, [&](std::size_t begin, std::size_t end) {
    for (std::size_t row = begin; row < end; ++row) {
      if (column.is_missing(row)) continue;
      times[row] = of_level[static_cast<std::size_t>(column.codes[row])];
      if (times[row] == kMissingInteger) refuse(table, column, row, format);
    }
  });
  return times;
}

}  // namespace

std::string format_timestamp(std::int64_t time) {
  if (time == kMissingInteger) return {};
  const std::int64_t days = day_of(time);
  const std::int64_t within = time - days * kMicrosecondsPerDay;
  const CivilDate date = civil_from_days(days);
  std::string text = fmt::format("{:04}-{:02}-{:02}", date.year, date.month, date.day);
  if (within == 0) return text;
  text += fmt::format("T{:02}:{:02}:{:02}", within / kMicrosecondsPerHour,
                      within / kMicrosecondsPerMinute % 60, within / kMicrosecondsPerSecond % 60);
  if (const std::int64_t fraction = within % kMicrosecondsPerSecond; fraction != 0) {
    text += fmt::format(".{:06}", fraction);
    text.erase(text.find_last_not_of('0') + 1);
  }
  return text;
}

std::vector<std::int64_t> timestamps_of(const Table& table, std::string_view name,
                                        const TimeFormat& format) {
  const Column& column = table.column(name);
  return column.is_number() || column.has_integers() ? of_numbers(table, column, format)
                                                     : of_texts(table, column, format);
}

}  // namespace ebb::preprocessing
