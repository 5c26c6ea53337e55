#include "preprocessing/split/row_times.h"

#include "tests/preprocessing/support.h"

namespace ebb::preprocessing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

using Times = std::vector<std::int64_t>;

std::string time_error(const std::string& text) {
  return message_of([&] { time_ranks(read_text(text), "t"); });
}

Times ranks_of(const std::string& text) { return time_ranks(read_text(text), "t"); }

TEST(TimeRanks, NumbersOfAnyKind) {
  EXPECT_THAT(ranks_of("t,x\n2.5,1\n-1,2\n2.5,3\n1e3,4\n"), ElementsAre(1, 0, 1, 2));
  // Microseconds and nanoseconds since 1970 have more digits than a 64-bit float keeps.
  EXPECT_THAT(
      ranks_of("t,x\n1711900000000000001,1\n1711900000000000000,2\n1711900000000000001,3\n"),
      ElementsAre(1, 0, 1));
  EXPECT_THAT(ranks_of("t,x\n5,1\n5,2\n"), ElementsAre(0, 0));
  EXPECT_THAT(ranks_of("t,x\n5.5,1\n5.5,2\n"), ElementsAre(0, 0));
  const Table integers =
      read_text("t,x\n9,1\n-7,2\n8,3\n", {.columns = {{"t", DeclaredKind::identifier}}});
  EXPECT_TRUE(integers.column("t").has_integers());
  EXPECT_THAT(time_ranks(integers, "t"), ElementsAre(2, 0, 1));
}

TEST(TimeRanks, DatesOfOneForm) {
  EXPECT_THAT(ranks_of("t,x\n2024-03-31,1\n2023-12-01,2\n2024-03-31,3\n2024-01-01,4\n"),
              ElementsAre(2, 0, 2, 1));
  EXPECT_THAT(ranks_of("t,x\n2024-03,1\n2023-12,2\n"), ElementsAre(1, 0));
  EXPECT_THAT(ranks_of("t,x\n2024-03-31T23:59:60Z,1\n2024-03-31T23:59:59Z,2\n"), ElementsAre(1, 0));
  EXPECT_THAT(ranks_of("t,x\n2024-03-31 10:05,1\n2024-03-31 09:59,2\n"), ElementsAre(1, 0));
  EXPECT_THAT(ranks_of("t,x\n2024-03-31 10:05:00.50+02:00,1\n2024-03-31 10:05:00.49+02:00,2\n"),
              ElementsAre(1, 0));
}

TEST(TimeRanks, Errors) {
  EXPECT_THAT(time_error("t,x\n2024-03-31,1\n31.12.2023,2\n"),
              HasSubstr(".csv:3: column \"t\" orders the rows by time and holds \"31.12.2023\": "
                        "expected a number, or a date as 2024-03-31"));
  for (const std::string odd :
       {"2024-13-01", "2024-00-10", "2024-02-00", "2024-02-32", "2024-1-01", "2024-03-31T24:60",
        "2024-03-31T25:00", "2024-03-31T10:05:61", "2024-03-31T10", "2024-03-31T10:05:00.",
        "2024-03-31T10:05 UTC", "2024-03-31T10:05:00.5.5", "yesterday", "2024-03-31T",
        "２０24-03-31"}) {
    EXPECT_THAT(time_error("t,x\n" + odd + ",1\nno,2\n"), HasSubstr(".csv:2: column \"t\"")) << odd;
  }
  // Forms that the order of texts would mix up.
  for (const std::string other :
       {"2024-03-31", "2024-03-31T10:05:00.5Z", "2024-03-31T10:05:00+02:00", "2024-03-31 10:05:00Z",
        "2024-03-31T10:05:00", "1711900000"}) {
    const std::string message = time_error("t,x\n2024-03-31T10:05:00Z,1\n" + other + ",2\n");
    EXPECT_THAT(message, HasSubstr(".csv:3: column \"t\"")) << other;
    EXPECT_THAT(message, HasSubstr("beside \"2024-03-31T10:05:00Z\"")) << other;
  }
  EXPECT_THAT(time_error("t,x\n2024-03-31T10:05:00+01:00,1\n2024-03-31T10:05:00+02:00,2\n"),
              HasSubstr(".csv:3: "));
  EXPECT_THAT(time_error("t,x\n5,1\n2024-03-31,2\n"), HasSubstr("\"2024-03-31\" beside \"5\""));
  EXPECT_THAT(time_error("t,x\n2024-03-31,1\n,2\n"),
              HasSubstr(".csv:3: column \"t\" orders the rows by time, and its value is missing"));
  EXPECT_THAT(time_error("t,x\n1.5,1\n2.5,1\n,2\n"), HasSubstr(".csv:4: column \"t\""));
  EXPECT_THAT(time_error("day,x\n1.5,1\n"), HasSubstr("there is no column \"t\""));
}

}  // namespace
}  // namespace ebb::preprocessing
