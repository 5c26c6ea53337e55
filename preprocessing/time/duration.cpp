#include "preprocessing/time/duration.h"

#include <array>

#include "kernels/common/error.h"
#include "preprocessing/time/text_cursor.h"
#include "preprocessing/time/time_format.h"

namespace ebb::preprocessing {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t microseconds;
};

constexpr std::array<Unit, 5> kUnits = {{{"d", kMicrosecondsPerDay},
                                         {"h", kMicrosecondsPerHour},
                                         {"min", kMicrosecondsPerMinute},
                                         {"s", kMicrosecondsPerSecond},
                                         {"w", 7 * kMicrosecondsPerDay}}};
constexpr std::int64_t kLongest = std::int64_t{3'652'425} * kMicrosecondsPerDay;

}  // namespace

std::int64_t parse_duration(std::string_view spelling) {
  TextCursor text(spelling);
  bool has_number = false;
  std::int64_t number = 0;
  while (text.at_digit() && number <= kLongest) {
    number = 10 * number + *text.number(1, 1);
    has_number = true;
  }
  const std::string_view name = text.rest();
  if (has_number && (name == "mo" || name == "m" || name == "y" || name == "M")) {
    fail<DataError>(
        "\"{}\" is no length of time: months and years differ in length: write days, such as 91d "
        "for a quarter (or min for minutes)",
        shortened(spelling));
  }
  for (const Unit& unit : kUnits) {
    if (!has_number || name != unit.name) continue;
    if (number > kLongest / unit.microseconds) {
      fail<DataError>("\"{}\" is longer than 10,000 years", shortened(spelling));
    }
    return number * unit.microseconds;
  }
  fail<DataError>(
      "\"{}\" is no length of time: write a whole number and its unit: 91d, 12w, 36h, 90min or 30s",
      shortened(spelling));
}

std::string format_duration(std::int64_t duration) {
  for (const Unit& unit : kUnits) {
    if (duration % unit.microseconds == 0) {
      return fmt::format("{}{}", duration / unit.microseconds, unit.name);
    }
  }
  return fmt::format("{}us", duration);
}

}  // namespace ebb::preprocessing
