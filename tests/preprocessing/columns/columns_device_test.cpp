// Columns from columns on the device under test, value by value as a loop makes them.
#include <bit>
#include <cmath>
#include <limits>

#include "preprocessing/columns/combine_numbers.h"
#include "preprocessing/columns/count_places.h"
#include "preprocessing/columns/map_numbers.h"
#include "preprocessing/columns/project_numbers.h"
#include "preprocessing/columns/spread_levels.h"
#include "preprocessing/split/random_order.h"
#include "preprocessing/table/device_column.h"
#include "tests/preprocessing/support.h"
#include "tests/support/test_device.h"

namespace ebb::preprocessing {
namespace {

using ebb::testing::test_device;

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kUntouched = 12345.0;  // what lies around an output

std::vector<double> many_numbers(std::size_t rows, std::uint64_t seed) {
  SplitMix64 generator(seed, 0);
  const std::vector<double> special = {kMissing,   0.0,    -0.0,  kInfinity,
                                       -kInfinity, 5e-324, 1e308, -1e308};
  std::vector<double> values(rows);
  for (double& value : values) {
    const double share = static_cast<double>(generator.below(1 << 20)) / (1 << 20);
    value = generator.below(4) == 0 ? special[generator.below(special.size())]
                                    : std::exp2(20.0 * share) - 1000.0;
  }
  return values;
}

/// [offset + rows + 1] values on the device; `begin` is the one at `offset`.
template <class T>
struct Placed {
  Placed(const std::vector<T>& values, std::size_t start, T around) : offset(start) {
    std::vector<T> all(offset, around);
    all.insert(all.end(), values.begin(), values.end());
    all.push_back(around);
    memory = upload_values(std::span<const T>(all), test_device());
  }
  T* begin() const { return memory.view().template as<T>() + offset; }
  /// The values, after a check that nothing else was written.
  std::vector<T> values(T around) const {
    const Tensor on_host = memory.to(Device());
    const std::span<const T> all = on_host.values<T>();
    for (std::size_t i = 0; i < offset; ++i) EXPECT_EQ(all[i], around);
    EXPECT_EQ(all.back(), around);
    return {all.begin() + static_cast<std::ptrdiff_t>(offset), all.end() - 1};
  }

  std::size_t offset;
  Tensor memory;
};

Placed<double> untouched(std::size_t rows, std::size_t offset) {
  return {std::vector<double>(rows, kUntouched), offset, kUntouched};
}

void expect_same_bits(const std::vector<double>& found, const std::vector<double>& expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    ASSERT_EQ(std::bit_cast<std::uint64_t>(found[i]), std::bit_cast<std::uint64_t>(expected[i]))
        << "row " << i << ": " << found[i] << ", expected " << expected[i];
  }
}

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

const std::vector<double> kKnots = {-900.0, -20.0, -20.0, 0.0, 15.5, 4000.0, 90000.0};

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

std::vector<std::int32_t> many_codes(std::size_t rows, std::size_t levels) {
  SplitMix64 generator(rows, levels);
  std::vector<std::int32_t> codes(rows);
  for (std::int32_t& code : codes)
    code = static_cast<std::int32_t>(generator.below(levels + 1)) + kMissingCode;
  return codes;
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

/// Projects `columns` columns without missing values on `outputs` ones.
void expect_projected(std::size_t rows, std::size_t columns, std::size_t outputs,
                      std::size_t offset) {
  SCOPED_TRACE(fmt::format("{} rows, {} columns, {} outputs", rows, columns, outputs));
  const auto complete = [&](std::size_t i) {
    std::vector<double> values = many_numbers(rows, i);
    for (double& value : values)
      value = std::isfinite(value) && std::abs(value) < 1e9 ? value : -0.0;
    return values;
  };
  std::vector<double> means;
  std::vector<double> scales;
  std::vector<Placed<double>> inputs;
  std::vector<const double*> of;
  for (std::size_t j = 0; j < columns; ++j) {
    means.push_back(0.1 * static_cast<double>(j));
    scales.push_back(1.0 + 0.3 * static_cast<double>(j % 7));
    inputs.emplace_back(complete(j), offset, kMissing);
    of.push_back(inputs.back().begin());
  }
  std::vector<double> weights;
  for (std::size_t i = 0; i < columns * outputs; ++i)
    weights.push_back(0.01 * static_cast<double>(i * 37 % 101) - 0.5);
  std::vector<Placed<double>> made;
  std::vector<double*> to;
  for (std::size_t c = 0; c < outputs; ++c) {
    made.push_back(untouched(rows, offset));
    to.push_back(made.back().begin());
  }
  const Tensor has_missing = Tensor::zeros({1}, DType::i32, test_device());
  Context context(test_device());
  project_numbers(context, {.rows = static_cast<std::int64_t>(rows),
                            .of = of,
                            .means = means,
                            .scales = scales,
                            .weights = weights,
                            .outputs = to,
                            .has_missing = has_missing.view().as<std::int32_t>()});
  for (std::size_t c = 0; c < outputs; ++c) {
    SCOPED_TRACE("output " + std::to_string(c));
    std::vector<double> expected(rows, 0.0);
    for (std::size_t j = 0; j < columns; ++j) {
      const std::vector<double> values = complete(j);
      for (std::size_t row = 0; row < rows; ++row)
        expected[row] += weights[c * columns + j] * ((values[row] - means[j]) / scales[j]);
    }
    expect_same_bits(made[c].values(kUntouched), expected);
  }
  EXPECT_EQ(has_missing.to(Device()).values<std::int32_t>()[0], 0);
}

TEST(ProjectNumbersDevice, TakesAnyNumberOfRowsAndColumns) {
  for (const std::size_t rows : {1U, 2U, 130U, 513U, 1501U}) {
    expect_projected(rows, 1, 1, 0);
    expect_projected(rows, 5, 3, 0);
    expect_projected(rows, 20, 17, 0);
  }
  expect_projected(515, 6, 4, 1);
}

TEST(ProjectNumbersDevice, TakesMoreColumnsThanABlockHolds) { expect_projected(20, 700, 2, 0); }

TEST(ProjectNumbersDevice, TellsOfMissingValues) {
  for (const std::size_t row : {0U, 511U, 512U, 1000U}) {
    std::vector<double> values(1001, 1.0);
    values[row] = kMissing;
    const Tensor input = upload_values(std::span<const double>(values), test_device());
    const Tensor output = Tensor::empty({1001}, DType::f64, test_device());
    const Tensor has_missing = Tensor::zeros({1}, DType::i32, test_device());
    const double* const of = input.view().as<const double>();
    double* const to = output.view().as<double>();
    const double one = 1.0;
    Context context(test_device());
    project_numbers(context, {.rows = 1001,
                              .of = {&of, 1},
                              .means = {&one, 1},
                              .scales = {&one, 1},
                              .weights = {&one, 1},
                              .outputs = {&to, 1},
                              .has_missing = has_missing.view().as<std::int32_t>()});
    EXPECT_EQ(has_missing.to(Device()).values<std::int32_t>()[0], 1) << "row " << row;
  }
}

TEST(ProjectNumbersDevice, RefusesWeightsOfOtherColumns) {
  Context context(test_device());
  const std::vector<double> one = {1.0};
  EXPECT_THAT(message_of<Error>([&] { project_numbers(context, {.rows = 1, .means = one}); }),
              ::testing::HasSubstr("1 means, 0 scales and 0 weights for 0 columns"));
}

/// Counts a column of numbers and columns of few and of `levels` levels at once.
void expect_counted(std::size_t rows, std::size_t levels, std::size_t offset) {
  SCOPED_TRACE(fmt::format("{} rows, {} levels", rows, levels));
  const std::vector<double> values = many_numbers(rows, 3);
  const Placed<double> numbers(values, offset, 0.5);
  const std::vector<std::int32_t> few = many_codes(rows, 3);
  const std::vector<std::int32_t> many = many_codes(rows, levels);
  const Placed<std::int32_t> few_codes(few, offset, 0);
  const Placed<std::int32_t> many_placed(many, offset, 0);
  const std::vector<CountedColumn> columns = {
      {.holds_codes = true, .codes = few_codes.begin(), .levels = 3, .edges = {}},
      {.values = numbers.begin(), .edges = kKnots},
      {.holds_codes = true, .codes = many_placed.begin(), .levels = levels, .edges = {}},
      {.values = numbers.begin(), .edges = {}}};
  std::vector<std::vector<std::size_t>> expected = {
      std::vector<std::size_t>(4), std::vector<std::size_t>(kKnots.size() + 2),
      std::vector<std::size_t>(levels + 1), std::vector<std::size_t>(2)};
  for (const std::int32_t code : few) ++expected[0][static_cast<std::size_t>(code + 1)];
  for (const std::int32_t code : many) ++expected[2][static_cast<std::size_t>(code + 1)];
  for (const double value : values) {
    std::size_t below = 0;
    for (const double knot : kKnots) below += knot < value ? 1 : 0;
    ++expected[1][std::isnan(value) ? 0 : 1 + below];
    ++expected[3][std::isnan(value) ? 0 : 1];
  }
  Context context(test_device());
  EXPECT_EQ(count_places(context, {static_cast<std::int64_t>(rows), columns}), expected);
}

TEST(CountPlacesDevice, TakesAnyNumberOfRows) {
  for (const std::size_t rows : {0U, 1U, 2U, 3U, 127U, 130U, 1023U, 1026U, 5000U})
    expect_counted(rows, 1 + rows % 40, 0);
}

TEST(CountPlacesDevice, TakesColumnsThatAreNotAligned) { expect_counted(515, 9, 1); }

TEST(CountPlacesDevice, TakesMoreLevelsThanABlockHolds) {
  for (const std::size_t levels : {12287U, 12288U, 40000U}) expect_counted(3000, levels, 0);
}

TEST(CountPlacesDevice, OfNoColumns) {
  Context context(test_device());
  EXPECT_TRUE(count_places(context, {.rows = 3, .columns = {}}).empty());
}

}  // namespace
}  // namespace ebb::preprocessing
