#include "apps/churn/metrics/bootstrap.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "kernels/common/error.h"
#include "preprocessing/common/parallel.h"
#include "preprocessing/split/random_order.h"
#include "preprocessing/statistics/quantiles.h"

namespace ebb::churn {
namespace {

/// Copies of rows, best score first: measures that rank them then find them in order.
struct RankedRows {
  std::vector<float> scores;
  std::vector<float> labels;
  std::vector<float> weights;

  explicit RankedRows(const ScoredRows& rows) {
    std::vector<std::size_t> order(rows.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return rows.scores[a] > rows.scores[b]; });
    for (const std::size_t row : order) {
      scores.push_back(rows.scores[row]);
      labels.push_back(rows.labels[row]);
      weights.push_back(static_cast<float>(rows.weight(row)));
    }
  }
};

/// Weights of a sample: as often as each row was drawn.
std::vector<float> draw(const std::vector<float>& weights, std::uint64_t seed, std::size_t sample) {
  preprocessing::SplitMix64 generator(seed, sample + 1);
  std::vector<std::uint32_t> times(weights.size());
  for (std::size_t i = 0; i < weights.size(); ++i) ++times[generator.below(weights.size())];
  std::vector<float> drawn(weights.size());
  for (std::size_t i = 0; i < drawn.size(); ++i) {
    drawn[i] = static_cast<float>(times[i]) * weights[i];
  }
  return drawn;
}

Interval interval_of(std::vector<double> figures, double confidence) {
  const std::size_t samples = figures.size();
  const std::vector<double> sorted = preprocessing::sorted_values(figures);
  constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();
  if (2 * sorted.size() < samples) return {kUndefined, kUndefined};
  const double tail = (1 - confidence) / 2;
  return {preprocessing::quantile(sorted, tail), preprocessing::quantile(sorted, 1 - tail)};
}

}  // namespace

std::vector<Interval> bootstrap_intervals(const ScoredRows& rows, const BootstrapOptions& options,
                                          const Measure& measure) {
  check_rows(rows);
  if (rows.size() == 0) fail("bootstrap_intervals: no rows");
  if (options.samples < 2 || !(options.confidence > 0 && options.confidence < 1)) {
    fail<DataError>(
        "{} bootstrap samples, confidence {}; expected at least 2, and a share above 0 and below 1",
        options.samples, options.confidence);
  }
  const RankedRows ranked(rows);
  std::vector<std::vector<double>> figures(options.samples);
  preprocessing::parallel_for(options.samples, 10 * rows.size(), [&](std::size_t sample) {
    const std::vector<float> weights = draw(ranked.weights, options.seed, sample);
    figures[sample] = measure({ranked.scores, ranked.labels, weights, rows.kind});
  });
  std::vector<Interval> intervals;
  for (std::size_t i = 0; i < figures.front().size(); ++i) {
    std::vector<double> of_one;
    for (const std::vector<double>& sample : figures) of_one.push_back(sample.at(i));
    intervals.push_back(interval_of(std::move(of_one), options.confidence));
  }
  return intervals;
}

}  // namespace ebb::churn
