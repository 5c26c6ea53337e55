// The error rule of ebb: against a float64 oracle, a kernel's error may be at most twice that of a
// straightforward same-dtype implementation (three times for gradients), plus a floor of a few
// units in the last place of the largest intermediate.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <string_view>

#include <gtest/gtest.h>

#include "tests/kernels/support/buffer.h"

namespace ebb::testing {

struct ErrorRule {
  double factor = 2.0;
  double floor_ulps = 4.0;
  double largest_intermediate = 0.0;  // 0: the largest magnitude of the oracle
  double epsilon = 0.0;  // of the units in the last place; 0: that of the results' type
};

inline constexpr ErrorRule kForwardRule{.factor = 2.0};
inline constexpr ErrorRule kGradientRule{.factor = 3.0};

/// Largest |actual - oracle|; elements that are not finite in the oracle must be equal to it.
template <class T>
double largest_error(std::string_view name, const Buffer<T>& actual, const Buffer<double>& oracle) {
  double largest = 0.0;
  for (std::size_t i = 0; i < oracle.size(); ++i) {
    const double expected = oracle[i];
    const double got = to_double(actual[i]);
    if (std::isnan(expected)) {
      EXPECT_TRUE(std::isnan(got)) << name << "[" << i << "] is " << got << ", expected NaN";
    } else if (std::isinf(expected) || std::isinf(to_double(to_number<T>(expected)))) {
      EXPECT_EQ(got, to_double(to_number<T>(expected))) << name << "[" << i << "]";
    } else if (!std::isfinite(got)) {
      ADD_FAILURE() << name << "[" << i << "] is " << got << ", expected " << expected;
    } else {
      largest = std::max(largest, std::fabs(got - expected));
    }
  }
  return largest;
}

/// Applies the rule to one output. `naive` is the same-dtype reference, or, where the kernel stores
/// T = bf16 or f16, the f32 one, whose results are rounded to T here. `oracle` is the f64 one.
template <class T>
void expect_within(std::string_view name, const Buffer<T>& actual, const Buffer<float>& naive,
                   const Buffer<double>& oracle, ErrorRule rule) {
  ASSERT_EQ(actual.size(), oracle.size());
  double magnitude = rule.largest_intermediate;
  if (magnitude == 0.0) {
    for (const double value : oracle.values()) {
      if (std::isfinite(value)) magnitude = std::max(magnitude, std::fabs(value));
    }
  }
  const double ulp = magnitude * (rule.epsilon == 0.0 ? epsilon_of<T>() : rule.epsilon);
  const double naive_error = largest_error("naive reference", converted<T>(naive), oracle);
  EXPECT_LE(largest_error(name, actual, oracle), rule.factor * naive_error + rule.floor_ulps * ulp)
      << name << " " << to_string(oracle.shape()) << ": naive error " << naive_error << ", ulp "
      << ulp;
}

/// The two must agree bit for bit.
template <class T>
void expect_same_bits(std::string_view name, const Buffer<T>& first, const Buffer<T>& second) {
  ASSERT_EQ(first.size(), second.size());
  EXPECT_EQ(std::memcmp(first.data(), second.data(), first.size() * sizeof(T)), 0)
      << name << " differs in its bits";
}

}  // namespace ebb::testing
