// Sums of products of columns, and counts of what they hold, on the device under test.
#include "preprocessing/columns/count_places.h"
#include "preprocessing/columns/project_numbers.h"
#include "tests/preprocessing/columns/placed_columns.h"

namespace ebb::preprocessing {
namespace {

using ebb::testing::test_device;

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

TEST(ProjectNumbersDevice, GivesNoNumberThatIsNotFinite) {
  // inf - inf, inf, and a number.
  const std::vector<double> first = {1e300, 1e300, 1.0};
  const std::vector<double> second = {1e300, 1.0, 1.0};
  const Tensor inputs[] = {upload_values(std::span<const double>(first), test_device()),
                           upload_values(std::span<const double>(second), test_device())};
  const Tensor output = Tensor::empty({3}, DType::f64, test_device());
  const Tensor has_missing = Tensor::zeros({1}, DType::i32, test_device());
  const double* const of[] = {inputs[0].view().as<const double>(),
                              inputs[1].view().as<const double>()};
  double* const to = output.view().as<double>();
  const double zeros[] = {0.0, 0.0};
  const double scales[] = {1e-10, 1e-10};
  const double weights[] = {1.0, -1.0};
  Context context(test_device());
  project_numbers(context, {.rows = 3,
                            .of = of,
                            .means = zeros,
                            .scales = scales,
                            .weights = weights,
                            .outputs = {&to, 1},
                            .has_missing = has_missing.view().as<std::int32_t>()});
  const Tensor on_host = output.to(Device());
  const std::span<const double> found = on_host.values<double>();
  expect_same_bits({found.begin(), found.end()}, {kMissing, kMissing, 0.0});
  EXPECT_EQ(has_missing.to(Device()).values<std::int32_t>()[0], 0);
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
