#include "apps/churn/reporting/text_table.h"

#include <limits>

#include <gtest/gtest.h>

#include "kernels/common/error.h"

namespace ebb::churn {
namespace {

TEST(TextTable, AlignsNamesLeftAndValuesRight) {
  TextTable table({"", "train", "test"});
  table.add({"accuracy", "0.9", "0.8765"});
  table.add({"f1", "-", "1"});
  EXPECT_EQ(table.to_text(),
            "          train    test\n"
            "accuracy    0.9  0.8765\n"
            "f1            -       1\n");
}

TEST(TextTable, CountsTheColumnsOfATerminal) {
  EXPECT_EQ(display_width("abc"), 3u);
  EXPECT_EQ(display_width("套餐a"), 5u);
  EXPECT_EQ(display_width("é"), 1u);
  EXPECT_EQ(display_width("e\xCC\x81"), 1u);
  EXPECT_EQ(display_width("\xE5\xA5"), 2u) << "a broken sequence is a column per byte";
  TextTable table({"", "x"});
  table.add({"套餐", "1"});
  table.add({"plan", "2"});
  EXPECT_EQ(table.to_text(), "      x\n套餐  1\nplan  2\n");
}

TEST(TextTable, RefusesARowOfAnotherLength) {
  TextTable table({"", "x"});
  EXPECT_THROW(table.add({"a"}), Error);
}

TEST(TextTable, ControlCharactersOfNamesBecomeBlanks) {
  EXPECT_EQ(printable("a\x1b[2J\nb\x7f套"), "a [2J b 套");
}

TEST(TextTable, FormatsNumbers) {
  EXPECT_EQ(format_metric(0.123456), "0.1235");
  EXPECT_EQ(format_metric(std::numeric_limits<double>::quiet_NaN()), "-");
  EXPECT_EQ(format_count(0), "0");
  EXPECT_EQ(format_count(999), "999");
  EXPECT_EQ(format_count(1000), "1,000");
  EXPECT_EQ(format_count(1234567), "1,234,567");
  EXPECT_EQ(format_count(-123456), "-123,456");
}

}  // namespace
}  // namespace ebb::churn
