// Missing values, drift, split overlap, and the report that holds all audits.
#include "preprocessing/audit/audit.h"

#include <cmath>

#include <nlohmann/json.hpp>

#include "tests/preprocessing/audit/customers.h"
#include "tests/support/test_json.h"

namespace ebb::preprocessing {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const AuditOptions kChurn = {
    .target = "churn", .positive = {}, .split_column = {}, .id_column = {}, .ignored = {}};

std::vector<std::string> texts_of(const AuditReport& report, const std::string& topic) {
  std::vector<std::string> texts;
  for (const Finding& finding : report.findings) {
    if (finding.topic == topic) texts.push_back(finding.text);
  }
  return texts;
}

TEST(Missingness, SharesGroupsAndTheLabel) {
  const Customers customers(1000);
  Table table = customers.table();
  std::vector<double> a(1000, 1.0);
  std::vector<double> c(1000, 1.0);
  std::vector<std::string> b(1000, "x");
  for (std::size_t row = 0; row < 1000; ++row) {
    if (row % 5 == 0) a[row] = NAN;
    if (row % 5 == 0 && row != 0) b[row] = "";
    if (customers.labels[row] == 1.0F && row % 2 == 0) c[row] = NAN;
  }
  table.add(number_column("a", a));
  table.add(text_column("b", b));
  table.add(number_column("c", c));
  const std::vector<std::string> names = {"spend", "b", "c", "a"};
  const Missingness found = find_missingness(table, names, customers.labels);
  ASSERT_THAT(found.columns, SizeIs(3));
  EXPECT_EQ(found.columns[0].name, "a");
  EXPECT_EQ(found.columns[0].missing, 200U);
  EXPECT_EQ(found.columns[0].share, 0.2);
  EXPECT_EQ(found.columns[1].name, "b");
  EXPECT_GT(found.columns[1].p_value, 1e-3);
  EXPECT_EQ(found.columns[2].positives_missing, 1.0);
  EXPECT_LT(found.columns[2].positives_present, 0.2);
  EXPECT_LT(found.columns[2].p_value, 1e-20);
  ASSERT_THAT(found.groups, SizeIs(1));
  EXPECT_THAT(found.groups[0].columns, ElementsAre("a", "b"));
  EXPECT_EQ(found.groups[0].rows, 200U);
}

TEST(TableDrift, KolmogorovSmirnovEqualsScipy) {
  const json cases = ebb::testing::test_json("audit.json").at("cases");
  ASSERT_EQ(cases.size(), 3U);
  for (const json& expected : cases) {
    const std::vector<double> before = expected.at("before");
    const std::vector<double> after = expected.at("after");
    const KolmogorovSmirnovTest test = kolmogorov_smirnov(before, after);
    EXPECT_NEAR(test.statistic, expected.at("statistic").get<double>(), 1e-15);
    EXPECT_NEAR(test.p_value, expected.at("p_value").get<double>(), 1e-13);
  }
  EXPECT_EQ(kolmogorov_smirnov(std::vector<double>{NAN}, std::vector<double>{1.0}).p_value, 1.0);
}

TEST(TableDrift, TheSameCustomersDoNotDrift) {
  const Table before = Customers(2000, 1).table();
  const Table after = Customers(1500, 2).table();
  for (const ColumnShift& shift : compare_tables(before, after, before.names())) {
    EXPECT_THAT(shift.warnings, IsEmpty()) << shift.name;
    EXPECT_NE(shift.name, "id");
  }
}

TEST(TableDrift, PlantedDriftIsSaid) {
  const Table before = Customers(2000, 1).table();
  Customers later(1500, 2);
  for (std::size_t row = 0; row < 1500; ++row) {
    later.spend[row] += 250.0;
    if (row % 4 == 0) later.age[row] = NAN;
    if (row % 10 == 0) later.plan[row] = "plan 9";
  }
  Table after = later.table();
  after.drop(std::vector<std::string>{"city"});
  const auto shifts = compare_tables(before, after, kCustomerColumns);
  ASSERT_THAT(shifts, SizeIs(5));
  EXPECT_THAT(shifts[0].warnings,
              ElementsAre(HasSubstr("population stability index"), HasSubstr("differ by 0.2")));
  EXPECT_NEAR(shifts[0].mean_after - shifts[0].mean_before, 250.0, 30.0);
  EXPECT_THAT(shifts[1].warnings,
              ::testing::Contains(HasSubstr("25.0 % of the values are missing")));
  EXPECT_EQ(shifts[2].new_levels, 1U);
  EXPECT_EQ(shifts[2].new_rows, 150U);
  EXPECT_THAT(shifts[2].warnings,
              ::testing::Contains(HasSubstr("rows have a new level, such as \"plan 9\"")));
  EXPECT_TRUE(shifts[3].is_absent);
  EXPECT_THAT(shifts[3].warnings, ElementsAre("the column is absent"));
  EXPECT_THAT(shifts[4].warnings, IsEmpty());
}

TEST(SplitOverlap, RowsAndCustomersInSeveralParts) {
  Customers customers(300);
  customers.repeat(30);  // equal but for the id
  customers.id[310] = customers.id[5];
  Table table = customers.table();
  std::vector<std::string> parts;
  for (std::size_t row = 0; row < 330; ++row) {
    parts.emplace_back(row < 200 ? "train" : (row < 300 ? "val" : "test"));
  }
  table.add(text_column("part", parts));
  const std::vector<std::string> ids = {"id"};
  const SplitOverlap overlap = find_split_overlap(table, "part", kCustomerColumns, ids);
  EXPECT_TRUE(overlap.any());
  EXPECT_EQ(overlap.test_in_train, 30U);
  EXPECT_EQ(overlap.validation_in_train, 0U);
  EXPECT_EQ(overlap.test_in_validation, 0U);
  ASSERT_THAT(overlap.identifiers, SizeIs(1));
  EXPECT_EQ(overlap.identifiers[0].values, 1U);
}

TEST(Audit, AnHonestTableHasNothingSerious) {
  const Table table = Customers(2000).table();
  const AuditReport report = audit_table(table, kChurn);
  for (const Finding& finding : report.findings) {
    EXPECT_EQ(finding.severity, Severity::note) << finding.text;
  }
  EXPECT_THAT(
      texts_of(report, "identifier"),
      ElementsAre("column \"id\" names rows (2000 distinct of 2000 values): it says nothing "
                  "about new customers"));
}

TEST(Audit, EverythingPlantedIsReported) {
  Customers customers(600);
  customers.repeat(600);
  for (std::size_t row = 600; row < 1200; ++row) customers.age[row] += 2.0;
  Table table = customers.table();
  std::vector<std::string> parts;
  std::vector<std::string> closed;
  for (std::size_t row = 0; row < 1200; ++row) {
    parts.emplace_back(row % 3 == 0 ? "test" : (row % 3 == 1 ? "val" : "train"));
    closed.emplace_back(customers.labels[row] == 1.0F ? "closed" : "");
  }
  table.add(text_column("part", parts));
  table.add(text_column("state", closed));
  AuditOptions options = kChurn;
  options.split_column = "part";
  Customers later(500, 3);
  for (double& spend : later.spend) spend *= 3.0;
  const Table other = later.table();
  const AuditReport report = audit_table(table, options, &other);
  EXPECT_THAT(texts_of(report, "leak"), ElementsAre(HasSubstr("column \"state\": whether it is")));
  EXPECT_THAT(texts_of(report, "twins"), SizeIs(2));
  EXPECT_THAT(texts_of(report, "twins")[1], HasSubstr("\"age\" raised by 2"));
  EXPECT_THAT(texts_of(report, "drift"), ::testing::Contains(HasSubstr("\"spend\"")));
  EXPECT_THAT(texts_of(report, "drift"), ::testing::Contains(HasSubstr("\"state\"")));
  EXPECT_EQ(report.findings.front().severity, Severity::serious);
  EXPECT_EQ(report.findings.back().severity, Severity::note);
  const auto document = to_json(report);
  EXPECT_EQ(document.at("leaks")[0].at("column"), "state");
  EXPECT_EQ(document.at("block_copy").at("lag"), 600);
  EXPECT_EQ(document.at("split").at("test_rows_in_train"), 0);
  EXPECT_EQ(ebb::testing::through_text(document).at("version"), 1);
}

TEST(Audit, AnyThreadsGiveTheSameReport) {
  Customers customers(3000);
  customers.repeat(300);
  const Table table = customers.table();
  const Table other = Customers(1000, 4).table();
  const ThreadCount one(1);
  const std::string expected = to_json(audit_table(table, kChurn, &other)).dump();
  for (int threads = 2; threads <= 5; ++threads) {
    const ThreadCount count(threads);
    EXPECT_EQ(to_json(audit_table(table, kChurn, &other)).dump(), expected);
  }
}

TEST(Audit, UnknownColumnsAreRefused) {
  const Table table = Customers(50).table();
  AuditOptions options = kChurn;
  options.ignored = {"spent"};
  EXPECT_THAT(message_of([&] { audit_table(table, options); }),
              HasSubstr("Did you mean \"spend\"?"));
  options = kChurn;
  options.target = "chrun";
  EXPECT_THAT(message_of([&] { audit_table(table, options); }), HasSubstr("churn"));
}

TEST(Audit, OfTelecomCustomers) {
  EBB_REAL_DATA(path, "wa_churn.csv");
  const AuditReport report = audit_table(read_csv(path), kChurn);
  EXPECT_THAT(report.leaks, IsEmpty());
  EXPECT_EQ(report.duplicates, 22U);
  ASSERT_THAT(report.missingness.columns, SizeIs(1));
  EXPECT_EQ(report.missingness.columns[0].missing, 11U);
  for (const Finding& finding : report.findings) {
    EXPECT_EQ(finding.severity, Severity::note) << finding.text;
  }
}

}  // namespace
}  // namespace ebb::preprocessing
