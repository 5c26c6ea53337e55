// Bad files, each with its whole message.
#include <filesystem>

#include "tests/preprocessing/support.h"

namespace ebb::preprocessing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using namespace std::string_literals;

TEST(CsvErrors, EmptyFile) {
  const std::string message = "FILE: the file is empty: expected a header line with column names";
  EXPECT_EQ(read_error(""), message);
  EXPECT_EQ(read_error("\n  \n\r\n"), message);
  EXPECT_EQ(read_error("\xEF\xBB\xBF"), message);
}

TEST(CsvErrors, HeaderOnly) {
  const std::string message = "FILE: the file has a header but no rows";
  EXPECT_EQ(read_error("a,b\n"), message);
  EXPECT_EQ(read_error("a,b"), message);
  EXPECT_EQ(read_error("a,b\n\n  \n"), message);
}

TEST(CsvErrors, RaggedRowNamesItsLine) {
  EXPECT_EQ(
      read_error("a,b,c\n1,2,3\n\"x\ny\",2,3\n4,5\n6,7,8\n"),
      "FILE:5: the row has 2 fields, expected 3 as in the header: quote a field that contains "
      "the delimiter ',' or a line break");
  EXPECT_THAT(read_error("a,b\n1,2\n1,2,3\n"),
              StartsWith("FILE:3: the row has 3 fields, expected 2"));
  EXPECT_THAT(read_error("a,b\nx\n"), StartsWith("FILE:2: the row has 1 field, expected 2"));
}

TEST(CsvErrors, TheFirstRaggedRowIsNamedWhateverTheThreads) {
  std::string text = "a,b\n";
  for (int row = 0; row < 20000; ++row) text += row == 7000 || row > 9000 ? "1\n" : "1,2\n";
  for (int threads = 1; threads <= 5; ++threads) {
    const ThreadCount count(threads);
    EXPECT_THAT(read_error(text), StartsWith("FILE:7002: the row has 1 field"));
  }
}

TEST(CsvErrors, HeaderNames) {
  EXPECT_EQ(read_error("a,b,a\n1,2,3\n"),
            "FILE:1: the header names \"a\" twice (columns 1 and 3): rename one");
  EXPECT_EQ(read_error("\n a ,, b\n1,2,3\n"),
            "FILE:2: column 2 of 3 has no name in the header: give every column a name");
}

TEST(CsvErrors, NulBytes) {
  EXPECT_EQ(read_error("a,b\n1,2\n3,x\0y\n"s),
            "FILE:3:4: a NUL byte: the file is not text, or is UTF-16 (save it as UTF-8)");
  EXPECT_THAT(read_error("a\0,b\n1,2\n"s), StartsWith("FILE:1:2: a NUL byte"));
  EXPECT_THAT(read_error("a,b\n\"x\ny\0\",2\n"s), StartsWith("FILE:3:2: a NUL byte"));
}

TEST(CsvErrors, Utf16) {
  const std::string message =
      "FILE: the file is UTF-16: save it as UTF-8 (iconv -f UTF-16 -t UTF-8)";
  EXPECT_EQ(read_error("\xFF\xFEx\0,\0y\0\n\0p\0,\0q\0\n\0"s), message);
  EXPECT_EQ(read_error("\xFE\xFF\0x\0,\0y\0\n\0p\0,\0q\0\n"s), message);
}

TEST(CsvErrors, InvalidUtf8) {
  EXPECT_EQ(read_error("a,b\n1,\xB1\xB1\xBE\xA9\n"),
            "FILE:2:3: byte 0xB1 is not valid UTF-8: save the file as UTF-8 (a Latin-1 or "
            "Windows-1252 file: iconv -f WINDOWS-1252 -t UTF-8; a GBK file: iconv -f GB18030 -t "
            "UTF-8)");
  for (const std::string bad : {"\xC0\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE4\xBD", "\x80",
                                "\xE0\x80\x80", "\xF8\x88\x80\x80\x80"}) {
    EXPECT_THAT(read_error(fmt::format("a,b\n1,x{}\n", bad)), HasSubstr("FILE:2:4: byte")) << bad;
  }
}

TEST(CsvErrors, UnterminatedQuote) {
  EXPECT_EQ(
      read_error("a,b\n1,2\n3,\"x\n4,5\n"),
      "FILE:3:3: a quote opens here and is never closed: close it, or double it if it is part "
      "of the text");
  EXPECT_THAT(read_error("\"a,b\n1,2\n"), StartsWith("FILE:1:1: a quote opens here"));
}

TEST(CsvErrors, UnterminatedQuoteDoesNotFillTheMemory) {
  CsvOptions options;
  options.block_bytes = 1024;
  options.max_record_bytes = 8192;
  std::string text = "a,b\n1,2\n3,\"x\n";
  for (int row = 0; row < 4000; ++row) text += "4,5\n";
  EXPECT_EQ(read_error(text, options),
            "FILE:3: a record longer than 8192 bytes begins here: probably a quote that is never "
            "closed");
}

TEST(CsvErrors, LongRecordsSayWhatIsWrong) {
  CsvOptions options;
  options.block_bytes = 1024;
  options.max_record_bytes = 8192;
  const std::string rows = "a,b\n1,2\n";
  EXPECT_EQ(read_error(rows + std::string(20000, 'x') + ",1\n", options),
            "FILE:3: a record longer than 8192 bytes begins here: there is no line break; each row "
            "stands on a line that ends with LF or CRLF");
  EXPECT_THAT(read_error(std::string(20000, 'x') + ",b\n1,2\n", options),
              StartsWith("FILE:1: a record longer than 8192 bytes"));
  EXPECT_THAT(read_error(rows + std::string(20000, '\0'), options),
              StartsWith("FILE:3:1: a NUL byte"));
  // Characters of three bytes, cut by the blocks.
  std::string chinese = "x";
  while (chinese.size() < 20000) chinese += "客";
  EXPECT_THAT(read_error(rows + chinese, options), StartsWith("FILE:3: a record longer than"));
}

TEST(CsvErrors, BlankLinesAreNoLongRecord) {
  CsvOptions options;
  options.block_bytes = 1024;
  options.max_record_bytes = 2048;
  const std::string blanks(20000, '\n');
  EXPECT_EQ(read_error(blanks, options),
            "FILE: the file is empty: expected a header line with column names");
  const Table table = read_text("a,b\n1,2\n" + blanks + "3,4\n", options);
  EXPECT_EQ(table.lines(), (std::vector<std::uint64_t>{2, 20003}));
  EXPECT_EQ(read_text(blanks + "a,b\n1,2\n", options).lines(), (std::vector<std::uint64_t>{20002}));
}

TEST(CsvErrors, ShortRowsOfAWideTableTakeNoRoom) {
  // A place for each column of each row would be 80 GB.
  std::string text = "x0";
  for (int i = 1; i < 10'000; ++i) text += fmt::format(",x{}", i);
  text += "\n";
  for (int row = 0; row < 1'000'000; ++row) text += "1\n";
  EXPECT_THAT(read_error(text), StartsWith("FILE:2: the row has 1 field, expected 10000"));
}

TEST(CsvErrors, TooManyColumns) {
  EXPECT_EQ(read_error(std::string(100'000, ',') + "\n1\n"),
            "FILE:1: the header names 100001 columns, at most 100000 are possible");
}

TEST(CsvErrors, LongTextsAreNamedInPart) {
  const std::string message = read_error("a,b\n1,2\n2," + std::string(100'000, 'x') + "\n", [] {
    CsvOptions options;
    options.columns = {{"b", DeclaredKind::number}};
    return options;
  }());
  EXPECT_THAT(message, HasSubstr(std::string(100, 'x') + "...\" is not a number"));
  EXPECT_LT(message.size(), 1000U);
}

TEST(CsvErrors, TextAfterAClosingQuote) {
  EXPECT_EQ(read_error("a,b\n1,\"x\" y\n"),
            "FILE:2:5: text after a closing quote: a quote inside a quoted field must be doubled "
            "(\"\")");
}

TEST(CsvErrors, LoneCarriageReturns) {
  EXPECT_THAT(read_error("a,b\n1,2\r3,4\n"),
              StartsWith("FILE:2:4: a carriage return without a line"));
  EXPECT_THAT(read_error("a,b\r1,2\r3,4\r"),
              StartsWith("FILE:1:4: a carriage return without a line"));
}

TEST(CsvErrors, TextInANumberColumn) {
  std::string text = "id,age\n";
  for (int row = 0; row < 40; ++row) {
    text += fmt::format("{},{}\n", row, row == 17 ? "abc" : std::to_string(20 + row));
  }
  EXPECT_EQ(
      read_error(text),
      "FILE:19: column \"age\": \"abc\" is not a number, as 39 of the column's 40 values are: "
      "correct the cell, declare the column a category, or add \"abc\" to the missing tokens");
  CsvOptions options;
  options.missing_tokens.push_back("abc");
  EXPECT_TRUE(read_text(text, options).column("age").is_missing(17));
  options = {};
  options.columns = {{"age", DeclaredKind::category}};
  EXPECT_EQ(read_text(text, options).column("age").text(17), "abc");
}

TEST(CsvErrors, TextInADeclaredNumberColumn) {
  CsvOptions options;
  options.columns = {{"a", DeclaredKind::number}};
  EXPECT_THAT(
      read_error("a,b\nx,1\ny,2\n", options),
      StartsWith("FILE:2: column \"a\": \"x\" is not a number, as the column is declared to "
                 "be: correct the cell"));
  EXPECT_THAT(read_error("a,b\ninf,1\n2,2\n", options), HasSubstr("\"inf\" is not a number"));
}

TEST(CsvErrors, TextInANumberColumnBehindTheSample) {
  CsvOptions options;
  options.sample_rows = 1;
  options.block_bytes = 64;
  std::string text = "a,b\n";
  for (int row = 0; row < 100; ++row) text += row == 90 ? "x,1\n" : "1.5,1\n";
  EXPECT_THAT(
      read_error(text, options),
      StartsWith("FILE:92: column \"a\": \"x\" is not a number, as the column's values before "
                 "it are"));
}

TEST(CsvErrors, UnknownDeclaredColumn) {
  CsvOptions options;
  options.columns = {{"agee", DeclaredKind::number}};
  EXPECT_EQ(
      read_error("age,plan\n1,2\n", options),
      "FILE: there is no column \"agee\", which is declared number. Did you mean \"age\"? There "
      "are: \"age\", \"plan\".");
  options.require_declared = false;
  EXPECT_EQ(read_text("age,plan\n1,2\n", options).columns().size(), 2U);
  options.columns = {{"age", DeclaredKind::number}, {"age", DeclaredKind::category}};
  EXPECT_EQ(read_error("age,plan\n1,2\n", options), "column \"age\" is declared twice");
}

TEST(CsvErrors, FilesThatCannotBeRead) {
  EXPECT_EQ(message_of<IoError>([] { read_csv("/nonexistent/x.csv"); }),
            "/nonexistent/x.csv: cannot open: No such file or directory");
  EXPECT_THAT(message_of<IoError>([] { read_csv(std::filesystem::temp_directory_path()); }),
              HasSubstr("cannot read: Is a directory"));
}

}  // namespace
}  // namespace ebb::preprocessing
