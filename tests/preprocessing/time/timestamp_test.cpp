#include "preprocessing/time/timestamp.h"

#include "preprocessing/time/duration.h"
#include "tests/preprocessing/support.h"

namespace ebb::preprocessing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Timestamp, IsWrittenAsShortAsItIs) {
  EXPECT_EQ(format_timestamp(0), "1970-01-01");
  EXPECT_EQ(format_timestamp(-1), "1969-12-31T23:59:59.999999");
  EXPECT_EQ(format_timestamp(kMicrosecondsPerHour), "1970-01-01T01:00:00");
  EXPECT_EQ(format_timestamp(100'000), "1970-01-01T00:00:00.1");
  EXPECT_EQ(format_timestamp(kMissingInteger), "");
}

TEST(Timestamp, WhatIsWrittenReadsBack) {
  constexpr std::int64_t kBegin = days_from_civil({1, 1, 1}) * kMicrosecondsPerDay;
  constexpr std::int64_t kEnd = days_from_civil({10000, 1, 1}) * kMicrosecondsPerDay;
  for (std::int64_t time = kBegin; time < kEnd; time += 86'400'123'457'891) {
    ASSERT_EQ(parse_iso8601(format_timestamp(time)), time) << format_timestamp(time);
  }
  EXPECT_EQ(parse_iso8601(format_timestamp(kEnd - 1)), kEnd - 1);
}

TEST(Timestamp, ColumnsOfTextsIntegersAndNumbers) {
  CsvOptions options;
  options.columns = {{"iso", DeclaredKind::category},
                     {"day", DeclaredKind::identifier},
                     {"epoch", DeclaredKind::number}};
  const Table table =
      read_text("iso,day,epoch\n2011-12-09,19970101,0.5\n,,\n2011-12-09T01,20111209,-1\n", options);
  constexpr std::int64_t kDay = days_from_civil({2011, 12, 9}) * kMicrosecondsPerDay;
  EXPECT_THAT(timestamps_of(table, "iso", {}),
              ElementsAre(kDay, kMissingInteger, kDay + kMicrosecondsPerHour));
  EXPECT_TRUE(table.column("day").has_integers());
  EXPECT_THAT(
      timestamps_of(table, "day", {}),
      ElementsAre(days_from_civil({1997, 1, 1}) * kMicrosecondsPerDay, kMissingInteger, kDay));
  EXPECT_THAT(timestamps_of(table, "epoch", TimeFormat("seconds")),
              ElementsAre(500'000, kMissingInteger, -kMicrosecondsPerSecond));
}

TEST(Timestamp, TheFirstBadRowIsNamedForAnyNumberOfThreads) {
  std::string text = "when\n";
  for (int i = 0; i < 20000; ++i) text += i % 9000 == 8999 ? "2011-02-30\n" : "2011-02-28\n";
  for (const int threads : {1, 2, 5}) {
    const ThreadCount count(threads);
    const std::string message =
        message_of([&] { timestamps_of(read_text(text), "when", TimeFormat()); });
    EXPECT_THAT(message, HasSubstr(".csv:9001: column \"when\": \"2011-02-30\" is not a time: "
                                   "expected ISO 8601, such as 2011-12-31"));
  }
  EXPECT_THAT(message_of([] {
                timestamps_of(read_text("when,x\n2011-02-28,1\n", {}), "when",
                              TimeFormat("%d.%m.%Y"));
              }),
              HasSubstr("expected the pattern \"%d.%m.%Y\", such as 31.12.2011"));
}

TEST(Duration, IsAWholeNumberAndItsUnit) {
  EXPECT_EQ(parse_duration("91d"), 91 * kMicrosecondsPerDay);
  EXPECT_EQ(parse_duration("12w"), 84 * kMicrosecondsPerDay);
  EXPECT_EQ(parse_duration("36h"), 36 * kMicrosecondsPerHour);
  EXPECT_EQ(parse_duration("90min"), 90 * kMicrosecondsPerMinute);
  EXPECT_EQ(parse_duration("0s"), 0);
  for (const char* text :
       {"", "d", "91", "-1d", "1.5d", "91 d", "91D", "1d2h", "9999999999999999999d"}) {
    EXPECT_NE(message_of([&] { parse_duration(text); }), "") << text;
  }
  EXPECT_THAT(message_of([] { parse_duration("3mo"); }), HasSubstr("write days, such as 91d"));
  EXPECT_THAT(message_of([] { parse_duration("10001y"); }), HasSubstr("months and years differ"));
  EXPECT_THAT(message_of([] { parse_duration("3652426d"); }),
              HasSubstr("longer than 10,000 years"));
}

TEST(Duration, IsWrittenInTheLargestUnitThatFits) {
  EXPECT_EQ(format_duration(parse_duration("12w")), "84d");
  EXPECT_EQ(format_duration(parse_duration("36h")), "36h");
  EXPECT_EQ(format_duration(parse_duration("120min")), "2h");
  EXPECT_EQ(format_duration(0), "0d");
  EXPECT_EQ(format_duration(1), "1us");
}

}  // namespace
}  // namespace ebb::preprocessing
