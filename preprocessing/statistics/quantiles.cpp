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

double quantile(std::span<const double> sorted, double share) {
  const double position = share * static_cast<double>(sorted.size() - 1);
  const auto below = std::min(static_cast<std::size_t>(position), sorted.size() - 1);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  const double weight = position - static_cast<double>(below);
  // From the nearer end, so that weight 1 gives exactly the upper value.
  return weight < 0.5 ? sorted[below] + (sorted[above] - sorted[below]) * weight
                      : sorted[above] - (sorted[above] - sorted[below]) * (1.0 - weight);
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
      mode = sorted[begin];
    }
    begin = end;
  }
  return mode;
}

}  // namespace ebb::preprocessing
