// Fields between blanks (kBlanks in csv/records.h).
#include "tests/preprocessing/support.h"

namespace ebb::preprocessing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

CsvOptions blanks(std::size_t block_bytes = 1 << 20) {
  CsvOptions options;
  options.delimiter = ' ';
  options.block_bytes = block_bytes;
  return options;
}

TEST(CsvBlanks, AnyNumberOfBlanksAndTabsSeparates) {
  const Table table = read_text("  a  b\t\tc \r\n 1 2 \t 3\r\n\n4\t5   6", blanks());
  EXPECT_THAT(table.names(), ElementsAre("a", "b", "c"));
  EXPECT_THAT(table.column("a").numbers, ElementsAre(1, 4));
  EXPECT_THAT(table.column("c").numbers, ElementsAre(3, 6));
  EXPECT_THAT(table.lines(), ElementsAre(2, 4));
}

TEST(CsvBlanks, QuotesHoldBlanksAndEmptyFields) {
  const Table table = read_text("who  what\n\"a b\"  \"\"\r\nc \"say \"\"d\"\"\"\n", blanks());
  EXPECT_THAT(table.column("who").levels, ElementsAre("a b", "c"));
  EXPECT_TRUE(table.column("what").is_missing(0));
  EXPECT_EQ(table.column("what").text(1), "say \"d\"");
}

TEST(CsvBlanks, LargeFilesInBlocksAndThreads) {
  std::string text = " id   value\r\n";
  for (int i = 0; i < 5000; ++i) text += fmt::format("{:>5}{:>9.2f}\r\n", i, i * 0.25);
  const Table once = read_text(text, blanks());
  EXPECT_EQ(once.column("value").numbers[4999], 1249.75);
  for (const int threads : {1, 3}) {
    const ThreadCount count(threads);
    const Table blocks = read_text(text, blanks(64));
    EXPECT_EQ(blocks.column("value").numbers, once.column("value").numbers);
    EXPECT_EQ(blocks.lines(), once.lines());
  }
}

TEST(CsvBlanks, Errors) {
  EXPECT_THAT(read_error("a b\n1 2\n1 2 3\n", blanks()),
              HasSubstr("FILE:3: the row has 3 fields, expected 2"));
  EXPECT_THAT(read_error("a b\n1\n", blanks()),
              HasSubstr("FILE:2: the row has 1 field, expected 2"));
  EXPECT_THAT(read_error("a b\n\"1\"2 3\n", blanks()), HasSubstr("text after a closing quote"));
  EXPECT_THAT(read_error("a b\n\"1\"\r2 3\n", blanks()), HasSubstr("text after a closing quote"));
  EXPECT_THAT(read_error("a b\n1\r2 3\n", blanks()), HasSubstr("a carriage return without"));
}

}  // namespace
}  // namespace ebb::preprocessing
