// Means of metrics over the rounds of a cross-validation, and how sure they are.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "apps/churn/metrics/metrics.h"

namespace ebb::churn {

/// Over the rounds in which the metric is defined; NaN for fewer than two.
struct Estimate {
  std::string name;
  double mean = 0;
  double standard_error = 0;
  bool higher_is_better = true;
  std::size_t rounds = 0;      ///< in which it is defined
  std::size_t all_rounds = 0;  ///< that there are
};

/// Of each of named_metrics(). Rounds share training rows, so that their spread alone says too
/// little: with K rounds of standard deviation s (divisor K - 1) the standard error is
/// s sqrt(1 / K + test_to_train), where test_to_train is the number of rows that a round measures
/// over that of those it is fitted to (Nadeau and Bengio 2003, the corrected resampled t-test).
/// That is for rounds drawn at random; for folds by time it is a guide at best, since later rounds
/// train on the earlier ones and customers change.
std::vector<Estimate> estimates_of(std::span<const Metrics> rounds, double test_to_train);

/// Of a metric of two configurations on the same rounds: first minus second.
struct Comparison {
  std::string name;
  double difference = 0;      ///< mean over the rounds
  double standard_error = 0;  ///< of the difference, as in an Estimate
  double t = 0;
  double degrees = 0;  ///< of freedom: K - 1
  double p_value = 0;  ///< of a difference at least as large by chance, two-sided; NaN
                       ///< where fewer than two rounds have it, or all differ by the same
  bool higher_is_better = true;
  std::size_t rounds = 0;  ///< in which both have it
};

/// Throws Error on other numbers of rounds.
std::vector<Comparison> compare_paired(std::span<const Metrics> first,
                                       std::span<const Metrics> second, double test_to_train);

}  // namespace ebb::churn
