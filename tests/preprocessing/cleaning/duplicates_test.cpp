// Repeated rows.
#include "preprocessing/cleaning/duplicates.h"

#include "preprocessing/split/random_order.h"
#include "tests/preprocessing/support.h"
#include "tests/support/test_device.h"

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

/// Columns of all kinds, of which `distinct` different rows come in a random order.
Table repeated_rows(std::size_t rows, std::uint64_t distinct, std::uint64_t seed) {
  SplitMix64 generator(seed, 0);
  std::vector<double> numbers;
  std::vector<std::string> texts;
  Column integers;
  integers.name = "id";
  integers.kind = ColumnKind::identifier;
  for (std::size_t row = 0; row < rows; ++row) {
    const std::uint64_t kind = generator.below(distinct);
    numbers.push_back(kind % 5 == 0   ? kMissingNumber
                      : kind % 5 == 1 ? (generator.below(2) == 0 ? 0.0 : -0.0)
                                      : static_cast<double>(kind % 7));
    texts.push_back(kind % 11 == 0 ? "" : std::to_string(kind % 13));
    integers.integers.push_back(kind % 17 == 0 ? kMissingInteger
                                               : static_cast<std::int64_t>(kind / 2));
  }
  Table table;
  table.add(number_column("number", numbers));
  table.add(text_column("text", texts));
  table.add(integers);
  return table;
}

TEST(DuplicatesDevice, AreThoseOfTheCpu) {
  const Device device = ebb::testing::test_device();
  for (const std::size_t rows : {0U, 1U, 2U, 257U, 5000U}) {
    for (const std::uint64_t distinct : {1U, 3U, 1000U, 1000000U}) {
      SCOPED_TRACE(std::to_string(rows) + " rows of " + std::to_string(distinct));
      const Table table = repeated_rows(rows, distinct, rows + distinct);
      const DistinctRows expected = find_distinct_rows(table);
      const DistinctRows found = find_distinct_rows(table, device);
      EXPECT_EQ(found.kept, expected.kept);
      EXPECT_EQ(found.dropped, expected.dropped);
    }
  }
}

TEST(Duplicates, TelecomChurnHas22) {
  EBB_REAL_DATA(path, "wa_churn.csv");
  EXPECT_EQ(find_distinct_rows(read_csv(path)).dropped, 22U);
}

}  // namespace
}  // namespace ebb::preprocessing
