#include "apps/churn/validation/estimate.h"

#include <cmath>
#include <limits>

#include "apps/churn/metrics/incomplete_beta.h"
#include "kernels/common/error.h"

namespace ebb::churn {
namespace {

constexpr double kUndefinedEstimate = std::numeric_limits<double>::quiet_NaN();

struct Spread {
  double count = 0;
  double mean = kUndefinedEstimate;
  double standard_error = kUndefinedEstimate;
};

Spread spread_of(std::span<const double> values, double test_to_train) {
  Spread spread;
  double sum = 0;
  for (const double value : values) {
    if (std::isnan(value)) continue;
    sum += value;
    ++spread.count;
  }
  if (spread.count < 2) return spread;
  spread.mean = sum / spread.count;
  double squares = 0;
  for (const double value : values) {
    if (!std::isnan(value)) squares += (value - spread.mean) * (value - spread.mean);
  }
  const double variance = squares / (spread.count - 1);
  spread.standard_error = std::sqrt(variance * (1 / spread.count + test_to_train));
  return spread;
}

/// Metric number `i` of each round.
std::vector<double> metric_of(std::span<const Metrics> rounds, std::size_t i) {
  std::vector<double> values;
  for (const Metrics& round : rounds) values.push_back(named_metrics(round)[i].value);
  return values;
}

}  // namespace

std::vector<Estimate> estimates_of(std::span<const Metrics> rounds, double test_to_train) {
  std::vector<Estimate> estimates;
  const auto metrics = named_metrics(Metrics{});
  for (std::size_t i = 0; i < metrics.size(); ++i) {
    const Spread spread = spread_of(metric_of(rounds, i), test_to_train);
    estimates.push_back({std::string(metrics[i].name), spread.mean, spread.standard_error,
                         metrics[i].higher_is_better, static_cast<std::size_t>(spread.count),
                         rounds.size()});
  }
  return estimates;
}

std::vector<Comparison> compare_paired(std::span<const Metrics> first,
                                       std::span<const Metrics> second, double test_to_train) {
  if (first.size() != second.size()) {
    fail("compare_paired: {} rounds and {}", first.size(), second.size());
  }
  std::vector<Comparison> comparisons;
  const auto metrics = named_metrics(Metrics{});
  for (std::size_t i = 0; i < metrics.size(); ++i) {
    std::vector<double> differences = metric_of(first, i);
    const std::vector<double> subtracted = metric_of(second, i);
    for (std::size_t round = 0; round < differences.size(); ++round) {
      differences[round] -= subtracted[round];
    }
    const Spread spread = spread_of(differences, test_to_train);
    Comparison comparison{.name = std::string(metrics[i].name),
                          .difference = spread.mean,
                          .standard_error = spread.standard_error,
                          .t = spread.mean / spread.standard_error,
                          .degrees = spread.count - 1,
                          .p_value = kUndefinedEstimate,
                          .higher_is_better = metrics[i].higher_is_better,
                          .rounds = static_cast<std::size_t>(spread.count)};
    if (spread.count >= 2) {
      // Differences that are all 0 show none; others without any spread give no measure of chance.
      if (spread.mean == 0) {
        comparison.p_value = 1.0;
      } else if (spread.standard_error > 0) {
        comparison.p_value = two_sided_p_value(comparison.t, comparison.degrees);
      }
    }
    comparisons.push_back(std::move(comparison));
  }
  return comparisons;
}

}  // namespace ebb::churn
