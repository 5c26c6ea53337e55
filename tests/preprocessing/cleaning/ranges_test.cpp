// Impossible values.
#include "preprocessing/cleaning/ranges.h"

#include <cmath>
#include <vector>

#include <nlohmann/json.hpp>

#include "tests/preprocessing/support.h"
#include "tests/support/test_json.h"

namespace ebb::preprocessing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

RangeReport treat(std::vector<double>& values, const DeclaredRange& range) {
  return apply_range(values, range, "age", Table("shop.csv", {2, 3, 5, 6, 9}));
}

TEST(Ranges, ToMissingAndClip) {
  const std::vector<double> ages = {0, kMissingNumber, 120, 999, -3};
  std::vector<double> emptied = ages;
  const RangeReport report = treat(emptied, {0, 120});
  EXPECT_EQ(report, (RangeReport{1, 1, 3}));
  EXPECT_EQ(emptied[0], 0.0);
  EXPECT_EQ(emptied[2], 120.0);
  EXPECT_TRUE(std::isnan(emptied[3]) && std::isnan(emptied[4]) && std::isnan(emptied[1]));
  std::vector<double> clipped = ages;
  EXPECT_EQ(treat(clipped, {0, 120, RangeTreatment::clip}), report);
  EXPECT_EQ(clipped[3], 120.0);
  EXPECT_EQ(clipped[4], 0.0);
  EXPECT_EQ(treat(clipped, {0, 120, RangeTreatment::error}), RangeReport{});
}

TEST(Ranges, ErrorsNameTheFirstLineAndChangeNothing) {
  std::vector<double> ages = {0, kMissingNumber, 120, 999, -3};
  EXPECT_EQ(message_of([&] {
              treat(ages, {0, 120, RangeTreatment::error});
            }),
            "shop.csv:6: column \"age\" holds 999, which cannot be: its values are declared to be "
            "from 0 to 120; 2 of its 5 values are not: correct them, widen the range, or have them "
            "taken for missing");
  EXPECT_EQ(ages[3], 999.0);
  DeclaredRange open = {.lower = 0, .treatment = RangeTreatment::error};
  EXPECT_THAT(message_of([&] { treat(ages, open); }),
              HasSubstr("shop.csv:9: column \"age\" holds -3, which cannot be: its values are "
                        "declared to be at least 0;"));
  open = {.upper = 500, .treatment = RangeTreatment::error};
  EXPECT_THAT(message_of([&] { treat(ages, open); }), HasSubstr("declared to be at most 500;"));
  EXPECT_THAT(message_of([&] {
                treat(ages, {3, 2});
              }),
              HasSubstr("a range from 3 to 2 has no values"));
  EXPECT_THAT(message_of([&] { treat(ages, {kMissingNumber, 2}); }), HasSubstr("has no values"));
  EXPECT_EQ(message_of([] { parse_range_treatment("drop"); }),
            "\"drop\" is no treatment of impossible values: use to_missing, clip or error");
}

TEST(Ranges, TheFirstRowIsTheSameForAnyThreads) {
  for (int threads = 1; threads <= 5; ++threads) {
    const ThreadCount count(threads);
    std::vector<double> values(200000, 1.0);
    for (std::size_t row = 70001; row < values.size(); row += 3) values[row] = 7.0;
    EXPECT_EQ(apply_range(values, {0, 5}, "x", Table()), (RangeReport{0, 43333, 70001}));
  }
}

TEST(Ranges, JsonRoundTrips) {
  for (const DeclaredRange& range :
       {DeclaredRange{0.1, 120, RangeTreatment::clip}, DeclaredRange{.lower = -5},
        DeclaredRange{.upper = 1e300, .treatment = RangeTreatment::error}, DeclaredRange{}}) {
    const json document = ebb::testing::through_text(to_json(range));
    EXPECT_EQ(declared_range_from_json(JsonReader(document)), range);
  }
  json bad = to_json(DeclaredRange{1, 2});
  bad["upper"] = {0.5};
  EXPECT_THAT(message_of([&] { declared_range_from_json(JsonReader(bad)); }),
              HasSubstr("a range from 1 to 0.5 has no values"));
  bad["upper"] = {3, 4};
  EXPECT_THAT(message_of([&] { declared_range_from_json(JsonReader(bad)); }),
              HasSubstr("upper: expected one number"));
}

}  // namespace
}  // namespace ebb::preprocessing
