#include "apps/churn/decision/risk_band.h"

#include <limits>

#include <gtest/gtest.h>

#include "kernels/common/error.h"

namespace ebb::churn {
namespace {

TEST(RiskBand, HighIsAtOrAboveThresholdAndBaseRate) {
  EXPECT_EQ(risk_band(0.19, 0.4, 0.2), RiskBand::low);
  EXPECT_EQ(risk_band(0.2, 0.4, 0.2), RiskBand::medium);
  EXPECT_EQ(risk_band(0.39, 0.4, 0.2), RiskBand::medium);
  EXPECT_EQ(risk_band(0.4, 0.4, 0.2), RiskBand::high);
}

TEST(RiskBand, AThresholdBelowTheBaseRateMakesTheFlaggedAtLeastMedium) {
  EXPECT_EQ(risk_band(0.09, 0.1, 0.2), RiskBand::low);
  EXPECT_EQ(risk_band(0.1, 0.1, 0.2), RiskBand::medium);
  EXPECT_EQ(risk_band(0.2, 0.1, 0.2), RiskBand::high);
}

TEST(RiskBand, HasNames) {
  EXPECT_EQ(to_string(RiskBand::low), "low");
  EXPECT_EQ(to_string(RiskBand::medium), "medium");
  EXPECT_EQ(to_string(RiskBand::high), "high");
}

TEST(RiskBand, RefusesNaN) {
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THROW(risk_band(kNaN, 0.4, 0.2), Error);
  EXPECT_THROW(risk_band(0.3, kNaN, 0.2), Error);
  EXPECT_THROW(risk_band(0.3, 0.4, kNaN), Error);
}

}  // namespace
}  // namespace ebb::churn
