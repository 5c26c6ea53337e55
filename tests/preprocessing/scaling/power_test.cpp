// Yeo and Johnson's power: where arithmetic is difficult. The comparison with scikit-learn is in
// scaling_test.cpp.
#include "preprocessing/scaling/power.h"

#include <vector>

#include "preprocessing/scaling/brent.h"
#include "preprocessing/scaling/scaling.h"
#include "preprocessing/split/random_order.h"
#include "tests/preprocessing/support.h"

namespace ebb::preprocessing {
namespace {

constexpr double kHuge = std::numeric_limits<double>::max();

/// The transform as published.
double plain(double x, double lambda) {
  if (x >= 0.0) return lambda == 0.0 ? std::log1p(x) : (std::pow(1.0 + x, lambda) - 1.0) / lambda;
  const double power = 2.0 - lambda;
  return power == 0.0 ? -std::log1p(-x) : -(std::pow(1.0 - x, power) - 1.0) / power;
}

TEST(Power, IsTheDistanceOfTheTransformFromTheAnchor) {
  for (const double lambda : {-4.0, -0.5, 0.0, 0.3, 1.0, 2.0, 3.5, 6.0}) {
    for (const double c : {0.0, 0.7, 4.0, -0.7, -4.0}) {
      const AnchoredPower power = {lambda, signed_log(c)};
      const double unit = std::pow(1.0 + std::abs(c), c < 0.0 ? 2.0 - lambda : lambda);
      for (const double x : {-9.0, -1.0, -1e-3, -0.0, 0.0, 0.25, 4.0, 30.0}) {
        const double expected = (plain(x, lambda) - plain(c, lambda)) / unit;
        const double size = (std::abs(plain(x, lambda)) + std::abs(plain(c, lambda))) / unit;
        EXPECT_NEAR(anchored_power(x, power), expected, 1e-13 * (size + std::abs(expected)))
            << lambda << ' ' << c << ' ' << x;
      }
    }
  }
}

TEST(Power, IsFiniteOrInfiniteAndInverseStaysFinite) {
  for (const double lambda : {-4.0, 0.0, 1.0, 2.0, 6.0}) {
    for (const double anchor : {0.0, 3.0, 700.0, -3.0, -700.0}) {
      double before = -std::numeric_limits<double>::infinity();
      for (const double x : {-kHuge, -1e200, -1.0, -5e-324, 0.0, 5e-324, 1.0, 1e200, kHuge}) {
        const double y = anchored_power(x, {lambda, anchor});
        EXPECT_GE(y, before) << lambda << ' ' << anchor << ' ' << x;  // fails for NaN
        before = y;
      }
      for (const double y : {-kHuge, -1.0, 0.0, 1e-3, 5.0, kHuge}) {
        EXPECT_TRUE(std::isfinite(anchored_power_inverse(y, {lambda, anchor})))
            << lambda << ' ' << anchor << ' ' << y;
      }
    }
  }
}

// Far from 0 every power of a negative lambda is -1 / lambda but for its last digits: without the
// anchor this column of years would be constant.
TEST(Power, YearsKeepTheirDistances) {
  std::vector<double> years;
  for (int i = 0; i < 300; ++i) years.push_back(1950.0 + 70.0 * std::sqrt(i / 299.0));
  const NumberScaler scaler = NumberScaler::fit(years, Scaling::yeo_johnson);
  EXPECT_GE(scaler.power().lambda, 5.9);  // the likelihood grows up to the bound
  std::vector<double> opposite;
  for (const double year : years) opposite.push_back(4000.0 - year);
  const NumberScaler mirrored = NumberScaler::fit(opposite, Scaling::yeo_johnson);
  EXPECT_LE(mirrored.power().lambda, -3.9);
  for (std::size_t i = 0; i < years.size(); i += 37) {
    EXPECT_NEAR(scaler.invert(scaler.apply(years[i])), years[i], 1e-9);
    EXPECT_NEAR(mirrored.invert(mirrored.apply(opposite[i])), opposite[i], 1e-9);
  }
  EXPECT_LT(mirrored.apply(2000.0), mirrored.apply(2000.5) - 0.01);
}

TEST(Power, MirrorImagesHaveMirroredPowers) {
  SplitMix64 generator(3);
  std::vector<double> values;
  std::vector<double> negated;
  for (int i = 0; i < 1000; ++i) {
    values.push_back(std::exp(static_cast<double>(generator.below(1000)) / 200.0));
    negated.push_back(-values.back());
  }
  const AnchoredPower power = fit_power(values);
  const AnchoredPower mirrored = fit_power(negated);
  EXPECT_EQ(mirrored, (AnchoredPower{2.0 - power.lambda, -power.anchor}));
  EXPECT_DOUBLE_EQ(anchored_power(-7.0, mirrored), -anchored_power(7.0, power));
}

TEST(Power, ValuesWhosePowersOverflow) {
  // Normal in log(1 + |x|) on both sides of 0: no power but one near 1 has a finite variance.
  std::vector<double> values;
  for (int i = -50; i <= 50; ++i)
    values.push_back(std::copysign(std::pow(10.0, std::abs(i) * 6.0), i));
  const AnchoredPower power = fit_power(values);
  EXPECT_NEAR(power.lambda, 1.0, 1e-6);  // the column is its own mirror image
  for (double& value : values) value = std::abs(value);
  EXPECT_NEAR(fit_power(values).lambda, 0.0, 0.01);  // logarithms are uniform
}

TEST(Power, BitwiseTheSameForAnyThreads) {
  SplitMix64 generator(9);
  std::vector<double> values;
  for (int i = 0; i < 200000; ++i) {
    values.push_back(std::exp(static_cast<double>(generator.below(100000)) / 2e4) - 2.0);
  }
  std::vector<AnchoredPower> powers;
  for (int threads = 1; threads <= 5; ++threads) {
    const ThreadCount count(threads);
    powers.push_back(fit_power(values));
  }
  for (const AnchoredPower& power : powers) EXPECT_EQ(power, powers.front());
}

TEST(Brent, FindsMinimaInsideAndAtTheEnds) {
  EXPECT_NEAR(brent_minimum([](double x) { return (x - 0.3) * (x - 0.3); }, -1, 2, 1e-9), 0.3,
              1e-8);
  EXPECT_NEAR(brent_minimum([](double x) { return std::exp(x); }, -1, 2, 1e-9), -1.0, 1e-7);
  EXPECT_NEAR(brent_minimum([](double x) { return -x; }, -1, 2, 1e-9), 2.0, 1e-7);
  EXPECT_NEAR(brent_minimum([](double x) { return std::abs(x - 1.25); }, -1, 2, 1e-9), 1.25, 1e-8);
  const auto steep = [](double x) {
    return x > 0.9 ? std::numeric_limits<double>::infinity() : std::pow(x - 0.7, 4);
  };
  EXPECT_NEAR(brent_minimum(steep, -1, 2, 1e-9), 0.7, 1e-3);
}

}  // namespace
}  // namespace ebb::preprocessing
