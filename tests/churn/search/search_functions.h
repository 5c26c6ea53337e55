// Functions that searches are measured on.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <numbers>
#include <string>
#include <vector>

#include "apps/churn/search/sampler.h"

namespace ebb::churn::testing {

/// A function to minimise over a box.
struct SearchFunction {
  SearchSpace space;
  std::function<double(const std::vector<double>&)> value;
  double least = 0.0;

  [[nodiscard]] double at(const Assignment& assignment) const {
    std::vector<double> x;
    for (const auto& [name, coordinate] : assignment) x.push_back(std::get<double>(coordinate));
    return value(x);
  }
};

inline SearchSpace box(const std::vector<SearchRange>& ranges) {
  std::vector<SearchParameter> parameters;
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    parameters.push_back({.name = "x" + std::to_string(i), .range = ranges[i], .like = 0.0});
  }
  return SearchSpace(std::move(parameters));
}

/// Branin (1972), in the box and with the constants of Dixon and Szegő (1978).
inline SearchFunction branin() {
  constexpr double kPi = std::numbers::pi;
  const auto value = [](const std::vector<double>& x) {
    const double bend = x[1] - 5.1 / (4 * kPi * kPi) * x[0] * x[0] + 5 / kPi * x[0] - 6;
    return bend * bend + 10 * (1 - 1 / (8 * kPi)) * std::cos(x[0]) + 10;
  };
  return {box({{-5.0, 10.0}, {0.0, 15.0}}), value, 0.397887};
}

/// Hartmann's function of six variables (Dixon and Szegő 1978).
inline SearchFunction hartmann6() {
  const auto value = [](const std::vector<double>& x) {
    constexpr std::array<double, 4> kAlpha = {1.0, 1.2, 3.0, 3.2};
    constexpr double kA[4][6] = {{10, 3, 17, 3.5, 1.7, 8},
                                 {0.05, 10, 17, 0.1, 8, 14},
                                 {3, 3.5, 1.7, 10, 17, 8},
                                 {17, 8, 0.05, 10, 0.1, 14}};
    constexpr double kP[4][6] = {{0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886},
                                 {0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991},
                                 {0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.6650},
                                 {0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381}};
    double sum = 0.0;
    for (std::size_t i = 0; i < 4; ++i) {
      double distance = 0.0;
      for (std::size_t j = 0; j < 6; ++j) distance += kA[i][j] * std::pow(x[j] - kP[i][j], 2);
      sum -= kAlpha[i] * std::exp(-distance);
    }
    return sum;
  };
  return {box(std::vector<SearchRange>(6, {0.0, 1.0})), value, -3.32237};
}

/// The smallest value after each trial, minus the least there is.
inline std::vector<double> regrets(const SearchFunction& function, SearchMethod method,
                                   std::uint64_t seed, std::size_t trials) {
  const auto sampler = make_sampler(method, function.space, {.seed = seed});
  std::vector<Observation> known;
  std::vector<double> regrets;
  for (std::size_t i = 0; i < trials; ++i) {
    const Assignment assignment = sampler->propose(i, known, {}).value();
    known.push_back({assignment, function.at(assignment)});
    const double best = regrets.empty() ? known.back().loss - function.least : regrets.back();
    regrets.push_back(std::min(best, known.back().loss - function.least));
  }
  return regrets;
}

inline double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return (values[(values.size() - 1) / 2] + values[values.size() / 2]) / 2;
}

}  // namespace ebb::churn::testing
