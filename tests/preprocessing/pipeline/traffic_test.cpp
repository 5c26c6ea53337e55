// What device_traffic.py counts on the virtual GPU: each test launches kernels and says what they
// must move at least, in bytes.
#include <cmath>
#include <functional>

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

}  // namespace
}  // namespace ebb::preprocessing
