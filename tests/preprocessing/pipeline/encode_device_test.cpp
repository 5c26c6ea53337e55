// Encoding on the device under test, value by value as one NumberScaler and one lookup do it.
#include <bit>
#include <cmath>
#include <limits>

#include "preprocessing/common/numbers.h"
#include "preprocessing/pipeline/encode_levels.h"
#include "preprocessing/pipeline/encode_numbers.h"
#include "preprocessing/pipeline/pipeline.h"
#include "preprocessing/split/random_order.h"
#include "preprocessing/table/device_column.h"
#include "tests/preprocessing/support.h"
#include "tests/support/test_device.h"

namespace ebb::preprocessing {
namespace {

using ebb::testing::test_device;

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();
constexpr double kHuge = std::numeric_limits<double>::max();

/// Numbers of many sizes, among them ones that are missing, tied, tiny and too large for f32.
std::vector<double> many_numbers(std::size_t rows, std::uint64_t seed) {
  SplitMix64 generator(seed, 0);
  const std::vector<double> special = {kMissing, 0.0,    -0.0,  1.0,   3.5,    -3.5, 5e-324,
                                       1e-310,   -1e300, 1e300, kHuge, -kHuge, 1e39, -1e-46};
  std::vector<double> values(rows);
  for (double& value : values) {
    const std::uint64_t kind = generator.below(8);
    if (kind == 0) {
      value = special[generator.below(special.size())];
    } else if (kind <= 2) {
      value = static_cast<double>(generator.below(7));
    } else {
      const double share = static_cast<double>(generator.below(1 << 20)) / (1 << 20);
      value = (kind % 2 == 0 ? 1.0 : -1.0) * std::exp2(40.0 * share - 20.0);
    }
  }
  return values;
}

/// A scaler fitted to numbers like those above without the largest.
NumberScaler fitted(Scaling scaling, std::uint64_t seed, std::size_t quantiles, double shift) {
  std::vector<double> values;
  for (const double value : many_numbers(3000, seed)) {
    if (std::abs(value) < 1e9) values.push_back(std::abs(value) + shift);
    if (std::abs(value) < 1e9 && shift == 0.0) values.push_back(value);
  }
  return NumberScaler::fit(values, scaling, quantiles);
}

void expect_same_bits(std::span<const float> found, std::span<const float> expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    ASSERT_EQ(std::bit_cast<std::uint32_t>(found[i]), std::bit_cast<std::uint32_t>(expected[i]))
        << "element " << i << ": " << found[i] << ", expected " << expected[i];
  }
}

struct TestFeature {
  std::vector<double> values;
  NumberScaler scaler;
  float filled = 0.0F;
  bool has_indicator = false;
};

std::vector<float> expected_numbers(const std::vector<TestFeature>& features, std::size_t rows) {
  std::vector<float> expected;
  for (std::size_t row = 0; row < rows; ++row) {
    for (const TestFeature& feature : features) {
      const double value = feature.values[row];
      expected.push_back(std::isnan(value) ? feature.filled
                                           : to_float(feature.scaler.apply(value)));
    }
    for (const TestFeature& feature : features) {
      if (feature.has_indicator) expected.push_back(std::isnan(feature.values[row]) ? 1.0F : 0.0F);
    }
  }
  return expected;
}

/// encode_numbers() on the device under test, from columns that begin `offset` values into memory.
std::vector<float> encode_on_device(const std::vector<TestFeature>& features, std::size_t rows,
                                    std::size_t offset) {
  Context context(test_device());
  std::vector<Tensor> memory;
  std::vector<NumberInput> inputs;
  auto columns = static_cast<std::int64_t>(features.size());
  for (const TestFeature& feature : features) {
    std::vector<double> shifted(offset, kMissing);
    shifted.insert(shifted.end(), feature.values.begin(), feature.values.end());
    memory.push_back(upload_values(std::span<const double>(shifted), test_device()));
    inputs.push_back({memory.back().view().as<const double>() + offset, feature.scaler.view(),
                      feature.filled, feature.has_indicator});
    columns += feature.has_indicator ? 1 : 0;
  }
  const auto count = static_cast<std::int64_t>(rows);
  const Tensor output = Tensor::empty({count, columns}, DType::f32, test_device());
  encode_numbers(context, {count, inputs, output.view()});
  const Tensor on_host = output.to(Device());
  const std::span<const float> values = on_host.values<float>();
  return {values.begin(), values.end()};
}

TEST(EncodeNumbersDevice, HasTheBitsOfEveryScaler) {
  for (const Scaling scaling : kScalings) {
    for (const double shift : {0.0, 2.0}) {  // of both signs, and above 0 alone
      SCOPED_TRACE(std::string(scaling_name(scaling)) + (shift == 0.0 ? "" : ", above 0"));
      TestFeature feature{many_numbers(2000, 3), fitted(scaling, 3, 100, shift), 0.5F, true};
      const std::vector<TestFeature> features = {feature};
      expect_same_bits(encode_on_device(features, 2000, 0), expected_numbers(features, 2000));
    }
  }
}

/// Values that scale to about the middle between two neighbouring f32, where the last bit in f64
/// decides which of them is written.
std::vector<double> values_near_ties(const NumberScaler& scaler, double least, double most) {
  SplitMix64 generator(5, 0);
  std::vector<double> values;
  for (int i = 0; i < 60; ++i) {
    const double share = static_cast<double>(generator.below(1 << 20)) / (1 << 20);
    const auto below =
        static_cast<float>(scaler.apply(least) * (1.0 - share) + scaler.apply(most) * share);
    const float above = std::nextafter(below, std::numeric_limits<float>::infinity());
    const double middle = 0.5 * (static_cast<double>(below) + static_cast<double>(above));
    double low = least;  // scalings do not descend
    double high = most;
    for (int step = 0; step < 200; ++step) {
      const double between = 0.5 * (low + high);
      (scaler.apply(between) < middle ? low : high) = between;
    }
    double value = low;
    for (int step = 0; step < 4; ++step) value = std::nextafter(value, least);
    for (int step = 0; step < 9; ++step, value = std::nextafter(value, most)) {
      values.push_back(value);
    }
  }
  return values;
}

TEST(EncodeNumbersDevice, HasTheLastBitOfF64) {
  for (const Scaling scaling : kScalings) {
    if (scaling == Scaling::none) continue;  // changes nothing
    SCOPED_TRACE(scaling_name(scaling));
    std::vector<double> values;
    for (int i = 0; i < 400; ++i) values.push_back(0.1 + std::sqrt(i) * (i % 3 == 0 ? -1.7 : 2.3));
    const NumberScaler scaler = NumberScaler::fit(values, scaling, 50);
    const std::vector<double> near = values_near_ties(scaler, -33.0, 45.0);
    const std::vector<TestFeature> features = {{near, scaler, 0.0F, false}};
    expect_same_bits(encode_on_device(features, near.size(), 0),
                     expected_numbers(features, near.size()));
  }
}

TEST(EncodeNumbersDevice, TakesAnyNumberOfRowsAndColumns) {
  for (const std::size_t rows : {1U, 2U, 127U, 128U, 129U, 700U}) {
    for (const std::size_t columns : {1U, 3U, 4U, 8U, 31U, 32U, 33U, 70U}) {
      SCOPED_TRACE(std::to_string(rows) + " x " + std::to_string(columns));
      std::vector<TestFeature> features;
      for (std::size_t i = 0; i < columns; ++i) {
        // Linear ones alone where the columns are few.
        const Scaling scaling = columns <= 4 ? kScalings[1 + i % 4] : kScalings[i % 7];
        features.push_back({many_numbers(rows, i), fitted(scaling, i, 50, 0.0),
                            static_cast<float>(i), i % 3 == 1});
      }
      expect_same_bits(encode_on_device(features, rows, 0), expected_numbers(features, rows));
    }
  }
}

TEST(EncodeNumbersDevice, TakesColumnsThatAreNotAligned) {
  std::vector<TestFeature> features;
  for (std::size_t i = 0; i < 5; ++i) {
    features.push_back(
        {many_numbers(515, i), fitted(Scaling::standard, i, 50, 0.0), 1.0F, i % 2 == 0});
  }
  expect_same_bits(encode_on_device(features, 515, 1), expected_numbers(features, 515));
}

TEST(EncodeNumbersDevice, TakesMoreKnotsThanABlockHolds) {
  std::vector<TestFeature> features;
  for (const std::size_t quantiles : {1000U, 20000U, 1000U, 5000U, 9000U}) {
    std::vector<double> knots;
    for (std::size_t i = 0; i < quantiles; ++i) knots.push_back(std::sqrt(static_cast<double>(i)));
    features.push_back({many_numbers(300, quantiles),
                        NumberScaler::restore(Scaling::quantile_normal, 0.0, 1.0, knots), 0.25F,
                        false});
  }
  features.push_back({many_numbers(300, 9), fitted(Scaling::min_max, 9, 2, 0.0), 2.0F, true});
  expect_same_bits(encode_on_device(features, 300, 0), expected_numbers(features, 300));
}

TEST(EncodeNumbersDevice, RefusesAnotherShape) {
  Context context(test_device());
  const Tensor values = Tensor::zeros({4}, DType::f64, test_device());
  const std::vector<NumberInput> features = {{values.view().as<const double>(), {}, 0.0F, true}};
  const Tensor output = Tensor::empty({4, 1}, DType::f32, test_device());
  const std::string message = message_of<Error>([&] {
    encode_numbers(context, {4, features, output.view()});
  });
  EXPECT_THAT(message, ::testing::HasSubstr("expected [4, 2]"));
}

template <class T>
void expect_levels(std::size_t rows, std::size_t columns, std::size_t levels) {
  SCOPED_TRACE(std::to_string(rows) + " x " + std::to_string(columns));
  SplitMix64 generator(rows, columns);
  Context context(test_device());
  std::vector<Tensor> memory;
  std::vector<std::vector<T>> of_level(columns);
  std::vector<LevelInput<T>> inputs;
  std::vector<T> expected(rows * columns);
  for (std::size_t i = 0; i < columns; ++i) {
    for (std::size_t level = 0; level < levels * (i + 1); ++level) {
      of_level[i].push_back(static_cast<T>(generator.below(1 << 24)));
    }
    const T missing = static_cast<T>(100 + i);
    std::vector<std::int32_t> codes(rows);
    for (std::size_t row = 0; row < rows; ++row) {
      codes[row] = static_cast<std::int32_t>(generator.below(of_level[i].size() + 1)) - 1;
      expected[row * columns + i] =
          codes[row] < 0 ? missing : of_level[i][static_cast<std::size_t>(codes[row])];
    }
    memory.push_back(upload_values(std::span<const std::int32_t>(codes), test_device()));
    inputs.push_back(
        {memory.back().view().template as<const std::int32_t>(), of_level[i], missing});
  }
  const Shape shape{static_cast<std::int64_t>(rows), static_cast<std::int64_t>(columns)};
  const Tensor output = Tensor::empty(shape, dtype_of<T>, test_device());
  encode_levels<T>(context, {shape[0], inputs, output.view()});
  const Tensor on_host = output.to(Device());
  EXPECT_THAT(on_host.values<T>(), ::testing::ElementsAreArray(expected));
}

TEST(EncodeLevelsDevice, LooksUpAnyNumberOfRowsAndColumns) {
  for (const std::size_t rows : {1U, 128U, 131U, 1000U}) {
    for (const std::size_t columns : {1U, 4U, 5U, 33U}) {
      expect_levels<std::int32_t>(rows, columns, 3);
      expect_levels<float>(rows, columns, 2);
      expect_levels<double>(rows, columns, 1);
    }
  }
}

TEST(EncodeLevelsDevice, TakesMoreLevelsThanABlockHolds) {
  expect_levels<std::int32_t>(260, 3, 20000);
  expect_levels<double>(260, 3, 9000);
}

/// Numbers with gaps, categories with gaps, unknown ones, a column of integers, a flag.
Table customers(std::size_t rows, std::uint64_t seed) {
  SplitMix64 generator(seed, 1);
  std::vector<double> ages;
  std::vector<double> flags;
  std::vector<double> labels;
  std::vector<std::string> plans;
  std::vector<std::string> cities;
  for (std::size_t row = 0; row < rows; ++row) {
    ages.push_back(generator.below(9) == 0 ? kMissing : static_cast<double>(generator.below(80)));
    flags.push_back(static_cast<double>(generator.below(2)));
    labels.push_back(static_cast<double>(generator.below(2)));
    plans.push_back(generator.below(7) == 0 ? "" : "plan " + std::to_string(generator.below(5)));
    cities.push_back("city " + std::to_string(generator.below(40 + 10 * seed)));
  }
  Table table;
  table.add(number_column("age", ages));
  table.add(number_column("flag", flags));
  table.add(number_column("spend", many_numbers(rows, seed)));
  table.add(text_column("plan", plans));
  table.add(text_column("city", cities));
  table.add(number_column("churn", labels));
  for (const char* name : {"spend"}) {
    Column column = table.column(name);
    for (double& value : column.numbers) {
      if (std::abs(value) > 1e9) value = 1e9;
    }
    table.drop(std::vector<std::string>{name});
    table.add(std::move(column));
  }
  return table;
}

TEST(PipelineDevice, EncodesAsTheCpuDoes) {
  for (const Scaling scaling : kScalings) {
    SCOPED_TRACE(scaling_name(scaling));
    PipelineConfig config;
    config.target = "churn";
    config.numbers.scaling = scaling;
    config.two_values_as_category = true;
    config.categories.fill = CategoryFill::mode;
    const Table training = customers(600, 0);
    const FittedRows fitted = Pipeline::fit_transform(training, config, test_device());
    EXPECT_EQ(fitted.rows.device(), test_device());
    EXPECT_EQ(fitted.pipeline, Pipeline::fit(training, config));
    const Table other = customers(901, 1);
    DriftReport here_report;
    DriftReport there_report;
    const EncodedRows here = fitted.pipeline.transform(other, &here_report);
    const EncodedRows on_device = fitted.pipeline.transform(other, &there_report, test_device());
    EXPECT_EQ(on_device.device(), test_device());
    EXPECT_EQ(on_device.rows, 901U);
    const EncodedRows there = to_host(on_device);
    expect_same_bits(there.numbers, here.numbers);
    EXPECT_EQ(there.codes, here.codes);
    EXPECT_EQ(fitted.pipeline.drift_warnings(there_report),
              fitted.pipeline.drift_warnings(here_report));
    expect_same_bits(to_host(fitted.rows).numbers, fitted.pipeline.transform(training).numbers);
  }
}

TEST(PipelineDevice, EncodesNoRows) {
  PipelineConfig config;
  config.target = "churn";
  const Pipeline pipeline = Pipeline::fit(customers(100, 0), config);
  const Table none = select_rows(customers(100, 0), {});
  const EncodedRows rows = to_host(pipeline.transform(none, nullptr, test_device()));
  EXPECT_EQ(rows.rows, 0U);
  EXPECT_TRUE(rows.numbers.empty());
}

TEST(DeviceColumn, ComesBackAsItWas) {
  Column integers;
  integers.name = "id";
  integers.kind = ColumnKind::identifier;
  integers.integers = {3, kMissingInteger, -9000000000};
  Table table;
  table.add(number_column("number", {1.5, kMissing, -0.0}));
  table.add(text_column("text", {"b", "", "a"}));
  table.add(integers);
  Table back;
  for (const Column& column : table.columns()) {
    const DeviceColumn there = upload(column, test_device());
    EXPECT_EQ(there.values.device(), test_device());
    EXPECT_EQ(there.rows(), 3);
    back.add(download(there));
  }
  expect_equal(back, table);
}

TEST(DeviceColumn, NeedsADeviceThatThereIs) {
  if (cuda_device_count() > 0) GTEST_SKIP() << "there is one";
  const std::string message = message_of<UnsupportedError>([] {
    upload(number_column("x", {1.0}), Device{DeviceKind::cuda, 0});
  });
  EXPECT_THAT(message, ::testing::HasSubstr(kBuiltWithCuda ? "cuda:0" : "EBB_CUDA"));
}

}  // namespace
}  // namespace ebb::preprocessing
