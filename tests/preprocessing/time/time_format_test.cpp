#include "preprocessing/time/time_format.h"

#include <nlohmann/json.hpp>

#include "preprocessing/table/column.h"
#include "preprocessing/time/timestamp.h"
#include "tests/preprocessing/support.h"
#include "tests/support/test_json.h"

namespace ebb::preprocessing {
namespace {

using ::testing::HasSubstr;

TEST(TimeFormat, ReadsWhatPandasAndDatetimeRead) {
  const auto fixture = ebb::testing::test_json("events.json");
  ASSERT_GT(fixture["times"].size(), 20U);
  for (const auto& row : fixture["times"]) {
    const TimeFormat format(row[1].get<std::string>());
    EXPECT_EQ(format.parse(row[0].get<std::string>()), row[2].get<std::int64_t>()) << row;
  }
}

TEST(TimeFormat, IsoRefusesWhatIsNoTime) {
  for (const char* text : {"",
                           "2011",
                           "2011-12",
                           "2011-13-01",
                           "2011-02-29",
                           "1900-02-29",
                           "0000-01-01",
                           "2011-1-1",
                           "2011-12-09T24:00:00",
                           "2011-12-09T12:60",
                           "2011-12-09T23:59:60",
                           "2011-12-09T12:50:00.",
                           "2011-12-09T",
                           "2011-12-09 12:5",
                           "2011-12-09T12:50:0",
                           "2011-12-09 12:50:00 ",
                           "2011-12-09T12:50:00+24",
                           "2011-12-09T12:50:00+01:60",
                           "2011-12-09T12:50:00+1",
                           "2011-12-09x12:50",
                           "2011-12-09T1250:00",
                           "2011-12-0912",
                           "201112091",
                           "09/12/2011",
                           "12345678901",
                           "-2011-12-09",
                           "2011-12-09T12:50:00 UTC"}) {
    EXPECT_FALSE(parse_iso8601(text).has_value()) << text;
  }
}

TEST(TimeFormat, EpochsKeepTheirFractions) {
  EXPECT_EQ(TimeFormat("seconds").parse("1323388800"), 1323388800000000);
  EXPECT_EQ(TimeFormat("seconds").parse("-0.0000019"), -1);
  EXPECT_EQ(TimeFormat("milliseconds").parse("1323388800123.25"), 1323388800123250);
  EXPECT_EQ(TimeFormat("microseconds").parse("+5"), 5);
  EXPECT_EQ(TimeFormat("seconds").parse("253402300799"),
            days_from_civil({10000, 1, 1}) * kMicrosecondsPerDay - kMicrosecondsPerSecond);
  for (const char* text : {"", "-", "1e9", "1.", ".5", "253402300800", "99999999999999999999999",
                           "-62135596801", "12 ", "0x1"}) {
    EXPECT_FALSE(TimeFormat("seconds").parse(text).has_value()) << text;
  }
}

TEST(TimeFormat, PatternsAreStrict) {
  const auto refuses = [](const char* pattern, const char* text) {
    EXPECT_FALSE(TimeFormat(pattern).parse(text).has_value()) << pattern << " " << text;
  };
  refuses("%d/%m/%Y", "31/04/2011");
  refuses("%d/%m/%Y", "1/1/11");
  refuses("%d/%m/%Y", "01/01/2011 ");
  refuses("%d/%m/%Y", "01/13/2011");
  refuses("%d/%m/%Y %H:%M", "01/01/2011 24:00");
  refuses("%d/%m/%Y %H:%M", "01/01/201112:00");
  refuses("%Y-%j", "2011-366");
  refuses("%a %d/%m/%Y", "Mon 01/01/2011");  // it was a Saturday
  refuses("%d %b %Y", "1 Foo 2011");
  refuses("%I:%M %p %F", "13:00 PM 2011-01-01");
  EXPECT_TRUE(TimeFormat("%d/%m/%Y %H:%M").parse("01/01/2011   12:00").has_value());
  EXPECT_TRUE(TimeFormat("100%% %F").parse("100% 2011-01-01").has_value());
}

TEST(TimeFormat, WritesWhatItReads) {
  constexpr std::int64_t kTime = days_from_civil({2011, 12, 9}) * kMicrosecondsPerDay +
                                 12 * kMicrosecondsPerHour + 5 * kMicrosecondsPerSecond + 250;
  const auto written = [](const char* pattern) { return TimeFormat(pattern).format(kTime); };
  EXPECT_EQ(written("%A %d %B %y, %I:%M:%S.%f %p %z"),
            "Friday 09 December 11, 12:00:05.000250 PM +0000");
  EXPECT_EQ(written("%a %e %b %Y %R, 100%%"), "Fri 09 Dec 2011 12:00, 100%");
  EXPECT_EQ(written("%Y, day %j"), "2011, day 343");
  EXPECT_EQ(written("milliseconds"), "1323432005000");
  EXPECT_EQ(written("iso"), "2011-12-09T12:00:05.00025");
  EXPECT_EQ(TimeFormat("%F").format(kMissingInteger), "");
  for (const char* pattern :
       {"%F %T.%f", "%D %T.%f", "%Y-%j %H:%M:%S.%f", "%d-%b-%Y %I:%M:%S.%f %p %z"}) {
    EXPECT_EQ(TimeFormat(pattern).parse(written(pattern)), kTime) << pattern;
  }
}

TEST(TimeFormat, RefusesPatternsThatMeanNothing) {
  const auto message = [](const char* spelling) {
    return message_of([&] { static_cast<void>(TimeFormat(spelling)); });
  };
  EXPECT_THAT(message("dd/mm/yyyy"), HasSubstr("use iso, seconds, milliseconds, microseconds, or"));
  EXPECT_THAT(message("%d/%m/%Q"), HasSubstr("%Q is not understood"));
  EXPECT_THAT(message("%d/%m/%Y %m"), HasSubstr("it has the month twice"));
  EXPECT_THAT(message("%F %Y"), HasSubstr("it has the year twice"));
  EXPECT_THAT(message("%Y-%m-%j"), HasSubstr("%j gives month and day already"));
  EXPECT_THAT(message("%F %I:%M"), HasSubstr("%I and %p need one another"));
  EXPECT_THAT(message("%F %H %I %p"), HasSubstr("it has the hour twice"));
  EXPECT_THAT(message("%d %H"), HasSubstr("it needs a year"));
  EXPECT_THAT(message("%F %"), HasSubstr("ends with a single %"));
}

}  // namespace
}  // namespace ebb::preprocessing
