// Rows that were made from other rows.
#include "preprocessing/audit/twins.h"

#include <algorithm>
#include <set>

#include "preprocessing/common/names.h"
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

/// A table of ten categories that go together, few of each, and a number of few values; sorted.
Table sorted_coarse_table(std::size_t rows) {
  SplitMix64 generator(5);
  std::vector<std::vector<std::uint64_t>> cells;
  for (std::size_t row = 0; row < rows; ++row) {
    const std::uint64_t kind = generator.below(4);
    std::vector<std::uint64_t> cell;
    for (std::uint64_t column = 0; column < 10; ++column) {
      cell.push_back(generator.below(10) < 8 ? (kind + column) % 3 : generator.below(3));
    }
    cell.push_back(generator.below(60) / (kind + 1));
    cell.push_back(generator.below(10) < 2 + kind ? 1 : 0);
    cells.push_back(std::move(cell));
  }
  std::sort(cells.begin(), cells.end());
  Table table;
  for (std::size_t column = 0; column < 12; ++column) {
    std::vector<std::string> texts;
    std::vector<double> numbers;
    for (const auto& cell : cells) {
      texts.push_back(fmt::format("level {}", cell[column]));
      numbers.push_back(static_cast<double>(cell[column]));
    }
    const std::string name = column == 11 ? "churn" : fmt::format("c{}", column);
    table.add(column == 10 ? number_column(name, numbers) : text_column(name, texts));
  }
  return table;
}

TEST(FindTwins, ASortedTableOfFewCategoriesHasNone) {
  for (const std::size_t rows : {2000U, 10000U, 100000U}) {
    const Table table = sorted_coarse_table(rows);
    const std::size_t step = rows < 100000 ? 1 : 5;  // the largest takes most of the time
    for (std::size_t columns = 2; columns <= 12; columns += step) {
      std::vector<std::string> names = table.names();
      names.erase(names.begin(), names.end() - static_cast<std::ptrdiff_t>(columns));
      EXPECT_THAT(find_twins(table, names), IsEmpty()) << rows << " rows, " << columns;
      EXPECT_FALSE(find_block_copy(table, names)) << rows << " rows, " << columns;
    }
  }
}

TEST(FindTwins, NeighboursInASortedTableAreNoCopies) {
  // More rows than a group may have, each value often, in order: the next row has the next value.
  Table table;
  std::vector<double> months;
  std::vector<std::string> plans;
  for (std::size_t row = 0; row < 100000; ++row) {
    months.push_back(static_cast<double>(row % 50000 / 700));
    plans.emplace_back(row < 50000 ? "a" : "b");
  }
  table.add(number_column("months", months));
  table.add(text_column("plan", plans));
  EXPECT_THAT(find_twins(table, table.names()), IsEmpty());
  EXPECT_FALSE(find_block_copy(table, table.names()));
}

TEST(FindTwins, TheExampleIsTheEarliestPairOfTheCommonDirection) {
  Customers customers(600);
  customers.repeat(300);
  for (std::size_t row = 600; row < 900; ++row) customers.age[row] += 4.0;
  // One original stands behind its copy, as the first row.
  std::vector<std::size_t> order = {600};
  for (std::size_t row = 1; row < 600; ++row) order.push_back(row);
  order.push_back(0);
  for (std::size_t row = 601; row < 900; ++row) order.push_back(row);
  const auto found = find_twins(select_rows(customers.table(), order), kCustomerColumns);
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].pairs, 300U);
  EXPECT_EQ(found[0].first_row, 1U);
  EXPECT_EQ(found[0].second_row, 601U);
  EXPECT_EQ(found[0].change.shift.value_or(0.0), 4.0);
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

/// Columns that are no identifiers.
std::vector<std::string> compared_columns(const Table& table) {
  std::vector<std::string> names;
  for (const Column& column : table.columns()) {
    if (column.kind != ColumnKind::identifier) names.push_back(column.name);
  }
  return names;
}

std::vector<std::size_t> sorted_by(const Table& table, std::span<const std::string> names) {
  std::vector<std::size_t> rows(table.rows());
  for (std::size_t row = 0; row < rows.size(); ++row) rows[row] = row;
  std::sort(rows.begin(), rows.end(), [&](std::size_t a, std::size_t b) {
    for (const std::string& name : names) {
      const std::string first = table.column(name).text(a);
      const std::string second = table.column(name).text(b);
      if (first != second) return first < second;
    }
    return a < b;
  });
  return rows;
}

TEST(FindTwins, FewColumnsOfSortedTelecomCustomersHaveNone) {
  EBB_REAL_DATA(path, "wa_churn.csv");
  const Table table = read_csv(path);
  std::vector<std::string> names = compared_columns(table);
  std::erase_if(names, [](const std::string& name) { return name.ends_with("charges"); });
  ASSERT_EQ(names.size(), 18U);
  for (std::size_t count = 3; count <= names.size(); count += 3) {
    const auto few = std::span<const std::string>(names).last(count);
    const Table sorted = select_rows(table, sorted_by(table, few));
    EXPECT_THAT(find_twins(sorted, few), IsEmpty()) << count;
    EXPECT_FALSE(find_block_copy(sorted, few)) << count;
  }
}

TEST(FindTwins, CopiedHalvesOfRealTablesAreFound) {
  for (const char* name : {"wa_churn.csv", "mlc_churn.csv", "churn_modelling.csv"}) {
    EBB_REAL_DATA(path, name);
    const Table table = read_csv(path);
    const std::vector<std::string> names = compared_columns(table);
    std::vector<std::size_t> rows(table.rows());
    for (std::size_t row = 0; row < rows.size(); ++row) rows[row] = row;
    for (std::size_t row = 0; row < table.rows() / 2; ++row) rows.push_back(row);
    const Table doubled = select_rows(table, rows);
    Table changed;
    std::string shifted;
    for (Column column : doubled.columns()) {
      if (shifted.empty() && contains(names, column.name) &&
          std::set<double>(column.numbers.begin(), column.numbers.end()).size() > 20) {
        shifted = column.name;
        for (std::size_t row = table.rows(); row < rows.size(); ++row) column.numbers[row] += 3.0;
      }
      changed.add(std::move(column));
    }
    const auto twins = find_twins(changed, names);
    ASSERT_THAT(twins, SizeIs(1)) << name;
    EXPECT_EQ(twins[0].change.column, shifted);
    EXPECT_EQ(twins[0].change.shift.value_or(0.0), 3.0);
    EXPECT_GT(twins[0].pairs, 9 * table.rows() / 20);
    const auto copy = find_block_copy(changed, names);
    ASSERT_TRUE(copy) << name;
    EXPECT_EQ(copy->lag, table.rows());
    EXPECT_GT(copy->rows, 9 * table.rows() / 20);
  }
}

TEST(FindTwins, RealTablesHaveNone) {
  for (const char* name : {"wa_churn.csv", "mlc_churn.csv", "churn_modelling.csv"}) {
    EBB_REAL_DATA(path, name);
    const Table table = read_csv(path);
    const std::vector<std::string> names = compared_columns(table);
    EXPECT_THAT(find_twins(table, names), IsEmpty()) << name;
    EXPECT_FALSE(find_block_copy(table, names)) << name;
  }
}

}  // namespace
}  // namespace ebb::preprocessing
