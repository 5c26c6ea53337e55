#include "preprocessing/statistics/quantiles.h"

#include <algorithm>
#include <cmath>

namespace ebb::preprocessing {
namespace {

/// The mean of values whose sum overflows.
double mean_of_shares(std::span<const double> values, double count) {
  double mean = 0.0;
  for (const double value : values) mean += value / count;
  return mean;
}

/// The deviation of values whose squares overflow: in units of the largest distance.
double scaled_deviation(std::span<const double> values, double mean, double count) {
  double largest = 0.0;
  for (const double value : values) largest = std::max(largest, std::abs(value - mean));
  double squares = 0.0;
  for (const double value : values) {
    const double distance = (value - mean) / largest;
    squares += distance * distance;
  }
  return largest * std::sqrt(squares / count);
}

}  // namespace

std::vector<double> sorted_values(std::span<const double> values) {
  std::vector<double> sorted;
  sorted.reserve(values.size());
  for (const double value : values) {
    if (!std::isnan(value)) sorted.push_back(value);
  }
  std::sort(sorted.begin(), sorted.end());
  return sorted;
}

QuantilePlace quantile_place(std::size_t count, double share) {
  const double position = share * static_cast<double>(count - 1);
  const auto below = std::min(static_cast<std::size_t>(position), count - 1);
  return {below, std::min(below + 1, count - 1), position - static_cast<double>(below)};
}

double quantile(std::span<const double> sorted, double share) {
  const QuantilePlace place = quantile_place(sorted.size(), share);
  return place.between(sorted[place.below], sorted[place.above]);
}

double mean_of(std::span<const double> values) {
  const auto count = static_cast<double>(values.size());
  double sum = 0.0;
  for (const double value : values) sum += value;
  if (std::isinf(sum)) return mean_of_shares(values, count);
  const double first = sum / count;
  double deviation = 0.0;
  for (const double value : values) deviation += value - first;
  return first + deviation / count;
}

double standard_deviation(std::span<const double> values, double mean) {
  double squares = 0.0;
  double deviations = 0.0;
  for (const double value : values) {
    squares += (value - mean) * (value - mean);
    deviations += value - mean;
  }
  const auto count = static_cast<double>(values.size());
  if (!std::isfinite(squares)) return scaled_deviation(values, mean, count);
  return std::sqrt(std::max(0.0, squares - deviations * deviations / count) / count);
}

double mode_of(std::span<const double> sorted) {
  double mode = sorted.front();
  std::size_t most = 0;
  for (std::size_t begin = 0; begin < sorted.size();) {
    std::size_t end = begin;
    while (end < sorted.size() && sorted[end] == sorted[begin]) ++end;
    if (end - begin > most) {
      most = end - begin;
      mode = sorted[begin] + 0.0;  // 0 for -0
    }
    begin = end;
  }
  return mode;
}

}  // namespace ebb::preprocessing
