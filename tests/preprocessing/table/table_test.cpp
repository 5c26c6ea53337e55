#include "preprocessing/table/table.h"

#include "tests/preprocessing/support.h"

namespace ebb::preprocessing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Table small_table() { return read_text("age,plan,流失\n31,basic,1\n,pro,0\n52,basic,0\n"); }

TEST(Table, UnknownColumnListsNearNames) {
  const Table table = small_table();
  EXPECT_THAT(message_of([&] { static_cast<void>(table.column("aeg")); }),
              HasSubstr("there is no column \"aeg\". Did you mean \"age\"? There are: \"age\", "
                        "\"plan\", \"流失\"."));
  EXPECT_EQ(table.find("aeg"), nullptr);
}

TEST(Table, ManyNamesAreCutShort) {
  Table table;
  for (int i = 0; i < 100; ++i) table.add(number_column(fmt::format("c{}", i), {1.0}));
  EXPECT_THAT(message_of([&] { static_cast<void>(table.column("something else")); }),
              HasSubstr("\"c11\" and 88 more."));
}

TEST(Table, SelectsRowsWithTheirLines) {
  const Table picked = select_rows(small_table(), std::vector<std::size_t>{2, 0, 2});
  EXPECT_THAT(picked.lines(), ElementsAre(4, 2, 4));
  EXPECT_THAT(picked.column("age").numbers, ElementsAre(52.0, 31.0, 52.0));
  EXPECT_THAT(picked.column("plan").codes, ElementsAre(0, 0, 0));
  EXPECT_THAT(picked.column("plan").levels, ElementsAre("basic", "pro"));
  EXPECT_EQ(select_rows(small_table(), {}).rows(), 0U);
  EXPECT_THAT(message_of<Error>([] { select_rows(small_table(), std::vector<std::size_t>{3}); }),
              HasSubstr("row 3 of a table with 3 rows"));
}

TEST(Table, KeepsRowsInPlace) {
  for (const std::vector<std::size_t>& rows :
       {std::vector<std::size_t>{0, 2}, {1}, {}, {0, 1, 2}}) {
    Table table = small_table();
    table.keep_rows(rows);
    expect_equal(table, select_rows(small_table(), rows));
  }
  for (const std::vector<std::size_t>& rows : {std::vector<std::size_t>{0, 3}, {1, 1}, {2, 0}}) {
    EXPECT_THAT(message_of<Error>([&] { small_table().keep_rows(rows); }),
                HasSubstr("keep_rows: rows must ascend and be below 3"));
  }
}

TEST(Table, AddsAndDropsColumns) {
  Table table = small_table();
  EXPECT_THAT(message_of([&] {
                table.add(number_column("age", {1, 2, 3}));
              }),
              HasSubstr("column \"age\" exists twice"));
  EXPECT_THAT(message_of<Error>([&] {
                table.add(number_column("x", {1, 2}));
              }),
              HasSubstr("column \"x\" has 2 values, expected 3"));
  table.drop(std::vector<std::string>{"age", "流失"});
  EXPECT_THAT(table.names(), ElementsAre("plan"));
  EXPECT_EQ(table.column("plan").text(1), "pro");
  EXPECT_THAT(message_of([&] { table.drop(std::vector<std::string>{"age"}); }),
              HasSubstr("there is no column \"age\""));
}

TEST(Table, NamesWhereARowCameFrom) {
  EXPECT_THAT(small_table().where(2), ::testing::EndsWith(".csv:4"));
  Table table;
  table.add(number_column("x", {1, 2}));
  EXPECT_EQ(table.where(1), "table: row 2");
}

TEST(Column, NumbersAsTextsAndBack) {
  const double missing = std::nan("");
  const Column column = as_text(number_column("x", {1.0, 0.1, missing, -3e20, 1.0}));
  EXPECT_THAT(column.levels, ElementsAre("1", "0.1", "-3e+20"));
  EXPECT_THAT(column.codes, ElementsAre(0, 1, kMissingCode, 2, 0));
}

TEST(DeclaredKinds, NamesRoundTrip) {
  for (const char* name : {"number", "category", "identifier", "ignore"}) {
    EXPECT_EQ(kind_name(parse_declared_kind(name)), name);
  }
  EXPECT_EQ(message_of([] { parse_declared_kind("float"); }),
            "\"float\" is no kind of column: use number, category, identifier or ignore");
}

}  // namespace
}  // namespace ebb::preprocessing
