// Whole numbers that are kept as such, and texts that are not.
#include "preprocessing/common/numbers.h"

#include <gtest/gtest.h>

namespace ebb::preprocessing {
namespace {

TEST(Numbers, ShortestIntegersOfUpTo15Bytes) {
  EXPECT_EQ(parse_shortest_integer("0"), 0);
  EXPECT_EQ(parse_shortest_integer("-7"), -7);
  EXPECT_EQ(parse_shortest_integer("123456789012345"), 123456789012345);
  EXPECT_EQ(parse_shortest_integer("-12345678901234"), -12345678901234);
  for (const char* text : {"", "-", "--1", "+5", "007", "-0", "-07", "5.0", "1e3", " 1",
                           "1:", "-123456789012345", "1234567890123456", "123456789012345678"}) {
    EXPECT_FALSE(parse_shortest_integer(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace ebb::preprocessing
