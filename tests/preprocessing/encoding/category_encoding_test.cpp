// Codes of categories.
#include "preprocessing/encoding/category_encoding.h"

#include "tests/preprocessing/support.h"

namespace ebb::preprocessing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::int32_t> codes_of(const CategoryEncoder& encoder, const Column& column) {
  std::vector<std::int32_t> codes;
  for (std::size_t row = 0; row < column.size(); ++row) {
    codes.push_back(column.is_missing(row) ? kEncodedMissing : encoder.code(column.text(row)));
  }
  return codes;
}

TEST(CategoryEncoding, CodesByFrequencyThenName) {
  const Column column = text_column("c", {"b", "a", "d", "c", "d", "", "a", "b", "d"});
  const CategoryEncoder encoder = CategoryEncoder::fit(column, 1);
  EXPECT_THAT(encoder.levels(), ElementsAre("d", "a", "b", "c"));
  EXPECT_EQ(encoder.cardinality(), 6);
  EXPECT_THAT(codes_of(encoder, column), ElementsAre(4, 3, 2, 5, 2, kEncodedMissing, 3, 4, 2));
  EXPECT_EQ(encoder.code("zebra"), kEncodedUnknown);
  const CategoryEncoder frequent = CategoryEncoder::fit(column, 2);
  EXPECT_THAT(frequent.levels(), ElementsAre("d", "a", "b"));
  EXPECT_EQ(frequent.code("c"), kEncodedUnknown);
}

TEST(CategoryEncoding, LevelsAbsentFromTheTrainingRowsAreUnknown) {
  Table table;
  table.add(text_column("c", {"a", "b", "a", "c"}));
  const Table training = select_rows(table, std::vector<std::size_t>{0, 2, 3});
  const CategoryEncoder encoder = CategoryEncoder::fit(training.column("c"), 1);
  EXPECT_THAT(encoder.levels(), ElementsAre("a", "c"));
  EXPECT_THAT(codes_of(encoder, table.column("c")), ElementsAre(2, kEncodedUnknown, 2, 3));
}

TEST(CategoryEncoding, RestoreRefusesRepeats) {
  EXPECT_THAT(message_of([] {
                CategoryEncoder::restore({"a", "b", "a"});
              }),
              HasSubstr("the level \"a\" occurs twice"));
}

}  // namespace
}  // namespace ebb::preprocessing
