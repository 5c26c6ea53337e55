// Quantiles, mean and deviation.
#include "preprocessing/statistics/quantiles.h"

#include "tests/preprocessing/support.h"

namespace ebb::preprocessing {
namespace {

TEST(Statistics, QuantilesInterpolate) {
  const std::vector<double> sorted = {1, 2, 4, 8};
  EXPECT_EQ(quantile(sorted, 0.0), 1.0);
  EXPECT_EQ(quantile(sorted, 1.0), 8.0);
  EXPECT_EQ(quantile(sorted, 0.5), 3.0);
  EXPECT_NEAR(quantile(sorted, 0.9), 6.8, 1e-15);
  EXPECT_EQ(quantile(std::vector<double>{5}, 0.3), 5.0);
}

TEST(Statistics, DeviationSurvivesALargeMean) {
  std::vector<double> values;
  for (int i = 0; i < 1000; ++i) values.push_back(1e9 + i % 2);
  const double mean = mean_of(values);
  EXPECT_EQ(mean, 1e9 + 0.5);
  EXPECT_EQ(standard_deviation(values, mean), 0.5);
}

}  // namespace
}  // namespace ebb::preprocessing
