#include "preprocessing/csv/text_buffer.h"

#include <gtest/gtest.h>

namespace ebb::preprocessing {
namespace {

TEST(TextBuffer, IsEmptyWhereItWasMovedFrom) {
  TextBuffer from;
  from.assign("some text");
  TextBuffer to = std::move(from);
  EXPECT_EQ(to.view(), "some text");
  EXPECT_EQ(from.view(), "");  // NOLINT(bugprone-use-after-move)
  from.assign("more");
  to = std::move(from);
  EXPECT_EQ(to.view(), "more");
  EXPECT_EQ(from.view(), "");  // NOLINT(bugprone-use-after-move)
  from.push_back('x');
  EXPECT_EQ(from.view(), "x");
}

}  // namespace
}  // namespace ebb::preprocessing
