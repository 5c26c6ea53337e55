// The lengths, variance and noise of a Gaussian process, from what was observed.
#include <algorithm>
#include <cmath>
#include <limits>
#include <nlopt.hpp>

#include "apps/churn/search/gaussian_process.h"
#include "kernels/common/error.h"

namespace ebb::churn {
namespace {

struct LogNormal {
  double mean = 0.0;
  double deviation = 1.0;
};

constexpr int kMostEvaluations = 100;
constexpr double kShortestLength = 0.01;
constexpr double kLongestLength = 1000.0;
constexpr double kLeastNoise = 1e-8;

/// Log likelihood plus log prior, of the logarithms of the lengths by group, variance and noise.
class LogPosterior {
 public:
  LogPosterior(const FeatureRows& rows, std::span<const double> values,
               std::span<const std::size_t> groups)
      : rows_(rows), values_(values), groups_(groups) {
    const std::size_t count = 1 + *std::max_element(groups.begin(), groups.end());
    const double mean = std::sqrt(2.0) + 0.5 * std::log(static_cast<double>(count));
    priors_.assign(count, {mean, std::sqrt(3.0)});
    priors_.push_back({0.0, 1.0});
    priors_.push_back({-4.0, 2.0});
  }

  [[nodiscard]] std::size_t dimensions() const { return priors_.size(); }

  [[nodiscard]] std::vector<double> bounds(double length, double variance, double noise) const {
    std::vector<double> logs(dimensions() - 2, std::log(length));
    logs.push_back(std::log(variance));
    logs.push_back(std::log(noise));
    return logs;
  }

  [[nodiscard]] GaussianProcessOptions options(const std::vector<double>& logs) const {
    GaussianProcessOptions options;
    for (const std::size_t group : groups_) options.lengths.push_back(std::exp(logs[group]));
    options.variance = std::exp(logs[dimensions() - 2]);
    options.noise = std::exp(logs[dimensions() - 1]);
    return options;
  }

  /// As NLopt asks for it.
  double operator()(const std::vector<double>& logs, std::vector<double>& gradient) const {
    const GaussianProcess process(rows_, values_, options(logs));
    double value = process.log_likelihood();
    for (std::size_t i = 0; i < dimensions(); ++i) {
      const double z = (logs[i] - priors_[i].mean) / priors_[i].deviation;
      value -= 0.5 * z * z;
      if (!gradient.empty()) gradient[i] = -z / priors_[i].deviation;
    }
    if (gradient.empty()) return value;
    const std::vector<double> by_feature = process.log_likelihood_gradient();
    const std::size_t features = groups_.size();
    for (std::size_t f = 0; f < features; ++f) gradient[groups_[f]] += by_feature[f];
    gradient[dimensions() - 2] += by_feature[features];
    gradient[dimensions() - 1] += by_feature[features + 1];
    return value;
  }

 private:
  const FeatureRows& rows_;
  std::span<const double> values_;
  std::span<const std::size_t> groups_;
  std::vector<LogNormal> priors_;
};

}  // namespace

GaussianProcessOptions fit_gaussian_process(const FeatureRows& rows, std::span<const double> values,
                                            std::span<const std::size_t> groups) {
  LogPosterior posterior(rows, values, groups);
  nlopt::opt optimizer(nlopt::LD_LBFGS, static_cast<unsigned>(posterior.dimensions()));
  optimizer.set_lower_bounds(posterior.bounds(kShortestLength, 1e-2, kLeastNoise));
  optimizer.set_upper_bounds(posterior.bounds(kLongestLength, 1e2, 1.0));
  optimizer.set_maxeval(kMostEvaluations);
  optimizer.set_ftol_abs(1e-4);
  optimizer.set_max_objective(
      [](const std::vector<double>& logs, std::vector<double>& gradient, void* function) {
        return (*static_cast<const LogPosterior*>(function))(logs, gradient);
      },
      &posterior);

  std::vector<double> best;
  double best_value = -std::numeric_limits<double>::infinity();
  for (const double length : {0.3, 2.0}) {
    std::vector<double> logs = posterior.bounds(length, 1.0, 1e-4);
    std::vector<double> none;
    double value = posterior(logs, none);
    try {
      optimizer.optimize(logs, value);
    } catch (const std::runtime_error&) {
      // L-BFGS came to where it sees no better point: what it has found so far stays in logs.
      value = posterior(logs, none);
    }
    if (best.empty() || value > best_value) {
      best = logs;
      best_value = value;
    }
  }
  return posterior.options(best);
}

}  // namespace ebb::churn
