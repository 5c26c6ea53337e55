#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "kernels/elementwise/elementwise.h"
#include "tests/kernels/support/backends.h"
#include "tests/kernels/support/buffer.h"
#include "tests/kernels/support/error_rule.h"
#include "tests/kernels/support/expect_error.h"

namespace ebb::kernels {
namespace {

using ebb::testing::expect_error;

template <class T>
View view_of(std::vector<T>& values) {
  return {values.data(), dtype_of<T>, {static_cast<std::int64_t>(values.size())}};
}

template <class To, class From>
std::vector<To> cast_to(std::vector<From> from, int threads = 1) {
  std::vector<To> to(from.size());
  Context context({}, threads);
  cast(context, {view_of(from), view_of(to)});
  return to;
}

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

TEST(CastTest, TruncatesToIntegersAndSaturates) {
  const std::vector<double> from = {1.9,  -1.9,  0.0,       3e9,        -3e9,
                                    1e30, -1e30, kInfinity, -kInfinity, kNaN};
  constexpr auto kMost32 = std::numeric_limits<std::int32_t>::max();
  constexpr auto kLeast32 = std::numeric_limits<std::int32_t>::min();
  EXPECT_EQ(cast_to<std::int32_t>(from),
            (std::vector<std::int32_t>{1, -1, 0, kMost32, kLeast32, kMost32, kLeast32, kMost32,
                                       kLeast32, 0}));
  constexpr auto kMost64 = std::numeric_limits<std::int64_t>::max();
  constexpr auto kLeast64 = std::numeric_limits<std::int64_t>::min();
  EXPECT_EQ(cast_to<std::int64_t>(from),
            (std::vector<std::int64_t>{1, -1, 0, 3000000000, -3000000000, kMost64, kLeast64,
                                       kMost64, kLeast64, 0}));
  EXPECT_EQ(cast_to<std::uint8_t>(from),
            (std::vector<std::uint8_t>{1, 0, 0, 255, 0, 255, 0, 255, 0, 0}));
  // 2^31 as a float is one more than the largest i32.
  EXPECT_EQ(cast_to<std::int32_t>(std::vector<float>{0x1p31F, 0x1.fffffep30F, -0x1p31F}),
            (std::vector<std::int32_t>{kMost32, 2147483520, kLeast32}));
}

TEST(CastTest, SaturatesBetweenIntegers) {
  const std::vector<std::int64_t> from = {5, -5, 300, 5000000000, -5000000000};
  EXPECT_EQ(cast_to<std::int32_t>(from),
            (std::vector<std::int32_t>{5, -5, 300, 2147483647, -2147483647 - 1}));
  EXPECT_EQ(cast_to<std::uint8_t>(from), (std::vector<std::uint8_t>{5, 0, 255, 255, 0}));
  EXPECT_EQ(cast_to<std::int64_t>(std::vector<std::uint8_t>{0, 255}),
            (std::vector<std::int64_t>{0, 255}));
}

TEST(CastTest, RoundsToTheNearestFloat) {
  EXPECT_EQ(cast_to<float>(std::vector<double>{0.1, 1e300, -1e300}),
            (std::vector<float>{0.1F, HUGE_VALF, -HUGE_VALF}));
  EXPECT_EQ(cast_to<float>(std::vector<std::int64_t>{16777217, 9007199254740993}),
            (std::vector<float>{16777216.0F, 9007199254740992.0F}));
  EXPECT_EQ(cast_to<double>(std::vector<std::int64_t>{9007199254740993}),
            (std::vector<double>{9007199254740992.0}));
  EXPECT_TRUE(std::isnan(cast_to<float>(std::vector<double>{kNaN})[0]));
}

TEST(CastTest, GoesThroughTheStorageTypes) {
  const std::vector<float> values = {1.0F, -2.5F, 65504.0F, 0.0F, -0.0F, HUGE_VALF};
  EXPECT_EQ(cast_to<float>(cast_to<Float16>(values)), values);
  EXPECT_EQ(cast_to<double>(cast_to<Float16>(std::vector<double>{1e6, 0.5})),
            (std::vector<double>{kInfinity, 0.5}));
  EXPECT_EQ(cast_to<float>(cast_to<BFloat16>(std::vector<float>{1.0F, 1.00390625F, 1.01171875F})),
            (std::vector<float>{1.0F, 1.0F, 1.015625F}));  // ties go to even
  EXPECT_EQ(cast_to<std::int32_t>(cast_to<BFloat16>(std::vector<std::int32_t>{-7})),
            (std::vector<std::int32_t>{-7}));
  const std::vector<float> narrowed = cast_to<float>(cast_to<Float16>(cast_to<BFloat16>(values)));
  EXPECT_EQ(narrowed[1], -2.5F);
}

TEST(CastTest, HasEqualBitsForAnyNumberOfThreads) {
  std::vector<float> from(100003);
  for (std::size_t i = 0; i < from.size(); ++i) from[i] = static_cast<float>(i) * 0.37F;
  const auto first = cast_to<std::int32_t>(from, 1);
  for (const int threads : ebb::testing::kThreadCounts) {
    EXPECT_EQ(cast_to<std::int32_t>(from, threads), first);
  }
}

TEST(FillTest, ConvertsTheValueOnce) {
  Context context({}, 3);
  ebb::testing::Buffer<float> floats({7, 31});
  fill(context, {0.1, floats.view()});
  for (const float value : floats.values()) EXPECT_EQ(value, 0.1F);
  ebb::testing::Buffer<std::int32_t> integers({100000});
  fill(context, {-3.7, integers.view()});
  for (const std::int32_t value : integers.values()) EXPECT_EQ(value, -3);
  std::vector<BFloat16> narrow(5);
  fill(context, {1.5, view_of(narrow)});
  for (const BFloat16 value : narrow) EXPECT_EQ(to_float(value), 1.5F);
}

TEST(ConvertTest, NamesWhatDoesNotFit) {
  Context context({}, 1);
  std::vector<float> from(4);
  std::vector<double> to(3);
  expect_error("cast: output is [3], expected [4] (as input)", [&] {
    cast(context, {view_of(from), view_of(to)});
  });
  expect_error("fill: output is missing", [&] { fill(context, {1.0, View{}}); });
}

}  // namespace
}  // namespace ebb::kernels
