#include "apps/churn/metrics/incomplete_beta.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "kernels/common/error.h"
#include "tests/support/test_json.h"

namespace ebb::churn {
namespace {

TEST(IncompleteBeta, AgreesWithScipy) {
  const nlohmann::json values = ebb::testing::test_json("profit.json").at("incomplete_beta");
  for (const nlohmann::json& item : values) {
    const double a = item[0];
    const double b = item[1];
    const double x = item[2];
    const double expected = item[3];
    EXPECT_NEAR(regularised_incomplete_beta(a, b, x), expected, 2e-14 + 1e-12 * expected)
        << a << ", " << b << ", " << x;
  }
}

TEST(IncompleteBeta, RefusesWhatItIsNotDefinedFor) {
  EXPECT_THROW(regularised_incomplete_beta(0, 1, 0.5), Error);
  EXPECT_THROW(regularised_incomplete_beta(1, -1, 0.5), Error);
  EXPECT_THROW(regularised_incomplete_beta(1, 1, 1.5), Error);
  EXPECT_THROW(regularised_incomplete_beta(1, 1, std::nan("")), Error);
}

TEST(StudentT, AgreesWithScipy) {
  // scipy.stats.t.sf(t, degrees) * 2
  EXPECT_NEAR(two_sided_p_value(0.0, 4), 1.0, 1e-15);
  EXPECT_NEAR(two_sided_p_value(2.7764451051977987, 4), 0.05, 1e-14);
  EXPECT_NEAR(two_sided_p_value(-2.7764451051977987, 4), 0.05, 1e-14);
  EXPECT_NEAR(two_sided_p_value(1.0, 1), 0.5, 1e-14);
  EXPECT_NEAR(two_sided_p_value(3.5, 49), 0.0010013273839442362, 1e-15);
  EXPECT_EQ(two_sided_p_value(std::numeric_limits<double>::infinity(), 4), 0.0);
  EXPECT_TRUE(std::isnan(two_sided_p_value(std::nan(""), 4)));
  EXPECT_THROW(two_sided_p_value(1.0, 0), Error);
}

}  // namespace
}  // namespace ebb::churn
