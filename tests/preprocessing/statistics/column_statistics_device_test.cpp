// Moments and order statistics of columns on the device under test, as the host has them.
#include <bit>
#include <cmath>
#include <limits>

#include "preprocessing/split/random_order.h"
#include "preprocessing/statistics/column_moments.h"
#include "preprocessing/statistics/order_statistics.h"
#include "preprocessing/statistics/quantiles.h"
#include "preprocessing/statistics/sorted_column.h"
#include "preprocessing/table/device_column.h"
#include "tests/preprocessing/support.h"
#include "tests/support/test_device.h"

namespace ebb::preprocessing {
namespace {

using ebb::testing::test_device;

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

std::vector<double> random_numbers(std::size_t rows, std::size_t seed) {
  SplitMix64 generator(seed, 0);
  std::vector<double> values(rows);
  for (double& value : values) {
    const std::uint64_t kind = generator.below(10);
    const double share = static_cast<double>(generator.below(1 << 30)) / (1 << 30);
    value = kind == 0   ? kMissing
            : kind == 1 ? static_cast<double>(generator.below(5)) - 2.0
            : kind == 2 ? -0.0
                        : std::exp2(30.0 * share) * (kind % 2 == 0 ? 1.0 : -1.0);
  }
  return values;
}

/// Columns of one length: whole blocks, ranges and parts of them.
std::vector<std::vector<double>> columns_of(std::size_t rows) {
  std::vector<std::vector<double>> columns;
  for (std::size_t i = 0; i < 5; ++i) columns.push_back(random_numbers(rows, i));
  columns.emplace_back(rows, kMissing);
  columns.emplace_back(rows, 3.25);
  std::vector<double> late(rows, kMissing);  // the first value after many gaps
  late.back() = -7.0;
  columns.push_back(late);
  std::vector<double> huge = random_numbers(rows, 9);
  std::vector<double> tiny = huge;
  for (double& value : huge) value *= 1e290;
  for (double& value : tiny) value *= 1e-300;
  columns.push_back(huge);
  columns.push_back(tiny);
  return columns;
}

std::vector<Tensor> tensors_of(const std::vector<std::vector<double>>& columns) {
  std::vector<Tensor> tensors;
  for (const auto& column : columns) {
    tensors.push_back(upload_values(std::span<const double>(column), test_device()));
  }
  return tensors;
}

void expect_same_bits(double found, double expected, const char* what) {
  EXPECT_EQ(std::bit_cast<std::uint64_t>(found), std::bit_cast<std::uint64_t>(expected))
      << what << ": " << found << ", expected " << expected;
}

TEST(MomentsDevice, HaveTheBitsOfTheCpu) {
  for (const std::size_t rows : {1U, 15U, 16U, 17U, 2047U, 2048U, 2049U, 5000U, 140001U}) {
    const std::vector<std::vector<double>> columns = columns_of(rows);
    const std::vector<Tensor> tensors = tensors_of(columns);
    Context context(test_device());
    const std::vector<Moments> found = moments_of(context, tensors);
    ASSERT_EQ(found.size(), columns.size());
    for (std::size_t i = 0; i < columns.size(); ++i) {
      SCOPED_TRACE(std::to_string(rows) + " rows, column " + std::to_string(i));
      const Moments expected = moments_of(columns[i]);
      EXPECT_EQ(found[i].count, expected.count);
      EXPECT_EQ(found[i].missing, expected.missing);
      expect_same_bits(found[i].mean, expected.mean, "mean");
      expect_same_bits(found[i].deviation, expected.deviation, "deviation");
      expect_same_bits(found[i].skewness, expected.skewness, "skewness");
      expect_same_bits(found[i].minimum, expected.minimum, "minimum");
      expect_same_bits(found[i].maximum, expected.maximum, "maximum");
    }
  }
}

TEST(MomentsDevice, OfNoRowsAndNoColumns) {
  Context context(test_device());
  EXPECT_TRUE(moments_of(context, std::vector<Tensor>{}).empty());
  EXPECT_EQ(moments_of(context, tensors_of({{}}))[0].count, 0U);
}

TEST(MomentsDevice, RefuseColumnsOfAnotherLength) {
  Context context(test_device());
  const std::vector<Tensor> tensors = tensors_of({{1.0, 2.0}, {1.0}});
  EXPECT_THAT(message_of<Error>([&] { moments_of(context, tensors); }),
              ::testing::HasSubstr("expected [2]"));
}

TEST(SortedColumnDevice, HasTheOrderOfTheCpu) {
  for (const std::size_t rows : {1U, 2U, 255U, 3000U, 20000U}) {
    const std::vector<std::vector<double>> columns = columns_of(rows);
    const std::vector<Tensor> tensors = tensors_of(columns);
    Context context(test_device());
    for (std::size_t i = 0; i < columns.size(); ++i) {
      SCOPED_TRACE(std::to_string(rows) + " rows, column " + std::to_string(i));
      const SortedColumn sorted = sort_column(context, tensors[i]);
      const std::vector<double> expected = sorted_values(columns[i]);
      ASSERT_EQ(sorted.count, expected.size());
      if (expected.empty()) continue;
      std::vector<std::size_t> ranks(expected.size());
      for (std::size_t rank = 0; rank < ranks.size(); ++rank) ranks[rank] = rank;
      EXPECT_EQ(values_at(context, sorted, ranks), expected);
      expect_same_bits(median_of(context, sorted), median_of(columns[i]), "median");
      expect_same_bits(mode_of(context, sorted), mode_of(expected), "mode");
      const std::vector<double> shares = {0.0, 0.25, 1.0 / 3, 0.5, 0.75, 0.999, 1.0};
      const std::vector<double> quantiles = quantiles_of(context, sorted, shares);
      for (std::size_t k = 0; k < shares.size(); ++k) {
        EXPECT_EQ(quantiles[k], quantile(expected, shares[k])) << shares[k];
      }
    }
  }
}

TEST(SortedColumnDevice, MedianOfOddCountsNeedsNoDistance) {
  constexpr double kHuge = std::numeric_limits<double>::max();
  Context context(test_device());
  const std::vector<Tensor> tensors = tensors_of({{kHuge, -kHuge, -kHuge}});
  EXPECT_EQ(median_of(context, sort_column(context, tensors[0])), -kHuge);
}

TEST(SortedColumnDevice, ComesToTheHost) {
  Context context(test_device());
  const std::vector<Tensor> tensors = tensors_of({{2.0, kMissing, -1.0, 7.0}, {kMissing}, {}});
  const std::vector<double> expected = {-1.0, 2.0, 7.0};
  EXPECT_EQ(to_host(context, sort_column(context, tensors[0])), expected);
  EXPECT_TRUE(to_host(context, sort_column(context, tensors[1])).empty());
  EXPECT_TRUE(to_host(context, sort_column(context, tensors[2])).empty());
}

TEST(SortedColumnDevice, GathersRows) {
  Context context(test_device());
  const std::vector<double> column = random_numbers(1000, 2);
  const std::vector<Tensor> tensors = tensors_of({column});
  for (const std::size_t count : {0U, 1U, 255U, 256U, 257U, 600U}) {
    std::vector<std::size_t> rows;
    for (std::size_t i = 0; i < count; ++i) rows.push_back((i * 7919 + 999) % 1000);
    const Tensor gathered = gather_rows(context, tensors[0], rows).to(Device());
    ASSERT_EQ(gathered.elements(), static_cast<std::int64_t>(count));
    for (std::size_t i = 0; i < count; ++i)
      expect_same_bits(gathered.values<double>()[i], column[rows[i]], "row");
  }
  const std::size_t row = 1000;
  EXPECT_THAT(message_of<Error>([&] {
                gather_rows(context, tensors[0], {&row, 1});
              }),
              ::testing::HasSubstr("row 1000 of 1000"));
}

TEST(SortedColumnDevice, HasTheLeastOfSeveralModes) {
  SplitMix64 generator(1, 0);
  for (const std::size_t values : {1U, 2U, 40U, 900U}) {
    std::vector<double> column;
    for (std::size_t i = 0; i < 2500; ++i)
      column.push_back(static_cast<double>(generator.below(values)) - 20.0);
    for (int i = 0; i < 300; ++i) column.insert(column.end(), {7.0, -7.5, kMissing, -0.0});
    Context context(test_device());
    const std::vector<Tensor> tensors = tensors_of({column});
    expect_same_bits(mode_of(context, sort_column(context, tensors[0])),
                     mode_of(sorted_values(column)), "mode");
  }
  Context context(test_device());
  const std::vector<Tensor> tensors = tensors_of({{3.0, 1.0, 3.0, 1.0, 2.0}, {kMissing}});
  EXPECT_EQ(mode_of(context, sort_column(context, tensors[0])), 1.0);
  EXPECT_THAT(message_of<Error>([&] { mode_of(context, sort_column(context, tensors[1])); }),
              ::testing::HasSubstr("every value is missing"));
}

TEST(SortedColumnDevice, RefusesRanksThatAreNotThere) {
  Context context(test_device());
  const std::vector<Tensor> tensors = tensors_of({{1.0, kMissing}, {kMissing}});
  const SortedColumn sorted = sort_column(context, tensors[0]);
  const std::size_t rank = 1;
  EXPECT_THAT(message_of<Error>([&] {
                values_at(context, sorted, {&rank, 1});
              }),
              ::testing::HasSubstr("rank 1 among 1 values"));
  EXPECT_THAT(message_of<Error>([&] { median_of(context, sort_column(context, tensors[1])); }),
              ::testing::HasSubstr("every value is missing"));
}

}  // namespace
}  // namespace ebb::preprocessing
