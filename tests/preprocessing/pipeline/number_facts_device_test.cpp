// What number features are fitted to, found on the device under test, as the host finds it.
#include <bit>
#include <cmath>

#include "preprocessing/pipeline/number_facts.h"
#include "preprocessing/split/random_order.h"
#include "tests/preprocessing/support.h"
#include "tests/support/test_device.h"

namespace ebb::preprocessing {
namespace {

std::uint64_t bits_of(double value) { return std::bit_cast<std::uint64_t>(value); }

void expect_same_facts(const std::vector<double>& values, NumberFill fill) {
  SCOPED_TRACE(fmt::format("{} rows, {}", values.size(), fill_name(fill)));
  const Column column = number_column("x", values);
  Context context(testing::test_device());
  const NumberFacts found = facts_of(context, upload(column, testing::test_device()), fill);
  const NumberFacts expected = facts_of(column, fill);
  EXPECT_EQ(bits_of(found.moments.mean), bits_of(expected.moments.mean));
  EXPECT_EQ(bits_of(found.moments.deviation), bits_of(expected.moments.deviation));
  ASSERT_EQ(found.fill.has_value(), expected.fill.has_value());
  EXPECT_EQ(bits_of(found.fill.value_or(0.0)), bits_of(expected.fill.value_or(0.0)));
  ASSERT_EQ(found.sample.size(), expected.sample.size());
  for (std::size_t i = 0; i < found.sample.size(); ++i)
    ASSERT_EQ(bits_of(found.sample[i]), bits_of(expected.sample[i])) << "value " << i;
}

std::vector<double> some_numbers(std::size_t rows) {
  SplitMix64 generator(rows, 7);
  std::vector<double> values(rows);
  for (double& value : values) {
    const std::uint64_t kind = generator.below(9);
    value = kind == 0   ? std::nan("")
            : kind == 1 ? -0.0
                        : 0.1 * static_cast<double>(generator.below(50 * kind)) - 3.0;
  }
  values.back() = 1.5;
  return values;
}

TEST(NumberFactsDevice, AreThoseOfTheCpu) {
  for (const NumberFill fill :
       {NumberFill::median, NumberFill::mean, NumberFill::mode, NumberFill::constant}) {
    for (const std::size_t rows : {1U, 2U, 129U, 3000U})
      expect_same_facts(some_numbers(rows), fill);
  }
}

TEST(NumberFactsDevice, OfALongColumnHaveASample) {
  expect_same_facts(some_numbers(kMostSampled + 1), NumberFill::mean);
}

}  // namespace
}  // namespace ebb::preprocessing
