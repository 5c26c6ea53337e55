// Repeated rows.
#include "preprocessing/cleaning/duplicates.h"

#include "tests/preprocessing/support.h"

namespace ebb::preprocessing {
namespace {

using ::testing::ElementsAre;

TEST(Duplicates, LaterEqualRowsGo) {
  Table table;
  table.add(number_column("a", {1, 1, kMissingNumber, 0.0, kMissingNumber, -0.0, 1}));
  table.add(text_column("b", {"x", "y", "", "z", "", "z", "x"}));
  const DistinctRows distinct = find_distinct_rows(table);
  EXPECT_THAT(distinct.kept, ElementsAre(0, 1, 2, 3));
  EXPECT_EQ(distinct.dropped, 3U);
  std::size_t dropped = 0;
  EXPECT_EQ(drop_duplicate_rows(table, &dropped).rows(), 4U);
  EXPECT_EQ(dropped, 3U);
}

TEST(Duplicates, ManyRowsAndAnyThreads) {
  std::vector<double> values;
  for (int i = 0; i < 300000; ++i) values.push_back(i % 30011);
  Table table;
  table.add(number_column("a", values));
  for (int threads = 1; threads <= 5; ++threads) {
    const ThreadCount count(threads);
    const DistinctRows distinct = find_distinct_rows(table);
    ASSERT_EQ(distinct.kept.size(), 30011U);
    EXPECT_EQ(distinct.kept.back(), 30010U);
  }
}

TEST(Duplicates, TelecomChurnHas22) {
  EBB_REAL_DATA(path, "wa_churn.csv");
  EXPECT_EQ(find_distinct_rows(read_csv(path)).dropped, 22U);
}

}  // namespace
}  // namespace ebb::preprocessing
