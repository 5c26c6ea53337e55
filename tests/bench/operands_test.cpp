// What the benchmarks say of a kernel's error.
#include "bench/kernels/operands.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

namespace ebb::bench {
namespace {

constexpr double kValues[] = {1.0, 2.0, 3.0, 4.0, 8.0};
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// Two results of a call and of its oracle, each kValues.
class OperandsTest : public ::testing::Test {
 protected:
  OperandsTest() {
    for (Operands* operands : {&actual_, &oracle_}) {
      operands->random({7});
      for (View& result : operands == &actual_ ? results_ : expected_) {
        result = operands->result({5});
        for (std::int64_t i = 0; i < 5; ++i) set(result, i, kValues[i]);
      }
    }
  }

  static void set(const View& view, std::int64_t index, double value) {
    if (view.dtype == DType::f32) {
      view.as<float>()[index] = static_cast<float>(value);
    } else {
      view.as<double>()[index] = value;
    }
  }
  double error() const { return actual_.error_against(oracle_); }

  Context context_;
  Operands actual_{context_, DType::f32, DType::f32};
  Operands oracle_{context_, DType::f64, DType::f32};
  View results_[2];
  View expected_[2];
};

TEST_F(OperandsTest, ErrorIsTheLargestDifferenceAsAShareOfTheLargestResult) {
  EXPECT_EQ(error(), 0.0);
  set(results_[0], 1, 2.5);
  set(results_[0], 3, 3.0);
  EXPECT_EQ(error(), 1.0 / 8.0);
  set(results_[1], 4, 4.0);
  EXPECT_EQ(error(), 0.5);
}

TEST_F(OperandsTest, ANumberThatIsNoneIsAnErrorWhereverItStands) {
  for (const View& result : results_) {
    for (const std::int64_t index : {0, 2, 4}) {
      const float right = result.as<float>()[index];
      set(result, index, kNaN);
      EXPECT_TRUE(std::isnan(error())) << index;
      set(result, index, right);
    }
  }
  EXPECT_EQ(error(), 0.0);
  set(expected_[0], 2, kNaN);
  EXPECT_TRUE(std::isnan(error()));
}

TEST_F(OperandsTest, WhatACallLeavesOutIsAnError) {
  actual_.result({3});
  const View expected = oracle_.result({3});
  for (std::int64_t i = 0; i < 3; ++i) set(expected, i, 1.0);
  EXPECT_TRUE(std::isnan(error()));
}

TEST_F(OperandsTest, RowsThatTheOracleLeavesOutAreNotCompared) {
  const View result = actual_.sampled_result({4, 2}, 3);
  const View expected = oracle_.sampled_result({4, 2}, 3);
  for (const std::int64_t index : {0, 1, 6, 7}) {
    set(result, index, 2.0);
    set(expected, index, 2.0);
  }
  EXPECT_EQ(error(), 0.0);
  set(result, 7, 3.0);
  EXPECT_EQ(error(), 0.5);
  set(result, 1, kNaN);
  EXPECT_TRUE(std::isnan(error()));
}

}  // namespace
}  // namespace ebb::bench
