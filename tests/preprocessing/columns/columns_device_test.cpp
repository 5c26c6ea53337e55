// Columns from columns on the device under test, value by value as a loop makes them.
#include "preprocessing/columns/combine_numbers.h"
#include "preprocessing/columns/map_numbers.h"
#include "preprocessing/columns/spread_levels.h"
#include "tests/preprocessing/columns/placed_columns.h"

namespace ebb::preprocessing {
namespace {

using ebb::testing::test_device;

/// Every formula; `knots` outlive them.
std::vector<NumberMapping> mappings(const std::vector<double>& knots) {
  std::vector<NumberMapping> all = {
      {.missing = -3.5},
      {},
      {.formula = NumberFormula::bound, .lower = -100.0, .upper = 1000.0},
      {.formula = NumberFormula::bound,
       .missing = 2.0,
       .lower = -100.0,
       .upper = kInfinity,
       .treatment = OutlierTreatment::to_missing},
      {.formula = NumberFormula::log1p},
      {.formula = NumberFormula::bin,
       .scaler = {.knots = knots.data(), .knot_count = std::ssize(knots)}},
  };
  for (const Scaling scaling : kScalings) {
    NumberMapping mapping{.formula = NumberFormula::scale};
    mapping.scaler = {.scaling = scaling, .shift = 3.0, .scale = 7.0};
    if (has_knots(scaling)) {
      mapping.scaler.knots = knots.data();
      mapping.scaler.knot_count = std::ssize(knots);
    }
    all.push_back(mapping);
  }
  return all;
}

void expect_mapped(std::size_t rows, std::size_t offset, const std::vector<double>& knots) {
  SCOPED_TRACE(std::to_string(rows) + " rows from " + std::to_string(offset));
  const std::vector<NumberMapping> formulas = mappings(knots);
  std::vector<Placed<double>> inputs;
  std::vector<Placed<double>> outputs;
  std::vector<Placed<double>> missing;
  std::vector<NumberColumn> columns;
  for (std::size_t i = 0; i < formulas.size(); ++i) {
    inputs.emplace_back(many_numbers(rows, i), offset, kMissing);
    outputs.push_back(untouched(rows, offset));
    missing.push_back(untouched(rows, offset));
    columns.push_back({inputs[i].begin(), outputs[i].begin(),
                       i % 2 == 0 ? missing[i].begin() : nullptr, formulas[i]});
  }
  Context context(test_device());
  map_numbers(context, {static_cast<std::int64_t>(rows), columns});
  for (std::size_t i = 0; i < formulas.size(); ++i) {
    SCOPED_TRACE("mapping " + std::to_string(i));
    std::vector<double> expected;
    std::vector<double> expected_missing;
    for (const double value : many_numbers(rows, i)) {
      expected.push_back(map_number(formulas[i], value));
      expected_missing.push_back(i % 2 != 0 ? kUntouched : std::isnan(value) ? 1.0 : 0.0);
    }
    expect_same_bits(outputs[i].values(kUntouched), expected);
    expect_same_bits(missing[i].values(kUntouched), expected_missing);
  }
}

TEST(MapNumbersDevice, TakesAnyNumberOfRows) {
  for (std::size_t rows = 1; rows <= 130; rows += rows < 10 ? 1 : 13)
    expect_mapped(rows, 0, kKnots);
  for (const std::size_t rows : {511U, 512U, 513U, 1500U}) expect_mapped(rows, 0, kKnots);
}

TEST(MapNumbersDevice, TakesColumnsThatAreNotAligned) { expect_mapped(515, 1, kKnots); }

TEST(MapNumbersDevice, TakesMoreKnotsThanABlockHolds) {
  std::vector<double> knots;
  for (int i = 0; i < 20000; ++i) knots.push_back(std::sqrt(static_cast<double>(i)) - 50.0);
  expect_mapped(300, 0, knots);
}

TEST(MapNumber, IsThatOfItsParts) {
  EXPECT_EQ(map_number({.formula = NumberFormula::bin,
                        .scaler = {.knots = kKnots.data(), .knot_count = 7}},
                       0.0),
            3.0);
  EXPECT_DOUBLE_EQ(map_number({.formula = NumberFormula::log1p}, -9.0), -std::log(10.0));
  EXPECT_TRUE(std::isnan(map_number({.formula = NumberFormula::log1p}, kInfinity)));
  EXPECT_EQ(map_number({.formula = NumberFormula::scale,
                        .scaler = {.scaling = Scaling::standard, .shift = 3.0, .scale = 7.0}},
                       24.0),
            3.0);
  EXPECT_EQ(map_number({.missing = 4.0}, kMissing), 4.0);
}

/// One column of codes with `outputs` outputs; places where there are several.
template <class T>
void expect_spread(std::size_t rows, std::size_t levels, std::size_t outputs, std::size_t offset,
                   bool has_values) {
  SCOPED_TRACE(fmt::format("{} rows, {} levels, {} outputs", rows, levels, outputs));
  SplitMix64 generator(levels, outputs);
  const std::vector<std::int32_t> codes = many_codes(rows, levels);
  std::vector<T> values;
  std::vector<std::int32_t> places;
  for (std::size_t level = 0; level < levels; ++level) {
    if (has_values) values.push_back(static_cast<T>(generator.below(1000) + 2));
    if (outputs > 1) places.push_back(static_cast<std::int32_t>(generator.below(outputs + 1)) - 1);
  }
  const Placed<std::int32_t> input(codes, offset, kMissingCode);
  std::vector<Placed<T>> made;
  std::vector<T*> pointers;
  const T around = static_cast<T>(kUntouched);
  for (std::size_t k = 0; k < outputs; ++k) {
    made.emplace_back(std::vector<T>(rows, around), offset, around);
    pointers.push_back(made.back().begin());
  }
  const auto missing_place = static_cast<std::int32_t>(outputs - 1);
  const SpreadColumn<T> column{input.begin(), values, places, T{77}, missing_place, pointers};
  Context context(test_device());
  spread_levels<T>(context, {static_cast<std::int64_t>(rows), {&column, 1}});
  for (std::size_t k = 0; k < outputs; ++k) {
    std::vector<T> expected;
    for (const std::int32_t code : codes) {
      const auto level = static_cast<std::size_t>(code);
      const bool is_missing = code == kMissingCode;
      const auto place = static_cast<std::size_t>(is_missing       ? missing_place
                                                  : places.empty() ? 0
                                                                   : places[level]);
      const T value = is_missing ? T{77} : values.empty() ? T{1} : values[level];
      expected.push_back(place == k ? value : T{0});
    }
    EXPECT_EQ(made[k].values(around), expected) << "output " << k;
  }
}

TEST(SpreadLevelsDevice, TakesAnyNumberOfRowsAndOutputs) {
  for (const std::size_t rows : {1U, 2U, 3U, 4U, 5U, 127U, 130U, 1023U, 1026U}) {
    for (const std::size_t outputs : {1U, 2U, 16U, 17U, 35U}) {
      expect_spread<double>(rows, 1 + rows % 9, outputs, 0, outputs % 2 == 1);
      expect_spread<std::int32_t>(rows, 7, outputs, 0, true);
    }
  }
}

TEST(SpreadLevelsDevice, TakesColumnsThatAreNotAligned) {
  expect_spread<double>(515, 5, 3, 1, true);
  expect_spread<std::int32_t>(515, 5, 1, 1, true);
}

TEST(SpreadLevelsDevice, TakesMoreLevelsThanABlockHolds) {
  expect_spread<double>(300, 20000, 20, 0, true);
  expect_spread<std::int32_t>(300, 30000, 1, 0, true);
}

TEST(SpreadLevelsDevice, RefusesValuesAndPlacesOfOtherLevels) {
  const std::vector<double> values(3);
  const std::vector<std::int32_t> places(2);
  const SpreadColumn<double> column{nullptr, values, places, 0.0, 0, {}};
  Context context(test_device());
  EXPECT_THAT(message_of<Error>([&] {
                spread_levels<double>(context, {1, {&column, 1}});
              }),
              ::testing::HasSubstr("values of 3 levels and places of 2"));
}

void expect_combined(std::size_t rows, std::size_t offset) {
  SCOPED_TRACE(std::to_string(rows) + " rows from " + std::to_string(offset));
  std::vector<Placed<double>> inputs;
  std::vector<const double*> pointers;
  for (std::size_t i = 0; i < 5; ++i) {
    inputs.emplace_back(many_numbers(rows, i), offset, kMissing);
    pointers.push_back(inputs.back().begin());
  }
  std::vector<Placed<double>> outputs;
  std::vector<CombinedColumn> columns;
  const std::span<const double* const> of(pointers);
  for (const Combination combination :
       {Combination::ratio, Combination::difference, Combination::sum, Combination::product}) {
    for (std::size_t count = 1; count <= 5; ++count) {
      outputs.push_back(untouched(rows, offset));
      columns.push_back({combination, of.subspan(5 - count), outputs.back().begin()});
    }
  }
  Context context(test_device());
  combine_numbers(context, {static_cast<std::int64_t>(rows), columns});
  for (std::size_t i = 0; i < columns.size(); ++i) {
    SCOPED_TRACE("column " + std::to_string(i));
    std::vector<double> expected = many_numbers(rows, 5 - columns[i].of.size());
    for (std::size_t k = 6 - columns[i].of.size(); k < 5; ++k) {
      const std::vector<double> values = many_numbers(rows, k);
      for (std::size_t row = 0; row < rows; ++row) {
        double& result = expected[row];
        const double value = values[row];
        switch (columns[i].combination) {
          case Combination::ratio:
            result /= value;
            break;
          case Combination::difference:
            result -= value;
            break;
          case Combination::sum:
            result += value;
            break;
          case Combination::product:
            result *= value;
            break;
        }
      }
    }
    for (double& value : expected) value = std::isfinite(value) ? value : kMissing;
    expect_same_bits(outputs[i].values(kUntouched), expected);
  }
}

TEST(CombineNumbersDevice, TakesAnyNumberOfRowsAndColumns) {
  for (const std::size_t rows : {1U, 2U, 3U, 129U, 130U, 511U, 512U, 513U, 1500U})
    expect_combined(rows, 0);
}

TEST(CombineNumbersDevice, TakesColumnsThatAreNotAligned) { expect_combined(515, 1); }

TEST(CombineNumbersDevice, RefusesAColumnOfNone) {
  Context context(test_device());
  const CombinedColumn column;
  EXPECT_THAT(message_of<Error>([&] {
                combine_numbers(context, {1, {&column, 1}});
              }),
              ::testing::HasSubstr("a column of no others"));
}

}  // namespace
}  // namespace ebb::preprocessing
