#include "preprocessing/scaling/scaling.h"

#include <cmath>
#include <limits>

#include <nlohmann/json.hpp>

#include "preprocessing/scaling/normal_distribution.h"
#include "tests/preprocessing/support.h"
#include "tests/support/test_json.h"

namespace ebb::preprocessing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

TEST(Scaling, LinearFormulas) {
  const std::vector<double> values = {2.0, kMissingNumber, 4.0, 4.0, 10.0};
  const NumberScaler min_max = NumberScaler::fit(values, Scaling::min_max);
  EXPECT_EQ(min_max.apply(2.0), 0.0);
  EXPECT_EQ(min_max.apply(10.0), 1.0);
  EXPECT_EQ(min_max.apply(6.0), 0.5);
  const NumberScaler standard = NumberScaler::fit(values, Scaling::standard);
  EXPECT_EQ(standard.shift(), 5.0);
  EXPECT_EQ(standard.scale(), 3.0);  // sqrt((9 + 1 + 1 + 25) / 4)
  EXPECT_EQ(NumberScaler::fit(values, Scaling::none).apply(7.25), 7.25);
  EXPECT_TRUE(std::isnan(standard.apply(kMissingNumber)));
}

TEST(Scaling, ConstantColumnsBecomeZero) {
  for (const Scaling scaling : kScalings) {
    const NumberScaler scaler = NumberScaler::fit(std::vector<double>{0.1, 0.1, 0.1}, scaling);
    const double expected = scaling == Scaling::none               ? 0.1
                            : scaling == Scaling::max_abs          ? 1.0
                            : scaling == Scaling::quantile_uniform ? 0.5
                                                                   : 0.0;
    EXPECT_EQ(scaler.apply(0.1), expected) << scaling_name(scaling);
    EXPECT_TRUE(std::isfinite(scaler.apply(5.0))) << scaling_name(scaling);
    EXPECT_DOUBLE_EQ(scaler.invert(expected), 0.1) << scaling_name(scaling);
  }
}

TEST(Scaling, QuantileNormalAgreesWithScikitLearn) {
  const json cases = ebb::testing::test_json("quantile_normal.json");
  ASSERT_EQ(cases.size(), 5U);
  for (const json& one : cases) {
    SCOPED_TRACE(one["name"].get<std::string>());
    const auto values = one["values"].get<std::vector<double>>();
    const NumberScaler scaler =
        NumberScaler::fit(values, Scaling::quantile_normal, one["quantiles"].get<std::size_t>());
    for (std::size_t i = 0; i < one["points"].size(); ++i) {
      const double expected = one["scaled"][i].get<double>();
      // scikit-learn clips at the quantile of 1e-7 minus half a unit in the last place of 1.
      const double tolerance =
          std::abs(expected) > 5.19 ? 1e-8 : 1e-11 * (1.0 + std::abs(expected));
      EXPECT_NEAR(scaler.apply(one["points"][i].get<double>()), expected, tolerance)
          << one["points"][i];
    }
  }
}

TEST(Scaling, EachAgreesWithScikitLearn) {
  const json document = ebb::testing::test_json("scaling.json");
  ASSERT_EQ(document["cases"].size(), 7U);
  for (const json& one : document["cases"]) {
    const auto values = one["values"].get<std::vector<double>>();
    for (const auto& [kind, scaled] : one["scaled"].items()) {
      SCOPED_TRACE(one["name"].get<std::string>() + ", " + kind);
      const NumberScaler scaler = NumberScaler::fit(values, parse_scaling(kind));
      // Brent's method finds where a flat function is least to about the root of epsilon.
      const double tolerance = scaler.scaling() == Scaling::yeo_johnson ? 2e-6 : 1e-12;
      if (scaler.scaling() == Scaling::yeo_johnson) {
        EXPECT_NEAR(scaler.power().lambda, one["lambda"].get<double>(), 1e-6);
      }
      for (std::size_t i = 0; i < scaled.size(); ++i) {
        const double expected = scaled[i].get<double>();
        EXPECT_NEAR(scaler.apply(one["points"][i].get<double>()), expected,
                    tolerance * (1.0 + std::abs(expected)))
            << one["points"][i];
      }
    }
  }
}

TEST(Scaling, TheDeviationStandsInForEqualQuartiles) {
  std::vector<double> balances(80, 0.0);
  for (int i = 1; i <= 20; ++i) balances.push_back(1000.0 * i);
  const NumberScaler scaler = NumberScaler::fit(balances, Scaling::robust);
  EXPECT_EQ(scaler.shift(), 0.0);
  EXPECT_EQ(scaler.scale(), NumberScaler::fit(balances, Scaling::standard).scale());
}

TEST(Scaling, ATieAtTheEndGetsItsMiddleRank) {
  std::vector<double> balances(40, 0.0);
  for (int i = 1; i <= 60; ++i) balances.push_back(1000.0 + i);
  const NumberScaler scaler = NumberScaler::fit(balances, Scaling::quantile_normal);
  EXPECT_NEAR(scaler.apply(0.0), normal_quantile(0.5 * 39.0 / 99.0), 1e-12);
  EXPECT_LT(scaler.apply(-1.0), -5.19);
}

TEST(Scaling, InverseUndoesEach) {
  std::vector<double> values;
  for (int i = 0; i < 500; ++i) values.push_back(std::exp(0.01 * i) - 3.0);
  for (const Scaling scaling : kScalings) {
    const NumberScaler scaler = NumberScaler::fit(values, scaling);
    for (const double value : values) {
      EXPECT_NEAR(scaler.invert(scaler.apply(value)), value, 1e-9 * (1.0 + std::abs(value)))
          << scaling_name(scaling);
    }
  }
}

TEST(Scaling, ExtremeValuesAreClipped) {
  const std::vector<double> values = {2.0, 4.0, 4.0, 10.0};
  constexpr double kGreatest = std::numeric_limits<double>::max();
  for (const Scaling scaling :
       {Scaling::min_max, Scaling::standard, Scaling::robust, Scaling::max_abs}) {
    const NumberScaler scaler = NumberScaler::fit(values, scaling);
    EXPECT_EQ(scaler.apply(kGreatest), 1e4);
    EXPECT_EQ(scaler.apply(-kGreatest), -1e4);
  }
  const NumberScaler none = NumberScaler::fit(values, Scaling::none);
  EXPECT_EQ(none.apply(1e14), 1e14);
  EXPECT_EQ(none.apply(kGreatest), 1e15);
  EXPECT_EQ(none.apply(-kGreatest), -1e15);
  // The quotient itself overflows.
  const NumberScaler narrow = NumberScaler::fit(std::vector<double>{0, 1e-300}, Scaling::min_max);
  EXPECT_EQ(narrow.apply(kGreatest), 1e4);
}

// Samuelson's bound: of n values none lies beyond sqrt(n - 1) deviations.
TEST(Scaling, NoTrainingValueIsClipped) {
  std::vector<double> values(1'000'000, 0.0);
  values[17] = 1e300;
  const NumberScaler scaler = NumberScaler::fit(values, Scaling::standard);
  EXPECT_NEAR(scaler.apply(1e300), std::sqrt(999'999.0), 1e-6);
}

TEST(Scaling, ValuesWhoseSumOrSquaresOverflow) {
  std::vector<double> values;
  for (int i = 0; i <= 100; ++i) values.push_back(1e308 + 5e305 * i);
  const NumberScaler scaler = NumberScaler::fit(values, Scaling::standard);
  EXPECT_NEAR(scaler.shift() / 1.25e308, 1.0, 1e-13);
  EXPECT_NEAR(scaler.scale() / (5e305 * std::sqrt((101.0 * 101.0 - 1.0) / 12.0)), 1.0, 1e-12);
  EXPECT_NEAR(scaler.apply(1e308), -std::sqrt(3.0) * 100.0 / std::sqrt(101.0 * 101.0 - 1.0), 1e-9);
}

// Differences below the smallest normal number are none.
TEST(Scaling, DenormalValuesScaleToFiniteNumbers) {
  const std::vector<double> values = {1e-310, 2e-310, 3e-310, 5e-324};
  for (const Scaling scaling : kScalings) {
    const NumberScaler scaler = NumberScaler::fit(values, scaling);
    for (const double value : {1e-310, 0.0, -1e-310, 1e308}) {
      EXPECT_TRUE(std::isfinite(scaler.apply(value))) << scaling_name(scaling) << ' ' << value;
    }
  }
}

TEST(Scaling, RestoreChecksItsValues) {
  EXPECT_THAT(message_of([] { NumberScaler::restore(Scaling::standard, 0.0, 0.0, {}); }),
              HasSubstr("expected finite numbers and a positive scale"));
  // The distance between its ends would be infinite, and a rank not a number.
  EXPECT_THAT(message_of([] {
                NumberScaler::restore(Scaling::quantile_normal, 0, 1, {-1.7e308, 1.7e308});
              }),
              HasSubstr("is not finite"));
  EXPECT_THAT(message_of([] {
                NumberScaler::restore(Scaling::quantile_normal, 0, 1, {2, 1});
              }),
              HasSubstr("have at least two in ascending order, the others none"));
  EXPECT_THAT(message_of([] { NumberScaler::restore(Scaling::quantile_uniform, 0, 1, {}); }),
              HasSubstr("scaling quantile_uniform: 0 knots"));
  EXPECT_THAT(message_of([] {
                NumberScaler::restore(Scaling::yeo_johnson, 0, 1, {}, {6.5, 0});
              }),
              HasSubstr("scaling yeo_johnson: lambda 6.5 and anchor 0: yeo_johnson has"));
  EXPECT_THAT(message_of([] {
                NumberScaler::restore(Scaling::yeo_johnson, 0, 1, {}, {1, -711});
              }),
              HasSubstr("anchor -711"));
  EXPECT_THAT(message_of([] {
                NumberScaler::restore(Scaling::log, 0, 1, {}, {0.5, 0});
              }),
              HasSubstr("the others none"));
  EXPECT_THAT(message_of([] {
                NumberScaler::restore(Scaling::none, 0, 1, {1, 2});
              }),
              HasSubstr("scaling none: 2 knots"));
  EXPECT_THAT(message_of([] {
                NumberScaler::fit(std::vector<double>{-1e308, 1e308}, Scaling::min_max);
              }),
              HasSubstr("are too large to scale"));
  EXPECT_EQ(message_of([] { parse_scaling("zscore"); }),
            "\"zscore\" is no scaling: use none, min_max, standard, robust, max_abs, "
            "quantile_normal, quantile_uniform, log or yeo_johnson");
}

TEST(NormalDistribution, QuantileInvertsTheCumulative) {
  for (double x = -8.0; x <= 6.0; x += 0.0625) {
    const double probability = normal_cumulative(x);
    // The slope of the quantile magnifies the rounding of the probability.
    const double density = std::exp(-0.5 * x * x) / std::sqrt(2.0 * 3.14159265358979324);
    EXPECT_NEAR(normal_quantile(probability), x, 1e-14 + 4e-16 * probability / density) << x;
  }
  EXPECT_EQ(normal_quantile(0.5), 0.0);
}

}  // namespace
}  // namespace ebb::preprocessing
