#define EIGEN_DONT_PARALLELIZE  // the same bits for any number of threads
#include "apps/churn/search/gaussian_process.h"

#include <Eigen/Cholesky>
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <utility>

#include "kernels/common/error.h"

namespace ebb::churn {
namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;

/// r^2 of two rows.
double scaled_distance(std::span<const double> a, std::span<const double> b,
                       std::span<const double> lengths) {
  double sum = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double difference = (a[i] - b[i]) / lengths[i];
    sum += difference * difference;
  }
  return sum;
}

double matern(double squared) {
  const double s = std::sqrt(5.0 * squared);
  return (1.0 + s + s * s / 3.0) * std::exp(-s);
}

/// What the derivative of matern() by log(length) is for (difference / length)^2 = 1.
double matern_slope(double squared) {
  const double s = std::sqrt(5.0 * squared);
  return 5.0 / 3.0 * (1.0 + s) * std::exp(-s);
}

}  // namespace

struct GaussianProcess::State {
  FeatureRows rows;
  GaussianProcessOptions options;
  MatrixXd squared;  // r^2 of all pairs of rows
  VectorXd values;
  Eigen::LLT<MatrixXd> factor;
  VectorXd weights;  // inverse covariance times values
};

GaussianProcess::GaussianProcess(FeatureRows rows, std::span<const double> values,
                                 GaussianProcessOptions options)
    : state_(std::make_unique<State>()) {
  State& s = *state_;
  s.rows = std::move(rows);
  s.options = std::move(options);
  const auto count = static_cast<Eigen::Index>(s.rows.size());
  const auto fits = [&](const std::vector<double>& row) {
    return row.size() == s.options.lengths.size();
  };
  if (s.rows.empty() || s.rows.size() != values.size() ||
      !std::all_of(s.rows.begin(), s.rows.end(), fits)) {
    fail("a Gaussian process of {} rows got {} values, or rows without {} features", s.rows.size(),
         values.size(), s.options.lengths.size());
  }
  s.values = Eigen::Map<const VectorXd>(values.data(), count);
  s.squared.resize(count, count);
  MatrixXd covariance(count, count);
  for (Eigen::Index i = 0; i < count; ++i) {
    for (Eigen::Index j = 0; j <= i; ++j) {
      s.squared(i, j) = s.squared(j, i) =
          scaled_distance(s.rows[static_cast<std::size_t>(i)], s.rows[static_cast<std::size_t>(j)],
                          s.options.lengths);
      covariance(i, j) = s.options.variance * matern(s.squared(i, j));
    }
    covariance(i, i) += s.options.noise;
  }
  s.factor.compute(covariance.selfadjointView<Eigen::Lower>());
  if (s.factor.info() != Eigen::Success) fail("the covariance is not positive definite");
  s.weights = s.factor.solve(s.values);
}

GaussianProcess::~GaussianProcess() = default;
GaussianProcess::GaussianProcess(GaussianProcess&&) noexcept = default;

GaussianProcess::Prediction GaussianProcess::at(std::span<const double> row) const {
  const State& s = *state_;
  VectorXd covariance(s.values.size());
  for (Eigen::Index i = 0; i < covariance.size(); ++i) {
    covariance(i) = s.options.variance * matern(scaled_distance(s.rows[static_cast<std::size_t>(i)],
                                                                row, s.options.lengths));
  }
  const double mean = covariance.dot(s.weights);
  s.factor.matrixL().solveInPlace(covariance);
  const double variance = s.options.variance - covariance.squaredNorm();
  return {mean, std::sqrt(std::max(variance, 0.0))};
}

double GaussianProcess::log_likelihood() const {
  const State& s = *state_;
  const VectorXd diagonal = s.factor.matrixLLT().diagonal();
  return -0.5 * s.values.dot(s.weights) - diagonal.array().log().sum() -
         0.5 * static_cast<double>(s.values.size()) * std::log(2.0 * std::numbers::pi);
}

std::vector<double> GaussianProcess::log_likelihood_gradient() const {
  const State& s = *state_;
  const Eigen::Index count = s.values.size();
  const MatrixXd inverse = s.factor.solve(MatrixXd::Identity(count, count));
  // The derivative by x is the sum of `outer` times the covariance's derivative, over 2.
  const MatrixXd outer = s.weights * s.weights.transpose() - inverse;
  const std::size_t features = s.options.lengths.size();
  std::vector<double> gradient(features + 2, 0.0);
  double by_variance = 0.0;
  for (Eigen::Index i = 0; i < count; ++i) {
    const std::vector<double>& a = s.rows[static_cast<std::size_t>(i)];
    for (Eigen::Index j = 0; j < i; ++j) {
      const std::vector<double>& b = s.rows[static_cast<std::size_t>(j)];
      const double slope = outer(i, j) * s.options.variance * matern_slope(s.squared(i, j));
      for (std::size_t f = 0; f < features; ++f) {
        const double difference = (a[f] - b[f]) / s.options.lengths[f];
        gradient[f] += slope * difference * difference;
      }
      by_variance += outer(i, j) * s.options.variance * matern(s.squared(i, j));
    }
  }
  gradient[features] = by_variance + 0.5 * s.options.variance * outer.trace();
  gradient[features + 1] = 0.5 * s.options.noise * outer.trace();
  return gradient;
}

}  // namespace ebb::churn
