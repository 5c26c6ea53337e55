#include "apps/churn/search/surrogate.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "apps/churn/search/expected_improvement.h"

namespace ebb::churn {
namespace {

std::vector<double> standardised_losses(std::span<const Observation> known) {
  std::vector<double> losses;
  for (const Observation& observation : known) losses.push_back(observation.loss);
  std::vector<double> sorted = losses;
  std::sort(sorted.begin(), sorted.end());
  const double median = sorted[sorted.size() / 2];
  const double most = median + 2.0 * (median - sorted.front());
  const auto count = static_cast<double>(losses.size());
  for (double& loss : losses) loss = std::min(loss, most);
  const double mean = std::accumulate(losses.begin(), losses.end(), 0.0) / count;
  double squares = 0.0;
  for (const double loss : losses) squares += (loss - mean) * (loss - mean);
  const double deviation = squares > 0.0 ? std::sqrt(squares / count) : 1.0;
  for (double& loss : losses) loss = (loss - mean) / deviation;
  return losses;
}

}  // namespace

Surrogate::Surrogate(const SearchSpace& space, std::span<const Observation> known,
                     std::span<const Assignment> pending)
    : space_(space) {
  FeatureRows rows;
  for (const Observation& observation : known) {
    rows.push_back(space.features(observation.assignment));
  }
  std::vector<double> losses = standardised_losses(known);
  const GaussianProcessOptions options =
      fit_gaussian_process(rows, losses, space.feature_parameters());
  process_ = std::make_unique<GaussianProcess>(rows, losses, options);
  best_ = std::numeric_limits<double>::infinity();
  for (const std::vector<double>& row : rows) best_ = std::min(best_, process_->at(row).mean);
  if (pending.empty()) return;
  for (const Assignment& assignment : pending) {
    rows.push_back(space.features(assignment));
    losses.push_back(process_->at(rows.back()).mean);
  }
  process_ = std::make_unique<GaussianProcess>(rows, losses, options);
}

double Surrogate::log_improvement(const Assignment& assignment) const {
  const auto [mean, deviation] = process_->at(space_.features(assignment));
  return log_expected_improvement(mean, deviation, best_);
}

}  // namespace ebb::churn
