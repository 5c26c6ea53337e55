// What stands in for missing values.
#include "preprocessing/cleaning/missing_values.h"

#include "tests/preprocessing/support.h"

namespace ebb::preprocessing {
namespace {

TEST(MissingValues, FillValues) {
  const std::vector<double> values = {4, kMissingNumber, 1, 1, 10, 8, 8, kMissingNumber};
  EXPECT_EQ(fill_value(values, NumberFill::median), 6.0);
  EXPECT_NEAR(fill_value(values, NumberFill::mean), 32.0 / 6.0, 1e-15);
  EXPECT_EQ(fill_value(values, NumberFill::mode), 1.0);
  EXPECT_EQ(fill_value(values, NumberFill::constant, -5.0), -5.0);
}

TEST(MissingValues, NamesRoundTrip) {
  for (const char* name : {"median", "mean", "mode", "constant"}) {
    EXPECT_EQ(fill_name(parse_number_fill(name)), name);
  }
  for (const char* name : {"missing_code", "mode"}) {
    EXPECT_EQ(fill_name(parse_category_fill(name)), name);
  }
  for (const char* name : {"never", "when_missing", "always"}) {
    EXPECT_EQ(indicator_name(parse_missing_indicator(name)), name);
  }
  EXPECT_EQ(message_of([] { parse_number_fill("ffill"); }),
            "\"ffill\" is no fill for numbers: use median, mean, mode or constant");
}

}  // namespace
}  // namespace ebb::preprocessing
