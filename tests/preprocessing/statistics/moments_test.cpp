// Moments against numpy and scipy, at the edges of f64, and for any number of threads.
#include "preprocessing/statistics/moments.h"

#include <cmath>
#include <limits>

#include "preprocessing/split/random_order.h"
#include "tests/preprocessing/statistics/fixture.h"

namespace ebb::preprocessing {
namespace {

TEST(Moments, EqualNumpyAndScipy) {
  const nlohmann::json cases = statistics_fixture().at("moments");
  ASSERT_EQ(cases.size(), 5U);
  for (const nlohmann::json& expected : cases) {
    const std::vector<double> values = numbers_of(expected.at("values"));
    const Moments moments = moments_of(values);
    EXPECT_EQ(moments.count, expected.at("count").get<std::size_t>());
    EXPECT_EQ(moments.missing, values.size() - moments.count);
    EXPECT_EQ(moments.minimum, expected.at("minimum").get<double>());
    EXPECT_EQ(moments.maximum, expected.at("maximum").get<double>());
    expect_close(moments.mean, expected.at("mean"), 1e-14);
    expect_close(moments.deviation, expected.at("deviation"), 1e-13);
    expect_close(moments.variance(true), expected.at("sample_variance"), 1e-13);
    expect_close(moments.skewness, expected.at("skewness"), 1e-11);
  }
}

TEST(Moments, NothingAndOneValue) {
  const Moments none = moments_of({});
  EXPECT_EQ(none.count, 0U);
  EXPECT_TRUE(none.is_constant());
  const Moments missing = moments_of(std::vector<double>{NAN, NAN});
  EXPECT_EQ(missing.missing, 2U);
  EXPECT_EQ(missing.mean, 0.0);
  const Moments one = moments_of(std::vector<double>{NAN, 7.5});
  EXPECT_EQ(one.mean, 7.5);
  EXPECT_EQ(one.deviation, 0.0);
  EXPECT_EQ(one.variance(true), 0.0);
}

TEST(Moments, AConstantColumnHasNoDeviation) {
  const Moments moments = moments_of(std::vector<double>(10007, 0.1));
  EXPECT_EQ(moments.mean, 0.1);
  EXPECT_EQ(moments.deviation, 0.0);
  EXPECT_EQ(moments.skewness, 0.0);
}

TEST(Moments, ALargeMeanHidesNothing) {
  std::vector<double> values;
  for (int i = 0; i < 10000; ++i) values.push_back(1e15 + i % 2);
  const Moments moments = moments_of(values);
  EXPECT_EQ(moments.mean, 1e15 + 0.5);
  EXPECT_DOUBLE_EQ(moments.deviation, 0.5);
}

TEST(Moments, TheEdgesOfTheNumbers) {
  constexpr double kGreatest = std::numeric_limits<double>::max();
  constexpr double kLeast = std::numeric_limits<double>::denorm_min();
  const Moments large =
      moments_of(std::vector<double>{kGreatest, -kGreatest, kGreatest, -kGreatest});
  EXPECT_EQ(large.mean, 0.0);
  EXPECT_DOUBLE_EQ(large.deviation, kGreatest);
  EXPECT_NEAR(large.skewness, 0.0, 1e-15);
  const Moments small = moments_of(std::vector<double>{0.0, 4 * kLeast, NAN});
  EXPECT_EQ(small.mean, 2 * kLeast);
  EXPECT_EQ(small.deviation, 2 * kLeast);
  EXPECT_EQ(moments_of(std::vector<double>{-0.0, 0.0}).deviation, 0.0);
}

TEST(Moments, AnyThreadsGiveTheSameBits) {
  SplitMix64 generator(3);
  std::vector<double> values;
  for (int i = 0; i < 300007; ++i) {
    const auto number = static_cast<double>(generator.below(1000003)) / 997.0;
    values.push_back(generator.below(11) == 0 ? NAN : number);
  }
  const ThreadCount one(1);
  const Moments expected = moments_of(values);
  for (int threads = 2; threads <= 5; ++threads) {
    const ThreadCount count(threads);
    const Moments moments = moments_of(values);
    EXPECT_EQ(moments.mean, expected.mean);
    EXPECT_EQ(moments.deviation, expected.deviation);
    EXPECT_EQ(moments.skewness, expected.skewness);
  }
}

}  // namespace
}  // namespace ebb::preprocessing
