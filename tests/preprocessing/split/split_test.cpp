#include "preprocessing/split/split.h"

#include "tests/preprocessing/support.h"

namespace ebb::preprocessing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(SplitByColumn, TakesTheGivenParts) {
  const Table table = read_text("x,part\n1,train\n2,Test\n3,val\n4,train\n5,validation\n");
  const Split split = split_by_column(table, "part");
  EXPECT_THAT(split.train, ElementsAre(0, 3));
  EXPECT_THAT(split.validation, ElementsAre(2, 4));
  EXPECT_THAT(split.test, ElementsAre(1));
}

TEST(SplitByColumn, Errors) {
  EXPECT_THAT(
      message_of([] { split_by_column(read_text("x,part\n1,train\n2,dev\n"), "part"); }),
      HasSubstr(".csv:3: column \"part\" splits the rows and holds \"dev\": expected train, "
                "val or test"));
  EXPECT_THAT(message_of([] { split_by_column(read_text("x,part\n1,test\n2,val\n"), "part"); }),
              HasSubstr("column \"part\" marks no row as train"));
  EXPECT_THAT(message_of([] { split_by_column(read_text("x,part\n1,test\n2,\n"), "part"); }),
              HasSubstr(".csv:3: column \"part\" splits the rows and holds \"\""));
}

}  // namespace
}  // namespace ebb::preprocessing
