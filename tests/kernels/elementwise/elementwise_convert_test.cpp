#include <cmath>
#include <cstring>
#include <limits>

#include <gtest/gtest.h>

#include "kernels/elementwise/elementwise.h"
#include "tests/kernels/support/backends.h"
#include "tests/kernels/support/buffer.h"
#include "tests/kernels/support/error_rule.h"
#include "tests/kernels/support/expect_error.h"

namespace ebb::kernels {
namespace {

using ebb::testing::Buffer;
using ebb::testing::expect_error;
using ebb::testing::test_device;

template <class To, class From>
std::vector<To> cast_to(const std::vector<From>& from, int threads = 1) {
  const Shape shape{static_cast<std::int64_t>(from.size())};
  const Buffer<From> input(shape, from);
  Buffer<To> output(shape);
  Context context(test_device(), threads);
  cast(context, {input.view(), output.view()});
  return output.values();
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

/// Small integers that every type holds.
template <class T>
Buffer<T> small_integers(std::int64_t count) {
  Buffer<T> numbers({count});
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    numbers[i] = ebb::testing::to_number<T>(static_cast<double>(i * 7 % 251));
  }
  return numbers;
}

/// Casts 100 of `From` to every type in `To`, from and to each place relative to a pack.
template <class From, class... To>
void expect_casts() {
  const Buffer<From> input = small_integers<From>(100);
  Context context(test_device(), 1);
  const auto expect_cast = [&]<class T>(std::type_identity<T>) {
    SCOPED_TRACE(std::string(name_of(dtype_of<From>)) + " to " + std::string(name_of(dtype_of<T>)));
    const Buffer<T> expected = small_integers<T>(100);
    for (const std::int64_t late : {0, 1}) {
      for (const std::int64_t count : {99, 80, 1, 0}) {
        Buffer<T> output({100});
        const Buffer<T> untouched({100});
        cast(context, {ConstView(input.data() + late, dtype_of<From>, {count}),
                       View(output.data() + late, dtype_of<T>, {count})});
        const auto bytes = static_cast<std::size_t>(count) * sizeof(T);
        EXPECT_EQ(std::memcmp(output.data() + late, expected.data() + late, bytes), 0);
        const std::size_t rest = static_cast<std::size_t>(100 - late - count) * sizeof(T);
        EXPECT_EQ(std::memcmp(output.data() + late + count, untouched.data(), rest), 0);
        if (late == 1) {
          EXPECT_EQ(std::memcmp(output.data(), untouched.data(), sizeof(T)), 0);
        }
      }
    }
  };
  (expect_cast(std::type_identity<To>()), ...);
}

TEST(CastTest, GoesBetweenAnyTwoTypesWhereverTheyBegin) {
  const auto to_all = []<class From>(std::type_identity<From>) {
    expect_casts<From, float, double, BFloat16, Float16, std::int32_t, std::int64_t,
                 std::uint8_t>();
  };
  to_all(std::type_identity<float>());
  to_all(std::type_identity<double>());
  to_all(std::type_identity<BFloat16>());
  to_all(std::type_identity<Float16>());
  to_all(std::type_identity<std::int32_t>());
  to_all(std::type_identity<std::int64_t>());
  to_all(std::type_identity<std::uint8_t>());
}

TEST(CastTest, KeepsSpecialValuesOfTheStorageTypes) {
  const auto nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> special = {nan, HUGE_VALF, -HUGE_VALF, -0.0F, 0x1p-130F, 0x1p-20F};
  const auto narrow = cast_to<float>(cast_to<BFloat16>(special));
  const auto half = cast_to<float>(cast_to<Float16>(special));
  for (const auto& result : {narrow, half}) {
    EXPECT_TRUE(std::isnan(result[0]));
    EXPECT_EQ(result[1], HUGE_VALF);
    EXPECT_EQ(result[2], -HUGE_VALF);
    EXPECT_TRUE(std::signbit(result[3]));
    EXPECT_EQ(result[5], 0x1p-20F);
  }
  EXPECT_EQ(narrow[4], 0x1p-130F);
  EXPECT_EQ(half[4], 0.0F);
  EXPECT_EQ(cast_to<std::int64_t>(cast_to<BFloat16>(special)),
            (std::vector<std::int64_t>{0, std::numeric_limits<std::int64_t>::max(),
                                       std::numeric_limits<std::int64_t>::min(), 0, 0, 0}));
}

TEST(FillTest, ConvertsTheValueOnce) {
  Context context(test_device(), 3);
  Buffer<float> floats({7, 31});
  fill(context, {0.1, floats.view()});
  for (const float value : floats.values()) EXPECT_EQ(value, 0.1F);
  Buffer<std::int32_t> integers({100000});
  fill(context, {-3.7, integers.view()});
  for (const std::int32_t value : integers.values()) EXPECT_EQ(value, -3);
  Buffer<BFloat16> narrow({5});
  fill(context, {1.5, narrow.view()});
  for (const BFloat16 value : narrow.values()) EXPECT_EQ(to_float(value), 1.5F);
}

template <class T>
void expect_fills() {
  const double value = std::is_same_v<T, std::uint8_t> ? 200 : -1234;
  const auto filled = ebb::testing::to_number<T>(value);
  Context context(test_device(), 1);
  for (std::int64_t begin = 0; begin < 17; ++begin) {
    for (const std::int64_t count : {0, 1, 2, 5, 15, 16, 17, 40}) {
      Buffer<T> output({60});
      const Buffer<T> untouched({60});
      fill(context, {value, View(output.data() + begin, dtype_of<T>, {count})});
      for (std::int64_t i = 0; i < 60; ++i) {
        const bool inside = i >= begin && i < begin + count;
        const T& expected = inside ? filled : untouched.data()[i];
        ASSERT_EQ(std::memcmp(output.data() + i, &expected, sizeof(T)), 0)
            << name_of(dtype_of<T>) << " " << count << " from " << begin << " at " << i;
      }
    }
  }
}

TEST(FillTest, FillsNoMoreThanAskedWhereverItBegins) {
  expect_fills<std::uint8_t>();
  expect_fills<Float16>();
  expect_fills<std::int32_t>();
  expect_fills<double>();
}

TEST(ConvertTest, NamesWhatDoesNotFit) {
  Context context({}, 1);
  const Buffer<float> from({4});
  Buffer<double> to({3});
  expect_error("cast: output is [3], expected [4] (as input)", [&] {
    cast(context, {from.view(), to.view()});
  });
  expect_error("fill: output is missing", [&] { fill(context, {1.0, View{}}); });
}

}  // namespace
}  // namespace ebb::kernels
