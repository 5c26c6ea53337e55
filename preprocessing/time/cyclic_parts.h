// Parts of a time that come round again, as points of a circle: December then lies beside January.
// Each is (sin a, cos a) with a = 2 pi part / parts; the time must not be missing.
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>

#include "preprocessing/time/civil.h"
#include "preprocessing/time/time_format.h"

namespace ebb::preprocessing {

struct CyclicPart {
  double sine = 0.0;
  double cosine = 1.0;
};

inline CyclicPart cyclic_part(double part, double parts) {
  const double angle = 2.0 * std::numbers::pi * part / parts;
  return {std::sin(angle), std::cos(angle)};
}

/// January is 0 of 12.
inline CyclicPart cyclic_month(std::int64_t time) {
  const std::int64_t days = floor_divide(time, kMicrosecondsPerDay);
  return cyclic_part(civil_from_days(days).month - 1, 12.0);
}

/// Monday is 0 of 7.
inline CyclicPart cyclic_weekday(std::int64_t time) {
  return cyclic_part(weekday_from_days(floor_divide(time, kMicrosecondsPerDay)), 7.0);
}

/// The time of day in hours of 24, its fraction included.
inline CyclicPart cyclic_hour(std::int64_t time) {
  const std::int64_t within = time - floor_divide(time, kMicrosecondsPerDay) * kMicrosecondsPerDay;
  return cyclic_part(static_cast<double>(within) / static_cast<double>(kMicrosecondsPerHour), 24.0);
}

}  // namespace ebb::preprocessing
