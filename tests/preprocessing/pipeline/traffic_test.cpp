// What device_traffic.py counts on the virtual GPU: each test launches kernels and says what they
// must move at least, in bytes.
#include <cmath>
#include <functional>

#include "preprocessing/columns/combine_numbers.h"
#include "preprocessing/columns/map_numbers.h"
#include "preprocessing/columns/project_numbers.h"
#include "preprocessing/columns/spread_levels.h"
#include "preprocessing/pipeline/encode_levels.h"
#include "preprocessing/pipeline/encode_numbers.h"
#include "preprocessing/split/random_order.h"
#include "preprocessing/table/device_column.h"
#include "tests/preprocessing/support.h"
#include "tests/support/test_device.h"

namespace ebb::preprocessing {
namespace {

using ebb::testing::test_device;

void say_floor(std::size_t bytes) {
  ::testing::Test::RecordProperty("floor_bytes", std::to_string(bytes));
}

std::vector<double> random_numbers(std::size_t rows, std::size_t seed) {
  SplitMix64 generator(seed, 0);
  std::vector<double> values(rows);
  for (double& value : values) {
    value = generator.below(20) == 0 ? std::nan("") : static_cast<double>(generator.below(100000));
  }
  return values;
}

/// Encodes `columns` columns, of which every `indicators`-th has an indicator (0: none).
void encode_columns(std::size_t rows, std::size_t columns, std::size_t indicators,
                    const std::function<NumberScaler(std::size_t)>& scaler_of) {
  Context context(test_device());
  std::vector<Tensor> memory;
  std::vector<NumberScaler> scalers;
  scalers.reserve(columns);
  std::vector<NumberInput> inputs;
  std::size_t outputs = columns;
  for (std::size_t i = 0; i < columns; ++i) {
    const std::vector<double> values = random_numbers(rows, i);
    memory.push_back(upload_values(std::span<const double>(values), test_device()));
    scalers.push_back(scaler_of(i));
    const bool has_indicator = indicators != 0 && i % indicators == 0;
    outputs += has_indicator ? 1 : 0;
    inputs.push_back(
        {memory.back().view().as<const double>(), scalers.back().view(), 0.5F, has_indicator});
  }
  const auto count = static_cast<std::int64_t>(rows);
  const Tensor output =
      Tensor::empty({count, static_cast<std::int64_t>(outputs)}, DType::f32, test_device());
  encode_numbers(context, {count, inputs, output.view()});
  context.synchronize();
  say_floor(rows * (columns * sizeof(double) + outputs * sizeof(float)));
}

TEST(TrafficDevice, Scaling) {
  encode_columns(20000, 20, 0, [](std::size_t i) {
    return NumberScaler::restore(kScalings[1 + i % 4], 3.0, 7.0, {});
  });
}

TEST(TrafficDevice, ScalingOfManyColumns) {
  encode_columns(6000, 77, 0, [](std::size_t i) {
    return NumberScaler::restore(kScalings[1 + i % 4], 3.0, 7.0, {});
  });
}

TEST(TrafficDevice, QuantileScaling) {
  std::vector<double> knots(1000);
  for (std::size_t i = 0; i < knots.size(); ++i) knots[i] = 100.0 * static_cast<double>(i);
  encode_columns(40000, 12, 0, [&](std::size_t) {
    return NumberScaler::restore(Scaling::quantile_normal, 0.0, 1.0, knots);
  });
}

TEST(TrafficDevice, Imputation) {
  encode_columns(20000, 21, 2, [](std::size_t) { return NumberScaler(); });
}

TEST(TrafficDevice, ImputationOfFewColumns) {
  encode_columns(40000, 3, 3, [](std::size_t) { return NumberScaler(); });
}

TEST(TrafficDevice, Encoding) {
  constexpr std::size_t kRows = 40000;
  constexpr std::size_t kColumns = 9;
  Context context(test_device());
  std::vector<Tensor> memory;
  std::vector<std::int32_t> of_level(200);
  std::vector<LevelInput<std::int32_t>> inputs;
  for (std::size_t i = 0; i < kColumns; ++i) {
    SplitMix64 generator(i, 0);
    std::vector<std::int32_t> codes(kRows);
    for (std::int32_t& code : codes) code = static_cast<std::int32_t>(generator.below(201)) - 1;
    memory.push_back(upload_values(std::span<const std::int32_t>(codes), test_device()));
    inputs.push_back({memory.back().view().as<const std::int32_t>(), of_level, 0});
  }
  const Tensor output = Tensor::empty({kRows, kColumns}, DType::i32, test_device());
  encode_levels<std::int32_t>(context, {kRows, inputs, output.view()});
  context.synchronize();
  say_floor(kRows * kColumns * 2 * sizeof(std::int32_t));
}

/// Columns of numbers, and as many more to write to.
struct NumberColumns {
  NumberColumns(std::size_t rows, std::size_t inputs, std::size_t outputs) {
    for (std::size_t i = 0; i < inputs; ++i) {
      const std::vector<double> values = random_numbers(rows, i);
      memory.push_back(upload_values(std::span<const double>(values), test_device()));
      from.push_back(memory.back().view().as<const double>());
    }
    for (std::size_t i = 0; i < outputs; ++i) {
      const Shape shape{static_cast<std::int64_t>(rows)};
      memory.push_back(Tensor::empty(shape, DType::f64, test_device()));
      to.push_back(memory.back().view().as<double>());
    }
  }

  std::vector<Tensor> memory;
  std::vector<const double*> from;
  std::vector<double*> to;
};

/// Maps columns, of which every third has an indicator.
void map_columns_by(std::size_t rows, std::size_t count, const NumberMapping& mapping) {
  const NumberColumns columns(rows, count, count + (count + 2) / 3);
  std::vector<NumberColumn> mapped;
  for (std::size_t i = 0; i < count; ++i) {
    double* const missing = i % 3 == 0 ? columns.to[count + i / 3] : nullptr;
    mapped.push_back({columns.from[i], columns.to[i], missing, mapping});
  }
  Context context(test_device());
  map_numbers(context, {static_cast<std::int64_t>(rows), mapped});
  context.synchronize();
  say_floor(rows * sizeof(double) * (count + columns.to.size()));
}

TEST(TrafficDevice, Clipping) {
  map_columns_by(20000, 5, {.formula = NumberFormula::bound, .lower = 10.0, .upper = 90000.0});
}

TEST(TrafficDevice, Bins) {
  std::vector<double> edges(200);
  for (std::size_t i = 0; i < edges.size(); ++i) edges[i] = 500.0 * static_cast<double>(i);
  map_columns_by(40000, 2,
                 {.formula = NumberFormula::bin,
                  .scaler = {.knots = edges.data(), .knot_count = std::ssize(edges)}});
}

TEST(TrafficDevice, Logarithms) { map_columns_by(30001, 3, {.formula = NumberFormula::log1p}); }

/// Spreads a column of codes over `outputs` columns.
void spread_codes(std::size_t rows, std::size_t levels, std::size_t outputs) {
  SplitMix64 generator(levels, 0);
  std::vector<std::int32_t> codes(rows);
  for (std::int32_t& code : codes)
    code = static_cast<std::int32_t>(generator.below(levels + 1)) - 1;
  const Tensor input = upload_values(std::span<const std::int32_t>(codes), test_device());
  const NumberColumns columns(rows, 0, outputs);
  const std::vector<double> values(levels, 0.5);
  std::vector<std::int32_t> places;
  for (std::size_t level = 0; outputs > 1 && level < levels; ++level)
    places.push_back(static_cast<std::int32_t>(level % outputs));
  const SpreadColumn<double> column{
      input.view().as<const std::int32_t>(), values, places, 0.0, 0, columns.to};
  Context context(test_device());
  spread_levels<double>(context, {static_cast<std::int64_t>(rows), {&column, 1}});
  context.synchronize();
  say_floor(rows * (sizeof(std::int32_t) + outputs * sizeof(double)));
}

TEST(TrafficDevice, NumbersOfLevels) { spread_codes(60000, 300, 1); }

TEST(TrafficDevice, OneHotColumns) { spread_codes(20000, 37, 37); }

TEST(TrafficDevice, Combinations) {
  constexpr std::size_t kRows = 20001;
  const NumberColumns columns(kRows, 4, 3);
  const std::span<const double* const> of(columns.from);
  const std::vector<CombinedColumn> combined = {
      {Combination::ratio, of.first(2), columns.to[0]},
      {Combination::product, of.subspan(1, 2), columns.to[1]},
      {Combination::sum, of, columns.to[2]}};
  Context context(test_device());
  combine_numbers(context, {kRows, combined});
  context.synchronize();
  say_floor(kRows * sizeof(double) * (2 + 2 + 4 + 3));
}

TEST(TrafficDevice, Projections) {
  constexpr std::size_t kRows = 30000;
  const NumberColumns columns(kRows, 0, 9);
  const Tensor zeros = Tensor::zeros({12, kRows}, DType::f64, test_device());  // none is missing
  std::vector<const double*> of;
  for (std::size_t i = 0; i < 12; ++i) of.push_back(zeros.view().as<const double>() + i * kRows);
  const std::vector<double> ones(12, 1.0);
  const std::vector<double> weights(12 * 9, 0.25);
  const Tensor has_missing = Tensor::zeros({1}, DType::i32, test_device());
  Context context(test_device());
  project_numbers(context, {.rows = kRows,
                            .of = of,
                            .means = ones,
                            .scales = ones,
                            .weights = weights,
                            .outputs = columns.to,
                            .has_missing = has_missing.view().as<std::int32_t>()});
  context.synchronize();
  say_floor(kRows * sizeof(double) * (12 + 9));
}

}  // namespace
}  // namespace ebb::preprocessing
