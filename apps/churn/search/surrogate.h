// What is known of a loss after some trials.
#pragma once

#include <span>

#include "apps/churn/search/gaussian_process.h"
#include "apps/churn/search/sampler.h"

namespace ebb::churn {

/// A Gaussian process over the features of a space's assignments. It sees losses standardised, and
/// those above the median plus twice the distance from the best to the median as that: how bad a
/// bad trial was tells little of where the best one is, and would make the rest look flat.
class Surrogate {
 public:
  /// Fits the process to what is `known`, one observation at least, then takes the pending trials
  /// to come to what it expects of them (Ginsbourger et al. 2010, "kriging believer").
  Surrogate(const SearchSpace& space, std::span<const Observation> known,
            std::span<const Assignment> pending);

  /// The logarithm of the improvement on the best expected loss of a known trial, in units of the
  /// deviation of losses.
  [[nodiscard]] double log_improvement(const Assignment& assignment) const;

 private:
  const SearchSpace& space_;
  std::unique_ptr<GaussianProcess> process_;
  double best_ = 0.0;
};

}  // namespace ebb::churn
