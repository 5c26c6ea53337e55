#include "preprocessing/common/counted.h"

#include <gtest/gtest.h>

namespace ebb::preprocessing {
namespace {

TEST(Counted, OneIsNoPlural) {
  EXPECT_EQ(counted(0, "row"), "0 rows");
  EXPECT_EQ(counted(1, "row"), "1 row");
  EXPECT_EQ(counted(2, "row"), "2 rows");
  EXPECT_EQ(counted(1, "category", "categories"), "1 category");
  EXPECT_EQ(counted(21, "category", "categories"), "21 categories");
  EXPECT_EQ(noun_for(1, "has", "have"), "has");
}

}  // namespace
}  // namespace ebb::preprocessing
