// Columns that know the answer.
#include "preprocessing/audit/leakage.h"

#include <cmath>

#include "preprocessing/table/labels.h"
#include "tests/preprocessing/audit/customers.h"

namespace ebb::preprocessing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

/// The suspects among a column that `make` gives from row and label, beside honest columns.
template <class Make>
std::vector<LeakSuspect> suspects_of(Make make, std::size_t rows = 1000) {
  const Customers customers(rows);
  Table table = customers.table();
  using Value = decltype(make(std::size_t{0}, true));
  std::vector<Value> values;
  for (std::size_t row = 0; row < rows; ++row) {
    values.push_back(make(row, customers.labels[row] == 1.0F));
  }
  if constexpr (std::is_same_v<Value, double>) {
    table.add(number_column("planted", values));
  } else {
    table.add(text_column("planted", values));
  }
  std::vector<std::string> names = kCustomerFeatures;
  names.emplace_back("planted");
  return find_leaks(table, names, customers.labels);
}

void expect_planted(const std::vector<LeakSuspect>& suspects, LeakEvidence evidence) {
  ASSERT_THAT(suspects, SizeIs(1));
  EXPECT_EQ(suspects[0].column, "planted");
  EXPECT_EQ(suspects[0].evidence, evidence) << suspects[0].explanation;
}

double noise(std::size_t row) { return static_cast<double>(row * 7919 % 1000); }

TEST(FindLeaks, HonestColumnsAreNone) {
  EXPECT_THAT(suspects_of([](std::size_t row, bool) { return noise(row); }), IsEmpty());
  // It tells much, but not nearly all.
  EXPECT_THAT(
      suspects_of([](std::size_t row, bool leaves) { return noise(row) + (leaves ? 700.0 : 0.0); }),
      IsEmpty());
}

TEST(FindLeaks, OrderOfNumbers) {
  const auto high =
      suspects_of([](std::size_t row, bool leaves) { return noise(row) + (leaves ? 990.0 : 0.0); });
  expect_planted(high, LeakEvidence::order);
  EXPECT_GT(high[0].score, 0.98);
  EXPECT_LT(high[0].score, 1.0);
  const auto low = suspects_of([](std::size_t, bool leaves) { return leaves ? 0.0 : 1.0; });
  expect_planted(low, LeakEvidence::order);
  EXPECT_EQ(low[0].score, 1.0);
  EXPECT_THAT(low[0].explanation, HasSubstr("its low values"));
}

TEST(FindLeaks, NumbersInTheMiddle) {
  const auto suspects = suspects_of(
      [](std::size_t row, bool leaves) { return leaves ? 1.0 : (row % 2 == 0 ? 0.0 : 2.0); });
  expect_planted(suspects, LeakEvidence::levels);
  EXPECT_GT(suspects[0].score, 0.99);
}

TEST(FindLeaks, LevelsOfACopyOfTheLabel) {
  const auto suspects = suspects_of([](std::size_t row, bool leaves) {
    return std::string(leaves ? (row % 2 == 0 ? "gone" : "left") : "here");
  });
  expect_planted(suspects, LeakEvidence::levels);
  EXPECT_GT(suspects[0].score, 0.99);
}

TEST(FindLeaks, AValueThatIsThereForThoseWhoLeave) {
  const auto dates = suspects_of(
      [](std::size_t row, bool leaves) { return leaves ? noise(row) : static_cast<double>(NAN); });
  expect_planted(dates, LeakEvidence::missing);
  const auto reasons = suspects_of([](std::size_t row, bool leaves) {
    return std::string(leaves && row % 3 == 0 ? "price" : "");
  });
  expect_planted(reasons, LeakEvidence::one_level);
  EXPECT_THAT(reasons[0].explanation, HasSubstr("\"a value\" occurs with one class only"));
}

TEST(FindLeaks, ALevelOfOneClass) {
  const auto suspects = suspects_of([](std::size_t row, bool leaves) {
    return std::string(leaves && row % 2 == 0 ? "closed" : (row % 3 == 0 ? "a" : "b"));
  });
  expect_planted(suspects, LeakEvidence::one_level);
  EXPECT_THAT(suspects[0].explanation, HasSubstr("\"closed\""));
}

TEST(FindLeaks, ManyLevelsAreNoLeak) {
  // Each level has two rows or so, and Cramér's V without its correction would be 0.8.
  EXPECT_THAT(suspects_of([](std::size_t row, bool) { return fmt::format("n{}", row * 37 % 499); }),
              IsEmpty());
}

TEST(FindLeaks, FewRowsProveNothing) {
  EXPECT_THAT(suspects_of([](std::size_t, bool leaves) { return leaves ? 1.0 : 0.0; }, 20),
              IsEmpty());
}

TEST(FindLeaks, AnyThreadsGiveTheSame) {
  const Customers customers(5000);
  Table table = customers.table();
  table.add(number_column("copy", {customers.labels.begin(), customers.labels.end()}));
  const std::vector<std::string> names = {"spend", "copy", "plan"};
  for (int threads = 1; threads <= 5; ++threads) {
    const ThreadCount count(threads);
    const auto suspects = find_leaks(table, names, customers.labels);
    ASSERT_THAT(suspects, SizeIs(1));
    EXPECT_EQ(suspects[0].score, 1.0);
  }
}

TEST(FindIdentifiers, ByKindAndByName) {
  Table table = Customers(100).table();
  std::vector<double> numbers;
  std::vector<double> repeated;
  for (int i = 0; i < 100; ++i) {
    numbers.push_back(i * 3.5);
    repeated.push_back(i % 4);
  }
  table.add(number_column("account_id", numbers));
  table.add(number_column("plan_id", repeated));
  std::vector<std::string> found;
  for (const IdentifierColumn& column : find_identifiers(table)) found.push_back(column.name);
  EXPECT_THAT(found, ElementsAre("id", "account_id"));
}

struct RealTable {
  const char* file;
  const char* target;
};

class RealTables : public ::testing::TestWithParam<RealTable> {};

TEST_P(RealTables, HaveNoLeaks) {
  EBB_REAL_DATA(path, GetParam().file);
  const Table table = read_csv(path);
  const Labels labels = parse_labels(table, GetParam().target);
  std::vector<std::string> names = table.names();
  std::erase(names, GetParam().target);
  for (const LeakSuspect& suspect : find_leaks(table, names, labels.values)) {
    ADD_FAILURE() << suspect.column << ": " << suspect.explanation;
  }
}

INSTANTIATE_TEST_SUITE_P(FindLeaks, RealTables,
                         ::testing::Values(RealTable{"wa_churn.csv", "churn"},
                                           RealTable{"mlc_churn.csv", "churn"},
                                           RealTable{"churn_modelling.csv", "Exited"}));

TEST(FindIdentifiers, OfBankCustomers) {
  EBB_REAL_DATA(path, "churn_modelling.csv");
  std::vector<std::string> found;
  for (const IdentifierColumn& column : find_identifiers(read_csv(path))) {
    found.push_back(column.name);
  }
  EXPECT_THAT(found, ElementsAre("RowNumber", "CustomerId"));
}

}  // namespace
}  // namespace ebb::preprocessing
