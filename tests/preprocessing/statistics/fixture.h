// What numpy, scipy, pandas and scikit-learn found (tests/data/make_statistics.py).
#pragma once

#include <cmath>
#include <vector>

#include <nlohmann/json.hpp>

#include "tests/preprocessing/support.h"
#include "tests/support/test_json.h"

namespace ebb::preprocessing {

inline nlohmann::json statistics_fixture() { return ebb::testing::test_json("statistics.json"); }

/// Numbers, NaN where the fixture has null.
inline std::vector<double> numbers_of(const nlohmann::json& values) {
  std::vector<double> numbers;
  for (const nlohmann::json& value : values) {
    numbers.push_back(value.is_null() ? NAN : value.get<double>());
  }
  return numbers;
}

/// `tolerance` is relative above 1, absolute below.
inline void expect_close(double value, double expected, double tolerance) {
  EXPECT_NEAR(value, expected, tolerance * std::max(1.0, std::abs(expected)));
}

}  // namespace ebb::preprocessing
