// Rows that were made from other rows.
#include "preprocessing/audit/twins.h"

#include <algorithm>

#include "tests/preprocessing/audit/customers.h"

namespace ebb::preprocessing {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(FindTwins, HonestRowsAreNone) {
  const Table table = Customers(3000).table();
  EXPECT_THAT(find_twins(table, kCustomerColumns), IsEmpty());
  EXPECT_FALSE(find_block_copy(table, kCustomerColumns));
}

TEST(FindTwins, ACoarseTableIsNotAllTwins) {
  SplitMix64 generator(2);
  Table table;
  for (const char* name : {"a", "b", "c"}) {
    std::vector<double> values;
    for (int row = 0; row < 2000; ++row) values.push_back(static_cast<double>(generator.below(2)));
    table.add(number_column(name, values));
  }
  EXPECT_THAT(find_twins(table, table.names()), IsEmpty());
  EXPECT_FALSE(find_block_copy(table, table.names()));
}

TEST(FindTwins, AConstantAddedToOneColumn) {
  Customers customers(1000);
  customers.repeat(500);
  for (std::size_t row = 1000; row < 1500; ++row) customers.spend[row] += 0.07;
  // Twins are found in any order.
  std::vector<std::size_t> order(1500);
  for (std::size_t row = 0; row < order.size(); ++row) order[row] = row;
  SplitMix64 generator(3);
  shuffle(std::span(order).subspan(1000), generator);
  const Table table = select_rows(customers.table(), order);
  const auto found = find_twins(table, kCustomerColumns);
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].change.column, "spend");
  EXPECT_NEAR(found[0].change.shift.value_or(0.0), 0.07, 1e-9);
  EXPECT_EQ(found[0].pairs, 500U);
  EXPECT_GT(found[0].consistency, 0.5);
  EXPECT_LT(found[0].first_row, found[0].second_row);
  EXPECT_FALSE(find_block_copy(table, kCustomerColumns));
}

TEST(FindTwins, ARenamedColumn) {
  Customers customers(1000);
  customers.repeat(400);
  for (std::size_t row = 1000; row < 1400; ++row) customers.city[row] += " (old)";
  const auto found = find_twins(customers.table(), kCustomerColumns);
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].change.column, "city");
  EXPECT_FALSE(found[0].change.shift);
  EXPECT_EQ(found[0].pairs, 400U);
  EXPECT_GT(found[0].consistency, 0.5);
  EXPECT_THAT(found[0].change.example, ::testing::EndsWith("(old)\""));
}

TEST(FindBlockCopy, ACopiedHalfChangedInSeveralColumns) {
  Customers customers(800);
  customers.repeat(800);
  for (std::size_t row = 800; row < 1600; ++row) {
    customers.spend[row] += 12.34;
    customers.age[row] -= 5.0;
    customers.plan[row] = customers.plan[row] == "plan 0" ? "basic" : customers.plan[row] + "x";
  }
  const Table table = customers.table();
  EXPECT_THAT(find_twins(table, kCustomerColumns), IsEmpty());
  const auto copy = find_block_copy(table, kCustomerColumns);
  ASSERT_TRUE(copy);
  EXPECT_EQ(copy->lag, 800U);
  EXPECT_EQ(copy->rows, 799U);  // the first row's difference is to another row
  EXPECT_EQ(copy->first_row, 801U);
  EXPECT_EQ(copy->last_row, 1599U);
  ASSERT_THAT(copy->changes, SizeIs(3));
  EXPECT_EQ(copy->changes[0].column, "spend");
  EXPECT_NEAR(copy->changes[0].shift.value_or(0.0), 12.34, 1e-9);
  EXPECT_EQ(copy->changes[1].shift.value_or(0.0), -5.0);
  EXPECT_EQ(copy->changes[2].column, "plan");
  EXPECT_FALSE(copy->changes[2].shift);
}

TEST(FindBlockCopy, EqualRowsUnderNewIdentifiers) {
  Customers customers(300);
  customers.repeat(100);
  const auto copy = find_block_copy(customers.table(), kCustomerColumns);
  ASSERT_TRUE(copy);
  EXPECT_EQ(copy->lag, 300U);
  EXPECT_THAT(copy->changes, IsEmpty());
}

TEST(FindBlockCopy, MissingValuesAreCopiedToo) {
  Customers customers(500);
  for (std::size_t row = 0; row < 500; row += 7) customers.spend[row] = NAN;
  customers.repeat(500);
  for (std::size_t row = 500; row < 1000; ++row) customers.spend[row] += 1.0;
  const auto copy = find_block_copy(customers.table(), kCustomerColumns);
  ASSERT_TRUE(copy);
  EXPECT_EQ(copy->rows, 499U);
  const auto twins = find_twins(customers.table(), kCustomerColumns);
  ASSERT_THAT(twins, SizeIs(1));
  EXPECT_EQ(twins[0].pairs, 500U - 72U);
}

TEST(FindTwins, SmallTables) {
  const Table table = Customers(1).table();
  EXPECT_THAT(find_twins(table, kCustomerColumns), IsEmpty());
  EXPECT_FALSE(find_block_copy(table, kCustomerColumns));
}

TEST(FindTwins, AnyThreadsGiveTheSame) {
  Customers customers(40000);
  customers.repeat(20000);
  for (std::size_t row = 40000; row < 60000; ++row) customers.spend[row] += 3.0;
  const Table table = customers.table();
  for (int threads = 1; threads <= 5; ++threads) {
    const ThreadCount count(threads);
    const auto twins = find_twins(table, kCustomerColumns);
    ASSERT_THAT(twins, SizeIs(1));
    EXPECT_GE(twins[0].pairs, 20000U);
    const auto copy = find_block_copy(table, kCustomerColumns);
    ASSERT_TRUE(copy);
    EXPECT_EQ(copy->rows, 19999U);
  }
}

TEST(FindTwins, RealTablesHaveNone) {
  for (const char* name : {"wa_churn.csv", "mlc_churn.csv", "churn_modelling.csv"}) {
    EBB_REAL_DATA(path, name);
    const Table table = read_csv(path);
    std::vector<std::string> names;
    for (const Column& column : table.columns()) {
      if (column.kind != ColumnKind::identifier) names.push_back(column.name);
    }
    EXPECT_THAT(find_twins(table, names), IsEmpty()) << name;
    EXPECT_FALSE(find_block_copy(table, names)) << name;
  }
}

}  // namespace
}  // namespace ebb::preprocessing
