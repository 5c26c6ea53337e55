// Dates that lie after the label was settled.
#include "preprocessing/audit/late_dates.h"

#include <cmath>

#include "preprocessing/time/timestamp.h"
#include "tests/preprocessing/support.h"

namespace ebb::preprocessing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

LabelDate settled_on(std::string_view date) {
  LabelDate label_date;
  label_date.date = parse_iso8601(date);
  return label_date;
}

/// joined and closed hold dates, the rest does not.
Table dated_customers() {
  Table table;
  table.add(text_column("joined", {"2024-01-01", "2024-02-01", "", "2024-06-30"}));
  table.add(
      text_column("closed", {"", "2024-07-01", "2024-08-01T12:00:00", "2024-06-30T00:00:01"}));
  table.add(text_column("plan", {"a", "b", "a", "2024-09-01"}));
  table.add(number_column("spend", {1.5, 20240701, std::nan(""), 3}));
  table.add(text_column("nothing", {"", "", "", ""}));
  return table;
}

TEST(LateDates, AreCountedWithAnExample) {
  const Table table = dated_customers();
  const DateComparison found =
      compare_with_label_date(table, table.names(), settled_on("2024-06-30"));
  EXPECT_THAT(found.columns, ElementsAre("joined", "closed"));
  ASSERT_THAT(found.late, SizeIs(1));
  EXPECT_EQ(found.late[0].column, "closed");
  EXPECT_EQ(found.late[0].dates, 3U);
  EXPECT_EQ(found.late[0].late, 3U);
  EXPECT_EQ(found.late[0].first_row, 1U);
  EXPECT_EQ(found.late[0].example, "2024-07-01");
  EXPECT_EQ(found.late[0].label_date, "2024-06-30");
  EXPECT_THAT(compare_with_label_date(table, table.names(), settled_on("2024-08-02")).late,
              IsEmpty());
}

TEST(LateDates, TheLabelDateMayBeOneForEachRow) {
  Table table = dated_customers();
  table.add(text_column("settled", {"2023-12-31", "2024-07-02", "2024-08-01", ""}));
  LabelDate label_date;
  label_date.column = "settled";
  const std::vector<std::string> names = {"joined", "closed"};
  const DateComparison found = compare_with_label_date(table, names, label_date);
  ASSERT_THAT(found.late, SizeIs(2));
  EXPECT_EQ(found.late[0].column, "joined");
  EXPECT_EQ(found.late[0].dates, 2U);  // the row without a label date does not count
  EXPECT_EQ(found.late[0].late, 1U);
  EXPECT_EQ(found.late[1].example, "2024-08-01T12:00:00");
  EXPECT_EQ(found.late[1].label_date, "2024-08-01");
  Table bad = dated_customers();
  bad.add(text_column("settled", {"soon", "", "", ""}));
  EXPECT_THAT(message_of([&] { compare_with_label_date(bad, names, label_date); }),
              ::testing::HasSubstr("column \"settled\": \"soon\" is not a time"));
}

TEST(LateDates, AFewTextsAmongDatesArePassedOver) {
  std::vector<std::string> texts(20, "31/12/2024");
  texts[3] = "unknown";
  texts[4] = "0/0/0000";
  Table table;
  table.add(text_column("closed", texts));
  LabelDate label_date = settled_on("2024-06-30");
  EXPECT_THAT(compare_with_label_date(table, table.names(), label_date).columns, IsEmpty());
  label_date.format = TimeFormat("%d/%m/%Y");
  DateComparison found = compare_with_label_date(table, table.names(), label_date);
  ASSERT_THAT(found.late, SizeIs(1));
  EXPECT_EQ(found.late[0].late, 18U);
  EXPECT_EQ(found.late[0].dates, 18U);
  texts[5] = "unknown";  // now fewer than nine tenths
  Table other;
  other.add(text_column("closed", texts));
  EXPECT_THAT(compare_with_label_date(other, other.names(), label_date).columns, IsEmpty());
}

TEST(LateDates, WholeNumbersMayBeDates) {
  Table table;
  table.add(number_column("closed", {20240101, 20241231}));
  const DateComparison found =
      compare_with_label_date(table, table.names(), settled_on("2024-06-30"));
  ASSERT_THAT(found.late, SizeIs(1));
  EXPECT_EQ(found.late[0].example, "20241231");
}

}  // namespace
}  // namespace ebb::preprocessing
