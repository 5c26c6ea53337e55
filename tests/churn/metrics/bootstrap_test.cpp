#include "apps/churn/metrics/bootstrap.h"

#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include <gtest/gtest.h>

#include "apps/churn/metrics/ranking.h"
#include "kernels/common/context.h"
#include "kernels/common/error.h"

namespace ebb::churn {
namespace {

using Floats = std::vector<float>;

struct Sample {
  Floats scores;
  Floats labels;

  explicit Sample(std::size_t rows) {
    for (std::size_t row = 0; row < rows; ++row) {
      scores.push_back(static_cast<float>(row * 7919 % 1009) / 1009);
      labels.push_back(row % 4 == 0 ? 1.0F : 0.0F);
    }
  }
  [[nodiscard]] ScoredRows rows() const { return {scores, labels}; }
};

double share_of_positives(const ScoredRows& rows) {
  double positive = 0;
  double all = 0;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    all += rows.weight(row);
    if (rows.is_positive(row)) positive += rows.weight(row);
  }
  return positive / all;
}

TEST(Bootstrap, OfAShareIsThatOfTheBinomialDistribution) {
  const Sample sample(1000);
  const std::vector<Interval> intervals = bootstrap_intervals(
      sample.rows(), {.samples = 4000},
      [](const ScoredRows& rows) { return std::vector<double>{share_of_positives(rows)}; });
  // 1.96 standard errors; of the ends of 4,000 samples the error is some 3 % of that.
  const double half = 1.96 * std::sqrt(0.25 * 0.75 / 1000);
  ASSERT_EQ(intervals.size(), 1U);
  EXPECT_NEAR(intervals[0].low, 0.25 - half, 0.15 * half);
  EXPECT_NEAR(intervals[0].high, 0.25 + half, 0.15 * half);
}

TEST(Bootstrap, DrawsAsManyRowsAsThereAreInFallingOrderOfScoresEachAlikeOften) {
  const Sample sample(300);
  std::vector<double> drawn(300);
  set_default_threads(1);  // the measure below adds up
  bootstrap_intervals(sample.rows(), {.samples = 400}, [&](const ScoredRows& rows) {
    EXPECT_EQ(std::accumulate(rows.weights.begin(), rows.weights.end(), 0.0), 300.0);
    EXPECT_TRUE(std::is_sorted(rows.scores.rbegin(), rows.scores.rend()));
    for (std::size_t row = 0; row < 300; ++row) drawn[row] += rows.weights[row];
    return std::vector<double>{0.0};
  });
  set_default_threads(0);
  // Five standard deviations of a Poisson distribution around 400.
  for (const double times : drawn) EXPECT_NEAR(times, 400.0, 5 * std::sqrt(400.0));
}

TEST(Bootstrap, IsTheSameForAnyThreadsAndAnotherForAnotherSeed) {
  const Sample sample(500);
  const auto interval = [&](int threads, std::uint64_t seed) {
    set_default_threads(threads);
    const Interval result =
        bootstrap_intervals(sample.rows(), {.samples = 200, .seed = seed},
                            [](const ScoredRows& rows) {
                              return std::vector<double>{roc_auc(rank_by_score(rows))};
                            })
            .front();
    set_default_threads(0);
    return std::pair(result.low, result.high);
  };
  EXPECT_EQ(interval(1, 0), interval(3, 0));
  EXPECT_NE(interval(1, 0), interval(1, 1));
}

TEST(Bootstrap, LeavesOutSamplesInWhichAFigureIsUndefined) {
  const Sample sample(40);
  std::size_t calls = 0;
  const auto measure = [&](double undefined_share) {
    return [&calls, undefined_share](const ScoredRows&) {
      const bool undefined = static_cast<double>(calls++ % 100) < 100 * undefined_share;
      return std::vector<double>{undefined ? std::numeric_limits<double>::quiet_NaN() : 1.0};
    };
  };
  set_default_threads(1);  // the measures above count
  EXPECT_EQ(bootstrap_intervals(sample.rows(), {.samples = 100}, measure(0.4))[0].low, 1.0);
  EXPECT_TRUE(
      std::isnan(bootstrap_intervals(sample.rows(), {.samples = 100}, measure(0.6))[0].low));
  set_default_threads(0);
}

TEST(Bootstrap, RefusesNoRowsAndOptionsOutOfRange) {
  const Sample sample(10);
  const Measure measure = [](const ScoredRows&) { return std::vector<double>{0.0}; };
  EXPECT_THROW(bootstrap_intervals({}, {}, measure), Error);
  EXPECT_THROW(bootstrap_intervals(sample.rows(), {.samples = 1}, measure), DataError);
  for (const double confidence : {0.0, 1.0, std::nan("")}) {
    EXPECT_THROW(bootstrap_intervals(sample.rows(), {.confidence = confidence}, measure),
                 DataError);
  }
}

}  // namespace
}  // namespace ebb::churn
