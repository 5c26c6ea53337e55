// Order statistics against sorting.
#include "preprocessing/statistics/order_statistics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "preprocessing/statistics/quantiles.h"
#include "tests/preprocessing/support.h"

namespace ebb::preprocessing {
namespace {

std::vector<double> awkward_values(std::size_t count) {
  std::mt19937_64 generator(5);
  std::lognormal_distribution<double> draw(0.0, 3.0);
  std::vector<double> values = {0.0,     -0.0,     1e308,     -1e308, 5e-324,
                                -5e-324, HUGE_VAL, -HUGE_VAL, 1.0,    1.0};
  while (values.size() < count) {
    const double value = std::round(draw(generator) * 100.0) / 100.0;
    values.push_back(values.size() % 3 == 0 ? -value : value);
    if (values.size() % 10 == 0) values.push_back(std::nan(""));
  }
  std::shuffle(values.begin(), values.end(), generator);
  return values;
}

TEST(OrderStatistics, EqualThoseOfTheSortedValues) {
  for (const std::size_t count : {10U, 11U, 1000U, 50001U}) {
    const std::vector<double> values = awkward_values(count);
    const std::vector<double> sorted = sorted_values(values);
    const std::size_t step = std::max<std::size_t>(1, sorted.size() / 37);
    for (std::size_t rank = 0; rank < sorted.size(); rank += step)
      EXPECT_EQ(order_statistic(values, rank), sorted[rank]) << rank << " of " << count;
    EXPECT_EQ(order_statistic(values, sorted.size() - 1), sorted.back());
    EXPECT_EQ(median_of(values), quantile(sorted, 0.5)) << count;
  }
}

TEST(OrderStatistics, RefuseRanksBeyondTheValues) {
  const std::vector<double> values = {1.0, std::nan("")};
  EXPECT_EQ(median_of(values), 1.0);
  EXPECT_THROW(order_statistic(values, 1), Error);
  EXPECT_THROW(median_of(std::vector<double>{std::nan("")}), Error);
}

TEST(SortedSample, HoldsOneOfEverySoManyValues) {
  std::vector<double> values;
  for (int i = 0; i < 100000; ++i) values.push_back((i * 7919) % 100003);
  values[34] = std::nan("");
  EXPECT_EQ(sorted_sample(values, 100000), sorted_values(values));
  for (const std::size_t most : {1U, 3U, 1000U, 50000U, 99999U}) {
    const std::vector<double> sample = sorted_sample(values, most);
    EXPECT_LE(sample.size(), most);
    EXPECT_GE(2 * sample.size() + 2, most);
    EXPECT_TRUE(std::ranges::is_sorted(sample));
  }
  const std::vector<double> sample = sorted_sample(values, 1000);
  EXPECT_NEAR(quantile(sample, 0.5), quantile(sorted_values(values), 0.5), 2000.0);
}

TEST(SortedSample, DoesNotFollowAPeriodOfTheRows) {
  for (const int period : {2, 3, 4, 10}) {
    std::vector<double> values;
    for (int i = 0; i < 120000; ++i) values.push_back(i % period);
    const std::vector<double> sample = sorted_sample(values, 12000);
    const auto share = static_cast<double>(std::ranges::count(sample, 0.0)) / 12000.0;
    EXPECT_NEAR(share, 1.0 / period, 0.015) << period;  // three standard deviations and more
  }
}

}  // namespace
}  // namespace ebb::preprocessing
