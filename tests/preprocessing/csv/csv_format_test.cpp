// What well-formed files mean.
#include "tests/preprocessing/support.h"

namespace ebb::preprocessing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> texts(const Table& table, std::string_view name) {
  std::vector<std::string> result;
  for (std::size_t row = 0; row < table.rows(); ++row) {
    result.push_back(table.column(name).text(row));
  }
  return result;
}

CsvOptions as_categories(std::vector<std::string> names) {
  CsvOptions options;
  for (std::string& name : names) options.columns.push_back({name, DeclaredKind::category});
  return options;
}

TEST(CsvFormat, ReadsNumbersAndCategories) {
  const Table table = read_text("age,plan\n31,basic\n44.5,pro\n,basic\n1e2,NA\n");
  EXPECT_THAT(table.names(), ElementsAre("age", "plan"));
  EXPECT_EQ(table.column("age").kind, ColumnKind::number);
  EXPECT_EQ(table.column("plan").kind, ColumnKind::category);
  EXPECT_THAT(texts(table, "age"), ElementsAre("31", "44.5", "", "100"));
  EXPECT_THAT(texts(table, "plan"), ElementsAre("basic", "pro", "basic", ""));
  EXPECT_THAT(table.lines(), ElementsAre(2, 3, 4, 5));
}

TEST(CsvFormat, QuotesKeepDelimitersBreaksAndDoubledQuotes) {
  const Table table = read_text(
      "a,b\n\"x, y\",\"line one\nline two\"\n\"say \"\"hi\"\"\",\"\"\n \" pad \" ,  bare  \n",
      as_categories({"a", "b"}));
  EXPECT_THAT(texts(table, "a"), ElementsAre("x, y", "say \"hi\"", " pad "));
  EXPECT_THAT(texts(table, "b"), ElementsAre("line one\nline two", "", "bare"));
  EXPECT_THAT(table.lines(), ElementsAre(2, 4, 5));
}

TEST(CsvFormat, AQuoteInsideABareFieldIsText) {
  const Table table = read_text("a,b\n5\" pipe,1\nx,2\n", as_categories({"a"}));
  EXPECT_THAT(texts(table, "a"), ElementsAre("5\" pipe", "x"));
}

TEST(CsvFormat, CarriageReturnsByteOrderMarkAndMissingLastBreak) {
  const Table table = read_text("\xEF\xBB\xBF\"a\",b\r\n1,\"x\r\ny\"\r\n2,z");
  EXPECT_THAT(table.names(), ElementsAre("a", "b"));
  EXPECT_THAT(texts(table, "b"), ElementsAre("x\r\ny", "z"));
  EXPECT_THAT(table.lines(), ElementsAre(2, 4));
}

TEST(CsvFormat, BlankLinesAreSkippedAndCounted) {
  const Table table = read_text("\na,b\n\n1,2\n   \n3,4\n\n\n");
  EXPECT_THAT(texts(table, "a"), ElementsAre("1", "3"));
  EXPECT_THAT(table.lines(), ElementsAre(4, 6));
}

TEST(CsvFormat, ALineOfTabsIsARowOfATabSeparatedFile) {
  const Table table = read_text("a\tb\tc\n1\t2\t3\n\t\t\n4\t5\t6\n");
  EXPECT_THAT(texts(table, "a"), ElementsAre("1", "", "4"));
}

TEST(CsvFormat, AQuotedEmptyFieldIsARowOfOneColumn) {
  EXPECT_THAT(texts(read_text("a\n1\n\"\"\n3\n"), "a"), ElementsAre("1", "", "3"));
}

TEST(CsvFormat, SniffsEachDelimiter) {
  for (const char delimiter : {',', ';', '\t', '|'}) {
    const std::string d(1, delimiter);
    const Table table = read_text("name" + d + "note\n1" + d + "\"a,b;c|d\te\"\n2" + d + "x\n");
    EXPECT_THAT(table.names(), ElementsAre("name", "note")) << "delimiter " << d;
    EXPECT_THAT(texts(table, "note"), ElementsAre("a,b;c|d\te", "x")) << "delimiter " << d;
  }
}

TEST(CsvFormat, SniffsSemicolonsAmongDecimalCommas) {
  const Table table = read_text("a;b;c\n1,5;2,5;3,5\n4,5;5,5;6,5\n");
  EXPECT_THAT(table.names(), ElementsAre("a", "b", "c"));
  ASSERT_EQ(table.notes.size(), 3U);
  EXPECT_THAT(table.notes[0], HasSubstr("column \"a\" holds numbers with a decimal comma, such as "
                                        "\"1,5\""));
}

TEST(CsvFormat, TheDelimiterCanBeSet) {
  CsvOptions options;
  options.delimiter = '|';
  EXPECT_THAT(read_text("a,b|c\n1|2\n", options).names(), ElementsAre("a,b", "c"));
  options.delimiter = ':';
  EXPECT_THAT(
      read_error("a:b\n1:2\n", options),
      HasSubstr("delimiter ':' is not supported: use one of ',' ';' '|', a tab, or a blank"));
}

TEST(CsvFormat, ChineseNamesAndValues) {
  const Table table = read_text("客户编号,城市,流失\n1,北京,是\n2,上海,否\n3,北京,否\n");
  EXPECT_THAT(texts(table, "城市"), ElementsAre("北京", "上海", "北京"));
  EXPECT_EQ(table.column("客户编号").kind, ColumnKind::identifier);
  EXPECT_THAT(message_of([&] { static_cast<void>(table.column("城 市")); }),
              HasSubstr("Did you mean \"城市\"?"));
}

TEST(CsvFormat, MissingTokensAreConfigurable) {
  const std::string text = "a,b\n-999,?\n1,x\nNA,y\n";
  CsvOptions options = as_categories({"b"});
  options.missing_tokens = {"-999", "NA", ""};
  EXPECT_THAT(texts(read_text(text, options), "a"), ElementsAre("", "1", ""));
  EXPECT_THAT(texts(read_text(text, options), "b"), ElementsAre("?", "x", "y"));
}

TEST(CsvFormat, TenThousandColumns) {
  std::string text;
  for (int i = 0; i < 10000; ++i) text += (i > 0 ? ",c" : "c") + std::to_string(i);
  for (int row = 0; row < 30; ++row) {
    for (int i = 0; i < 10000; ++i) text += (i > 0 ? ',' : '\n') + std::to_string(i * row % 97);
  }
  const Table table = read_text(text);
  ASSERT_EQ(table.columns().size(), 10000U);
  ASSERT_EQ(table.rows(), 30U);
  ASSERT_EQ(table.column("c9999").kind, ColumnKind::number);
  EXPECT_EQ(table.column("c9999").numbers[29], 9999 * 29 % 97);
}

TEST(CsvFormat, IgnoredColumnsAreLeftOut) {
  CsvOptions options;
  options.columns = {{"b", DeclaredKind::ignore}};
  EXPECT_THAT(read_text("a,b,c\n1,x,2\n3,y,4\n", options).names(), ElementsAre("a", "c"));
}

TEST(CsvFormat, RowsAreCountedWhereNoColumnIsWanted) {
  CsvOptions options;
  options.undeclared = UndeclaredColumns::ignore;
  const Table table = read_text("a,b\n1,2\n\n3,4\n", options);
  EXPECT_TRUE(table.columns().empty());
  EXPECT_THAT(table.lines(), ElementsAre(2, 4));
}

}  // namespace
}  // namespace ebb::preprocessing
