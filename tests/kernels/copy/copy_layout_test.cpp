// How large copies are divided: by the layout alone, so that no memory is needed.
#include "kernels/copy/copy_layout.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace ebb::kernels {
namespace {

constexpr std::int64_t kMost = std::int64_t{1} << 30;

struct Part {
  CopyLayout layout;
  std::int64_t from;
  std::int64_t to;
};

std::vector<Part> parts_of(const CopyLayout& layout) {
  std::vector<Part> parts;
  for_parts(layout, kMost, [&](const CopyLayout& part, std::int64_t from, std::int64_t to) {
    parts.push_back({part, from, to});
  });
  return parts;
}

std::int64_t end_of(const Part& part, const Shape& strides, std::int64_t begin) {
  for (int i = 0; i < strides.rank(); ++i) begin += (part.layout.shape[i] - 1) * strides[i];
  return begin;
}

/// Of layouts whose output's strides descend and whose elements it keeps apart.
void expect_covers(const CopyLayout& whole) {
  std::vector<Part> parts = parts_of(whole);
  std::int64_t elements = 0;
  for (const Part& part : parts) {
    EXPECT_LE(part.layout.shape.elements(), kMost);
    ASSERT_GT(part.layout.shape.elements(), 0);
    EXPECT_EQ(part.layout.from, whole.from);
    EXPECT_EQ(part.layout.to, whole.to);
    elements += part.layout.shape.elements();
  }
  EXPECT_EQ(elements, whole.shape.elements());
  EXPECT_LE(parts.size(), static_cast<std::size_t>(4 * (elements / kMost + 1)));
  const Part all{whole, 0, 0};
  const Part& last = parts.back();
  EXPECT_EQ(parts.front().from, 0);
  EXPECT_EQ(parts.front().to, 0);
  EXPECT_EQ(end_of(last, whole.from, last.from), end_of(all, whole.from, 0));
  EXPECT_EQ(end_of(last, whole.to, last.to), end_of(all, whole.to, 0));
}

TEST(CopyLayoutTest, ShortDimensionsOutsideStayWhole) {
  for (const std::int64_t outer : {1, 2, 3}) {
    SCOPED_TRACE(outer);
    const std::int64_t row = kMost + 8;
    expect_covers({{outer, row}, {row + 3, 1}, {row + 5, 1}});
    expect_covers({{outer, row}, {1, outer}, {row, 1}});
  }
}

TEST(CopyLayoutTest, LongDimensionsAreHalvedWhereverTheyLie) {
  const std::int64_t n = std::int64_t{1} << 20;
  expect_covers({{n + 1, n + 3}, {n + 3, 1}, {n + 7, 1}});
  expect_covers({{3, 1 << 19, 5, 1 << 12},
                 {std::int64_t{5} << 31, std::int64_t{5} << 12, 1 << 12, 1},
                 {std::int64_t{6} << 31, std::int64_t{6} << 12, 1 << 12, 1}});
}

TEST(CopyLayoutTest, PartsBeginWhereThePacksOfTheWholeDo) {
  const std::int64_t row = kMost + 48;
  for (const Part& part : parts_of({{2, row}, {row + 16, 1}, {row + 32, 1}})) {
    EXPECT_EQ(part.layout.shape[1] % 16, 0);
    EXPECT_EQ(part.from % 16, 0);
    EXPECT_EQ(part.to % 16, 0);
  }
}

TEST(CopyLayoutTest, WhatIsSmallEnoughIsOnePart) {
  const auto parts = parts_of({{2, kMost / 2}, {kMost, 1}, {kMost / 2, 1}});
  ASSERT_EQ(parts.size(), 1U);
  EXPECT_EQ(parts[0].layout.shape, (Shape{2, kMost / 2}));
}

}  // namespace
}  // namespace ebb::kernels
