#include "apps/churn/segments/gaussian_mixture.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "kernels/common/error.h"
#include "preprocessing/common/parallel.h"
#include "preprocessing/statistics/sums_over_rows.h"

namespace ebb::churn {
namespace {

using preprocessing::CovarianceEstimate;

/// The density of one component, ready for rows.
class Component {
 public:
  Component(const GaussianMixture& mixture, std::size_t place, std::size_t width)
      : is_full_(mixture.covariance_kind == CovarianceKind::full) {
    const double* mean = &mixture.means[place * width];
    estimate_.location.assign(mean, mean + width);
    const std::size_t size = is_full_ ? width * width : width;
    const double* covariance = &mixture.covariances[place * size];
    estimate_.covariance.assign(covariance, covariance + size);
    if (is_full_) {
      preprocessing::factorise(estimate_);
      if (std::isinf(estimate_.log_determinant)) {
        fail<DataError>(
            "a covariance of the mixture is singular: take diagonal covariances or fewer clusters");
      }
    } else {
      for (const double variance : estimate_.covariance) {
        estimate_.log_determinant += std::log(variance);
      }
    }
    constant_ = std::log(mixture.weights[place]) -
                0.5 * (static_cast<double>(width) * std::log(2.0 * std::numbers::pi) +
                       estimate_.log_determinant);
  }

  /// ln(weight * density) of a row.
  double log_density(const double* row, double* scratch) const {
    const std::size_t width = estimate_.location.size();
    if (is_full_) {
      return constant_ - 0.5 * preprocessing::squared_distance(row, estimate_.location.data(),
                                                               estimate_.factor.data(), width,
                                                               scratch);
    }
    double sum = 0.0;
    for (std::size_t i = 0; i < width; ++i) {
      const double difference = row[i] - estimate_.location[i];
      sum += difference * difference / estimate_.covariance[i];
    }
    return constant_ - 0.5 * sum;
  }

 private:
  bool is_full_;
  CovarianceEstimate estimate_;
  double constant_ = 0.0;
};

/// Turns log densities of a row into shares that sum to 1, and returns the log of their sum.
double normalise(double* densities, std::size_t components) {
  const double largest = *std::max_element(densities, densities + components);
  double sum = 0.0;
  for (std::size_t i = 0; i < components; ++i) sum += std::exp(densities[i] - largest);
  const double log_sum = largest + std::log(sum);
  for (std::size_t i = 0; i < components; ++i) densities[i] = std::exp(densities[i] - log_sum);
  return log_sum;
}

/// Fills in the responsibilities, [rows, components], the likeliest components and the mean
/// log-likelihood.
void expect(const RowMatrix& rows, GaussianMixture& mixture, std::vector<double>& shares) {
  const std::size_t components = mixture.weights.size();
  std::vector<Component> densities;
  for (std::size_t i = 0; i < components; ++i) densities.emplace_back(mixture, i, rows.width);
  mixture.of_row.resize(rows.rows());
  const auto add_likelihood = [&](std::size_t row, double* sum) {
    thread_local std::vector<double> scratch;
    scratch.resize(rows.width);
    double* own = &shares[row * components];
    for (std::size_t i = 0; i < components; ++i) {
      own[i] = densities[i].log_density(rows.row(row), scratch.data());
    }
    mixture.of_row[row] = static_cast<std::size_t>(std::max_element(own, own + components) - own);
    *sum += normalise(own, components);
  };
  mixture.log_likelihood = preprocessing::sums_over_rows(rows.rows(), 1, add_likelihood).front() /
                           static_cast<double>(rows.rows());
}

/// The covariances, floor included, of the rows weighted by their shares.
void maximise_covariances(const RowMatrix& rows, const std::vector<double>& shares,
                          std::span<const double> counts, double floor, GaussianMixture& mixture) {
  const std::size_t width = rows.width;
  const std::size_t components = counts.size();
  const bool is_full = mixture.covariance_kind == CovarianceKind::full;
  const std::size_t size = is_full ? width * width : width;
  const auto add_products = [&](std::size_t row, double* sums) {
    for (std::size_t k = 0; k < components; ++k) {
      const double share = shares[row * components + k];
      if (share == 0.0) continue;
      const double* mean = &mixture.means[k * width];
      for (std::size_t i = 0; i < width; ++i) {
        const double difference = rows.row(row)[i] - mean[i];
        if (!is_full) {
          sums[k * size + i] += share * difference * difference;
          continue;
        }
        for (std::size_t j = 0; j < width; ++j) {
          sums[k * size + i * width + j] += share * difference * (rows.row(row)[j] - mean[j]);
        }
      }
    }
  };
  mixture.covariances = preprocessing::sums_over_rows(rows.rows(), components * size, add_products);
  for (std::size_t i = 0; i < mixture.covariances.size(); ++i) {
    mixture.covariances[i] /= counts[i / size];
    const std::size_t place = i % size;
    if (!is_full || place / width == place % width) mixture.covariances[i] += floor;
  }
}

void maximise(const RowMatrix& rows, const std::vector<double>& shares, double floor,
              GaussianMixture& mixture) {
  const std::size_t width = rows.width;
  const std::size_t components = shares.size() / rows.rows();
  // Each component's weighted sums, then its weight.
  const auto add_row = [&](std::size_t row, double* sums) {
    for (std::size_t k = 0; k < components; ++k) {
      const double share = shares[row * components + k];
      double* own = &sums[k * (width + 1)];
      for (std::size_t i = 0; i < width; ++i) own[i] += share * rows.row(row)[i];
      own[width] += share;
    }
  };
  const std::vector<double> sums =
      preprocessing::sums_over_rows(rows.rows(), components * (width + 1), add_row);
  // So that a component without rows, whose mean is 0 then, has a weight whose logarithm exists.
  constexpr double kLeast = 10.0 * std::numeric_limits<double>::epsilon();
  std::vector<double> counts;
  mixture.weights.clear();
  mixture.means.clear();
  for (std::size_t k = 0; k < components; ++k) {
    const double* own = &sums[k * (width + 1)];
    counts.push_back(own[width] + kLeast);
    mixture.weights.push_back(counts.back());
    for (std::size_t i = 0; i < width; ++i) mixture.means.push_back(own[i] / counts.back());
  }
  double total = 0.0;
  for (const double weight : mixture.weights) total += weight;
  for (double& weight : mixture.weights) weight /= total;
  maximise_covariances(rows, shares, counts, floor, mixture);
}

}  // namespace

CovarianceKind parse_covariance(std::string_view name) {
  if (name == "diagonal") return CovarianceKind::diagonal;
  if (name == "full") return CovarianceKind::full;
  fail<DataError>("the covariance \"{}\" is unknown, expected diagonal or full", name);
}

double GaussianMixture::bic() const {
  const auto components = static_cast<double>(weights.size());
  const auto width = static_cast<double>(means.size()) / components;
  const double of_covariance =
      covariance_kind == CovarianceKind::full ? width * (width + 1.0) / 2.0 : width;
  const double parameters = components * (width + of_covariance) + components - 1.0;
  const auto rows = static_cast<double>(of_row.size());
  return parameters * std::log(rows) - 2.0 * rows * log_likelihood;
}

GaussianMixture fit_mixture(const RowMatrix& rows, std::span<const std::size_t> of_row,
                            std::size_t components, const MixtureOptions& options) {
  if (of_row.size() != rows.rows()) {
    fail("fit_mixture: {} components of {} rows", of_row.size(), rows.rows());
  }
  require_clusterable(rows, components);
  std::vector<double> shares(rows.rows() * components);
  for (std::size_t row = 0; row < of_row.size(); ++row)
    shares[row * components + of_row[row]] = 1.0;
  GaussianMixture mixture;
  mixture.covariance_kind = options.covariance;
  maximise(rows, shares, options.floor, mixture);
  expect(rows, mixture, shares);
  while (mixture.iterations < options.most_iterations) {
    if (options.between) options.between();
    const double before = mixture.log_likelihood;
    maximise(rows, shares, options.floor, mixture);
    expect(rows, mixture, shares);
    ++mixture.iterations;
    if (std::abs(mixture.log_likelihood - before) <= options.tolerance) break;
  }
  return mixture;
}

}  // namespace ebb::churn
