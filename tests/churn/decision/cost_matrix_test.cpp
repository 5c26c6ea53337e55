#include "apps/churn/decision/cost_matrix.h"

#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernels/common/error.h"
#include "tests/support/message_of.h"

namespace ebb::churn {
namespace {

using ebb::testing::message_of;
using ::testing::HasSubstr;

TEST(CostMatrix, AddsUpEveryKindOfDecision) {
  const ConfusionMatrix confusion{
      .true_positive = 3, .false_positive = 5, .true_negative = 70, .false_negative = 2};
  EXPECT_EQ(total_cost(confusion, {}), 5 + 2 * 5);
  EXPECT_EQ(
      total_cost(
          confusion,
          {.true_positive = -40, .false_positive = 10, .true_negative = -1, .false_negative = 100}),
      -120 + 50 - 70 + 200);
}

TEST(CostMatrix, BothDecisionsCostTheSameWhereItBreaksEven) {
  const CostMatrix costs{
      .true_positive = 4, .false_positive = 10, .true_negative = -1, .false_negative = 37};
  const double p = break_even_probability(costs);
  EXPECT_DOUBLE_EQ(p * costs.true_positive + (1 - p) * costs.false_positive,
                   p * costs.false_negative + (1 - p) * costs.true_negative);
  EXPECT_EQ(break_even_probability({}), 1.0 / 6);
}

TEST(CostMatrix, WrongDecisionsMustCostMore) {
  check_cost_matrix({});
  const auto refusal = [](const CostMatrix& costs) {
    return message_of<DataError>([&] { check_cost_matrix(costs); });
  };
  EXPECT_THAT(
      refusal({.true_positive = 5}),
      HasSubstr("false_negative_cost 5 is not above true_positive_cost 5: the wrong decision "
                "about a leaver"));
  EXPECT_THAT(refusal({.true_negative = 2}),
              HasSubstr("false_positive_cost 1 is not above true_negative_cost 2"));
  EXPECT_THAT(refusal({.false_negative = std::numeric_limits<double>::infinity()}),
              HasSubstr("false_negative_cost inf"));
}

}  // namespace
}  // namespace ebb::churn
