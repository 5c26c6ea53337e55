#include "apps/churn/search/gaussian_process.h"

#include <cmath>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "apps/churn/search/expected_improvement.h"
#include "apps/churn/search/sobol_sequence.h"
#include "kernels/common/error.h"
#include "tests/support/test_json.h"

namespace ebb::churn {
namespace {

using ebb::testing::test_json;
using Numbers = std::vector<double>;

TEST(SobolSequence, HasSciPysPoints) {
  const nlohmann::json points = test_json("search.json")["sobol"];
  const SobolSequence sequence(12);
  for (std::size_t i = 0; i < points.size(); ++i) {
    EXPECT_EQ(sequence.point(i), points[i].get<Numbers>()) << i;
  }
}

/// Each dimension of 2^k points has one in each of 2^k intervals of equal length.
TEST(SobolSequence, StaysEvenWhenItIsShifted) {
  constexpr std::size_t kPoints = 64;
  const SobolSequence sequence(15, 7);
  for (std::size_t dimension = 0; dimension < 15; ++dimension) {
    std::vector<int> counts(kPoints, 0);
    for (std::size_t i = 0; i < kPoints; ++i) {
      ++counts.at(static_cast<std::size_t>(sequence.point(i)[dimension] * kPoints));
    }
    EXPECT_EQ(counts, std::vector<int>(kPoints, 1)) << dimension;
  }
  EXPECT_NE(sequence.point(3), SobolSequence(15, 8).point(3));
  EXPECT_EQ(sequence.point(3), SobolSequence(15, 7).point(3));
}

TEST(SobolSequence, RefusesOtherDimensions) {
  EXPECT_THROW(SobolSequence(0), Error);
  EXPECT_THROW(SobolSequence(3668), Error);
  EXPECT_EQ(SobolSequence(3667).point(1), Numbers(3667, 0.5));
}

GaussianProcessOptions options_of(const nlohmann::json& process) {
  return {process["lengths"].get<Numbers>(), process["variance"].get<double>(),
          process["noise"].get<double>()};
}

TEST(GaussianProcess, PredictsWhatScikitLearnDoes) {
  const nlohmann::json processes = test_json("search.json")["processes"];
  ASSERT_EQ(processes.size(), 2U);
  for (const nlohmann::json& expected : processes) {
    const GaussianProcess process(expected["rows"].get<FeatureRows>(),
                                  expected["values"].get<Numbers>(), options_of(expected));
    for (std::size_t i = 0; i < expected["queries"].size(); ++i) {
      const auto [mean, deviation] = process.at(expected["queries"][i].get<Numbers>());
      EXPECT_NEAR(mean, expected["means"][i].get<double>(), 1e-9);
      EXPECT_NEAR(deviation, expected["deviations"][i].get<double>(), 1e-7);
    }
    EXPECT_NEAR(process.log_likelihood(), expected["likelihood"].get<double>(), 1e-8);
    const Numbers gradient = process.log_likelihood_gradient();
    ASSERT_EQ(gradient.size(), expected["gradient"].size());
    for (std::size_t i = 0; i < gradient.size(); ++i) {
      EXPECT_NEAR(gradient[i], expected["gradient"][i].get<double>(), 1e-7) << i;
    }
  }
}

TEST(GaussianProcess, FitsLengthsToWhatMatters) {
  FeatureRows rows;
  Numbers values;
  const SobolSequence sequence(3);
  for (std::size_t i = 0; i < 32; ++i) {
    rows.push_back(sequence.point(i));
    values.push_back(1.4 * std::sin(6.0 * rows.back()[1]));
  }
  const std::vector<std::size_t> groups = {0, 1, 0};
  const GaussianProcessOptions fitted = fit_gaussian_process(rows, values, groups);
  EXPECT_EQ(fitted.lengths[0], fitted.lengths[2]);
  EXPECT_LT(3.0 * fitted.lengths[1], fitted.lengths[0]);
  EXPECT_LT(fitted.noise, 1e-3);
  const GaussianProcess process(rows, values, fitted);
  EXPECT_NEAR(process.at(Numbers{0.2, 0.37, 0.9}).mean, 1.4 * std::sin(6.0 * 0.37), 0.02);
}

TEST(GaussianProcess, RefusesRowsThatDoNotFit) {
  EXPECT_THROW(GaussianProcess({}, {}, {}), Error);
  EXPECT_THROW(GaussianProcess({{1.0}}, Numbers{1.0, 2.0}, {{1.0}}), Error);
  EXPECT_THROW(GaussianProcess({{1.0, 2.0}}, Numbers{1.0}, {{1.0}}), Error);
  EXPECT_THROW(GaussianProcess({{1.0}, {1.0}}, Numbers{1.0, 2.0}, {{1.0}, 1.0, 0.0}), Error);
}

TEST(ExpectedImprovement, IsTheIntegral) {
  const nlohmann::json improvements = test_json("search.json")["improvements"];
  ASSERT_EQ(improvements.size(), 10U);
  for (const nlohmann::json& expected : improvements) {
    const double mean = expected["mean"].get<double>();
    const double deviation = expected["deviation"].get<double>();
    const double best = expected["best"].get<double>();
    const double logarithm = expected["log"].get<double>();
    EXPECT_NEAR(log_expected_improvement(mean, deviation, best), logarithm,
                1e-9 * std::max(1.0, std::abs(logarithm)))
        << mean;
    EXPECT_NEAR(expected_improvement(mean, deviation, best), std::exp(logarithm), 1e-9);
  }
  EXPECT_EQ(expected_improvement(1.0, 0.0, 3.0), std::exp(std::log(2.0)));
  EXPECT_EQ(expected_improvement(3.0, 0.0, 1.0), 0.0);
}

}  // namespace
}  // namespace ebb::churn
