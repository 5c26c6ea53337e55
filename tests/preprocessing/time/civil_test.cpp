// Dates against Python's datetime (tests/data/make_events.py), and every day of some eras.
#include "preprocessing/time/civil.h"

#include <nlohmann/json.hpp>

#include "preprocessing/time/cyclic_parts.h"
#include "tests/preprocessing/support.h"
#include "tests/support/test_json.h"

namespace ebb::preprocessing {
namespace {

TEST(Civil, DatesAreThoseOfDatetime) {
  const auto fixture = ebb::testing::test_json("events.json");
  ASSERT_GT(fixture["dates"].size(), 200U);
  for (const auto& row : fixture["dates"]) {
    const auto days = row[0].get<std::int64_t>();
    const CivilDate date{row[1].get<std::int64_t>(), row[2].get<int>(), row[3].get<int>()};
    EXPECT_EQ(days_from_civil(date), days);
    EXPECT_EQ(civil_from_days(days), date);
    EXPECT_EQ(weekday_from_days(days), row[4].get<int>());
  }
}

TEST(Civil, EveryDayFollowsTheOneBefore) {
  CivilDate expected{-400, 1, 1};
  std::int64_t days = days_from_civil(expected);
  while (expected.year < 2401) {
    ASSERT_EQ(civil_from_days(days), expected) << days;
    ASSERT_EQ(days_from_civil(expected), days);
    ++days;
    if (++expected.day <= days_in_month(expected.year, expected.month)) continue;
    expected.day = 1;
    if (++expected.month <= 12) continue;
    expected.month = 1;
    ++expected.year;
  }
}

TEST(CyclicParts, LieOnACircle) {
  constexpr std::int64_t kApril = days_from_civil({2024, 4, 1}) * kMicrosecondsPerDay;  // a Monday
  EXPECT_NEAR(cyclic_month(kApril).sine, 1.0, 1e-15);
  EXPECT_NEAR(cyclic_month(kApril).cosine, 0.0, 1e-15);
  EXPECT_EQ(cyclic_weekday(kApril).sine, 0.0);
  EXPECT_EQ(cyclic_weekday(kApril).cosine, 1.0);
  const CyclicPart evening = cyclic_hour(kApril + 18 * kMicrosecondsPerHour);
  EXPECT_NEAR(evening.sine, -1.0, 1e-15);
  const CyclicPart before_1970 = cyclic_hour(-6 * kMicrosecondsPerHour);
  EXPECT_EQ(before_1970.sine, evening.sine);
  EXPECT_EQ(before_1970.cosine, evening.cosine);
}

}  // namespace
}  // namespace ebb::preprocessing
