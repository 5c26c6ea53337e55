#include "kernels/common/dtype.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

namespace ebb {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

TEST(DTypeTest, SizesAndNamesAgreeWithTheElementTypes) {
  EXPECT_EQ(size_of(dtype_of<float>), sizeof(float));
  EXPECT_EQ(size_of(dtype_of<double>), sizeof(double));
  EXPECT_EQ(size_of(dtype_of<BFloat16>), sizeof(BFloat16));
  EXPECT_EQ(size_of(dtype_of<Float16>), sizeof(Float16));
  EXPECT_EQ(size_of(dtype_of<std::int32_t>), 4u);
  EXPECT_EQ(size_of(dtype_of<std::int64_t>), 8u);
  EXPECT_EQ(size_of(dtype_of<std::uint8_t>), 1u);
  EXPECT_EQ(name_of(DType::bf16), "bf16");
  EXPECT_EQ(name_of(DType::u8), "u8");
  EXPECT_TRUE(is_floating(DType::f16));
  EXPECT_FALSE(is_floating(DType::i32));
}

TEST(DTypeTest, EveryBFloat16SurvivesTheRoundTrip) {
  for (std::uint32_t bits = 0; bits < 65536; ++bits) {
    const BFloat16 value{static_cast<std::uint16_t>(bits)};
    const float wide = to_float(value);
    if (std::isnan(wide)) {
      EXPECT_TRUE(std::isnan(to_float(to_bfloat16(wide))));
    } else {
      EXPECT_EQ(to_bfloat16(wide).bits, value.bits);
    }
  }
}

TEST(DTypeTest, EveryFloat16SurvivesTheRoundTrip) {
  for (std::uint32_t bits = 0; bits < 65536; ++bits) {
    const Float16 value{static_cast<std::uint16_t>(bits)};
    const float wide = to_float(value);
    if (std::isnan(wide)) {
      EXPECT_TRUE(std::isnan(to_float(to_float16(wide))));
    } else {
      EXPECT_EQ(to_float16(wide).bits, value.bits);
    }
  }
}

/// Halfway between neighbours the even one is taken, a little off it the nearer one.
template <class T, class Narrow>
void expect_ties_to_even(Narrow&& narrow, std::uint32_t last_finite) {
  for (std::uint32_t bits = 0; bits < last_finite; ++bits) {
    const float low = to_float(T{static_cast<std::uint16_t>(bits)});
    const float high = to_float(T{static_cast<std::uint16_t>(bits + 1)});
    const float middle = low + (high - low) / 2;
    const std::uint32_t even = bits + (bits & 1u);
    ASSERT_EQ(narrow(middle).bits, even) << "between " << low << " and " << high;
    ASSERT_EQ(narrow(-middle).bits, even | 0x8000u);
    ASSERT_EQ(narrow(std::nextafter(middle, -kInfinity)).bits, bits);
    ASSERT_EQ(narrow(std::nextafter(middle, kInfinity)).bits, bits + 1);
  }
}

TEST(DTypeTest, TiesRoundToEven) {
  expect_ties_to_even<BFloat16>([](float v) { return to_bfloat16(v); }, 0x7f7fu);
  expect_ties_to_even<Float16>([](float v) { return to_float16(v); }, 0x7bffu);
}

TEST(DTypeTest, OverflowGivesInfinityAndNaNStays) {
  EXPECT_EQ(to_float(to_float16(65519.0F)), 65504.0F);
  EXPECT_EQ(to_float(to_float16(65520.0F)), kInfinity);
  EXPECT_EQ(to_float(to_float16(-1e30F)), -kInfinity);
  EXPECT_EQ(to_float(to_bfloat16(std::numeric_limits<float>::max())), kInfinity);
  EXPECT_EQ(to_float(to_bfloat16(-kInfinity)), -kInfinity);
  EXPECT_TRUE(std::isnan(to_float(to_float16(-kNaN))));
  EXPECT_TRUE(std::isnan(to_float(to_bfloat16(kNaN))));
  // A NaN whose payload lies in the bits that are cut off must not become infinity.
  EXPECT_TRUE(std::isnan(to_float(to_bfloat16(std::bit_cast<float>(0x7f800001u)))));
  EXPECT_TRUE(std::isnan(to_float(to_float16(std::bit_cast<float>(0x7f800001u)))));
}

TEST(DTypeTest, SubnormalsOfFloat16AreExact) {
  EXPECT_EQ(to_float16(0x1p-24F).bits, 1u);
  EXPECT_EQ(to_float16(0x1p-25F).bits, 0u);
  EXPECT_EQ(to_float16(std::nextafter(0x1p-25F, 1.0F)).bits, 1u);
  EXPECT_EQ(to_float16(0x1p-14F).bits, 0x400u);
  EXPECT_EQ(to_float16(-0.0F).bits, 0x8000u);
}

}  // namespace
}  // namespace ebb
