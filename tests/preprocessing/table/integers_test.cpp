// Identifiers that are kept as integers are rows like others.
#include "preprocessing/cleaning/duplicates.h"
#include "tests/preprocessing/support.h"

namespace ebb::preprocessing {
namespace {

using ::testing::ElementsAre;

class Integers : public ::testing::Test {
 protected:
  Integers() {
    CsvOptions options;
    options.columns = {{"customer_id", DeclaredKind::identifier}};
    table_ = read_text("customer_id,x\n5,1\n,1\n-7,1\n5,1\n,1\n8,1\n", options);
  }

  const Column& ids() const { return table_.column("customer_id"); }

  Table table_;
};

TEST_F(Integers, AreTextsToTheReader) {
  EXPECT_THAT(ids().integers, ElementsAre(5, kMissingInteger, -7, 5, kMissingInteger, 8));
  EXPECT_TRUE(ids().is_missing(1));
  EXPECT_EQ(ids().text(1), "");
  EXPECT_EQ(ids().text(2), "-7");
  const Column texts = as_text(ids());
  EXPECT_EQ(texts.kind, ColumnKind::identifier);
  EXPECT_THAT(texts.levels, ElementsAre("5", "-7", "8"));
  EXPECT_THAT(texts.codes, ElementsAre(0, kMissingCode, 1, 0, kMissingCode, 2));
}

TEST_F(Integers, AreSelectedAndKept) {
  const std::vector<std::size_t> rows = {1, 2, 5};
  const Table picked = select_rows(table_, rows);
  EXPECT_THAT(picked.column("customer_id").integers, ElementsAre(kMissingInteger, -7, 8));
  table_.keep_rows(rows);
  expect_equal(table_, picked);
}

TEST_F(Integers, TellRowsApart) {
  EXPECT_THAT(find_distinct_rows(table_).kept, ElementsAre(0, 1, 2, 5));
  EXPECT_THAT(drop_duplicate_rows(table_).column("customer_id").integers,
              ElementsAre(5, kMissingInteger, -7, 8));
}

TEST(CountDistinct, IntegersCloseTogetherAndFarApart) {
  for (const std::int64_t step : {1LL, 1'000'000'000'000LL}) {
    const std::int64_t missing = kMissingInteger;
    EXPECT_EQ(count_distinct({7 * step, missing, -step, 0, -step, 7 * step, missing}), 3U) << step;
  }
  EXPECT_EQ(count_distinct({kMissingInteger, kMissingInteger}), 0U);
  EXPECT_EQ(count_distinct({}), 0U);
}

}  // namespace
}  // namespace ebb::preprocessing
