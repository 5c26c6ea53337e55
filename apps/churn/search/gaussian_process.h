// Gaussian-process regression (Rasmussen and Williams 2006), the surrogate of Bayesian search.
#pragma once

#include <memory>
#include <span>
#include <vector>

namespace ebb::churn {

/// Matérn's covariance of smoothness 5/2 (Rasmussen and Williams 2006, eq. 4.17), with a length for
/// each feature: v (1 + sqrt(5) r + 5/3 r^2) exp(-sqrt(5) r), where r^2 is the sum of
/// (difference / length)^2. The mean is 0.
struct GaussianProcessOptions {
  std::vector<double> lengths;  // by feature
  double variance = 1.0;        // v
  double noise = 1e-6;          // variance added to each observed value
};

using FeatureRows = std::vector<std::vector<double>>;

class GaussianProcess {
 public:
  /// Conditions on `values` at `rows`, of as many features as there are lengths. O(n^3). Throws
  /// Error for sizes that do not fit, and for a covariance that is not positive definite even with
  /// the noise.
  GaussianProcess(FeatureRows rows, std::span<const double> values, GaussianProcessOptions options);
  ~GaussianProcess();
  GaussianProcess(GaussianProcess&&) noexcept;

  struct Prediction {
    double mean = 0.0;
    double deviation = 0.0;  // of the function itself, without noise
  };
  /// O(n^2).
  [[nodiscard]] Prediction at(std::span<const double> row) const;

  /// The log density of the values under the process (eq. 5.8).
  [[nodiscard]] double log_likelihood() const;
  /// Its derivatives by the logarithms of the lengths, the variance and the noise, in this order
  /// (eq. 5.9). O(n^3).
  [[nodiscard]] std::vector<double> log_likelihood_gradient() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The options of the largest log likelihood plus log prior, with one length for all features of a
/// group. `groups`: by feature, the number of its group, from 0 without gaps. Values should have
/// mean 0 and variance 1, features lie in [0, 1].
///
/// Priors are normal in the logarithms: lengths with mean sqrt(2) + log(groups) / 2 and deviation
/// sqrt(3), so that functions of many settings are taken for as smooth as those of few (Hvarfner,
/// Hellsten and Nardi 2024); variance 0 and 1; noise -4, as BoTorch has it, and 2. The maximum is
/// found by bounded L-BFGS (NLopt) from two starts.
GaussianProcessOptions fit_gaussian_process(const FeatureRows& rows, std::span<const double> values,
                                            std::span<const std::size_t> groups);

}  // namespace ebb::churn
