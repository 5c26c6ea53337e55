// Random numbers: known answers, and the vectorised dropout against the scalar definition.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tests/kernels/common/philox_test.cpp"
#include <hwy/foreach_target.h>
// Must come after foreach_target.h.
#include <hwy/highway.h>

#include "kernels/common/dropout_factors.h"

HWY_BEFORE_NAMESPACE();
namespace ebb::kernels::HWY_NAMESPACE {

void factors_of(const DropoutSpec& spec, std::uint64_t first, std::int64_t count, float* factors) {
  dropout_factors(spec, first, count, factors);
}

}  // namespace ebb::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

#include <gtest/gtest.h>

#include "tests/kernels/support/backends.h"
#include "tests/kernels/support/buffer.h"

namespace ebb::kernels {
namespace {

HWY_EXPORT(factors_of);

using Words = std::array<std::uint32_t, 4>;

// The known-answer vectors published with Random123 (kat_vectors, philox4x32 10).
TEST(PhiloxTest, GivesTheKnownAnswers) {
  EXPECT_EQ(philox({}, 0), (Words{0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u}));
  EXPECT_EQ(philox({.seed = ~0ull, .step = ~0u, .stream = ~0u}, ~0ull),
            (Words{0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu}));
  EXPECT_EQ(philox({.seed = 0x299f31d0a4093822u, .step = 0x13198a2eu, .stream = 0x03707344u},
                   0x85a308d3243f6a88u),
            (Words{0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u}));
}

struct Range {
  std::uint64_t first_element;
  std::uint64_t first;
  std::int64_t count;
  float probability;
};

TEST(DropoutFactorsTest, AreTheScalarDecisionsAtEveryInstructionSet) {
  // Odd starts and lengths; the last ranges cross block 2^32, where the counter's low word carries
  // (in the first, a middle and the last lane of a vector).
  const std::uint64_t carry = std::uint64_t{8} << 32;
  const Range ranges[] = {{0, 0, 0, 0.1F},           {0, 0, 1, 0.1F},
                          {0, 7, 1, 0.5F},           {3, 4, 31, 0.3F},
                          {13, 1000, 1029, 0.1F},    {5, 0, 257, 0.999F},
                          {carry - 8, 0, 300, .5F},  {carry - 3, 1, 300, 0.5F},
                          {carry - 37, 0, 300, .5F}, {carry - 128, 5, 513, 0.5F}};
  ebb::testing::for_each_instruction_set([&] {
    for (const Range& range : ranges) {
      const DropoutSpec spec{.probability = range.probability,
                             .key = {.seed = 0x123456789abcdefu, .step = 7, .stream = 3},
                             .first_element = range.first_element};
      ebb::testing::Buffer<float> factors({range.count});
      HWY_DYNAMIC_DISPATCH(factors_of)(spec, range.first, range.count, factors.data());
      for (std::int64_t i = 0; i < range.count; ++i) {
        const float expected = dropout_factor(spec, static_cast<std::int64_t>(range.first) + i);
        ASSERT_EQ(factors[static_cast<std::size_t>(i)], expected)
            << "element " << i << " of " << range.first_element << " + " << range.first;
      }
    }
  });
}

TEST(DropoutFactorsTest, OfATensorWithGapsAreThoseOfTheWhole) {
  const DropoutSpec whole{.probability = 0.4F, .key = {.seed = 5}, .first_element = 1000};
  DropoutSpec part = whole;
  part.run = 21;  // elements that it holds of every 50
  part.stride = 50;
  part.offset = 10;
  ebb::testing::for_each_instruction_set([&] {
    ebb::testing::Buffer<float> factors({300});
    HWY_DYNAMIC_DISPATCH(factors_of)(part, 7, 300, factors.data());
    for (std::int64_t i = 0; i < 300; ++i) {
      const std::int64_t place = 10 + 7 + i;
      ASSERT_EQ(factors[static_cast<std::size_t>(i)],
                dropout_factor(whole, place / 21 * 50 + place % 21))
          << "element " << i;
      ASSERT_EQ(factors[static_cast<std::size_t>(i)], dropout_factor(part, 7 + i));
    }
  });
}

TEST(DropoutFactorsTest, KeepTheShareAskedFor) {
  const DropoutSpec spec{.probability = 0.1F, .key = {.seed = 1}, .first_element = 0};
  double total = 0.0;
  constexpr int kCount = 100000;
  for (int i = 0; i < kCount; ++i) total += dropout_factor(spec, i);
  // Five standard deviations of the mean of factors: sqrt(p / (1 - p) / count).
  EXPECT_NEAR(total / kCount, 1.0, 5 * std::sqrt(0.1 / 0.9 / kCount));
}

}  // namespace
}  // namespace ebb::kernels
#endif  // HWY_ONCE
