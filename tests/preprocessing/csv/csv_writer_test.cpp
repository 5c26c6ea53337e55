#include "preprocessing/csv/csv_writer.h"

#include "tests/preprocessing/support.h"

namespace ebb::preprocessing {
namespace {

TEST(CsvWriter, QuotesOnlyWhatNeedsIt) {
  std::string out;
  append_csv_record(out,
                    std::vector<std::string>{"plain", "a,b", "say \"hi\"", "", " pad", "x\ny"});
  EXPECT_EQ(out, "plain,\"a,b\",\"say \"\"hi\"\"\",,\" pad\",\"x\ny\"\n");
  out.clear();
  append_csv_record(out, std::vector<std::string>{"a,b", "c;d"}, ';');
  EXPECT_EQ(out, "a,b;\"c;d\"\n");
}

TEST(CsvWriter, WhatIsWrittenReadsBack) {
  const std::vector<std::vector<std::string>> rows = {{"a", "b"},
                                                      {"", "\"\""},
                                                      {" x ", "\t"},
                                                      {"1,2", "\r\n"},
                                                      {
                                                          "客户",
                                                          "\"",
                                                      },
                                                      {"-", "a\"b,c\nd"}};
  std::string out;
  for (const auto& row : rows) append_csv_record(out, row);
  CsvOptions options;
  options.missing_tokens = {};
  options.columns = {{"a", DeclaredKind::category}, {"b", DeclaredKind::category}};
  const Table table = read_text(out, options);
  ASSERT_EQ(table.rows(), rows.size() - 1);
  for (std::size_t row = 0; row < table.rows(); ++row) {
    EXPECT_EQ(table.column("a").text(row), rows[row + 1][0]);
    EXPECT_EQ(table.column("b").text(row), rows[row + 1][1]);
  }
}

TEST(CsvWriter, ASingleEmptyFieldIsNotABlankLine) {
  std::string out;
  append_csv_record(out, std::vector<std::string>{""});
  EXPECT_EQ(out, "\"\"\n");
}

}  // namespace
}  // namespace ebb::preprocessing
