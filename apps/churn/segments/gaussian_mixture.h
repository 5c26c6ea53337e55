// Gaussian mixtures fitted by expectation maximisation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "apps/churn/segments/k_means.h"

namespace ebb::churn {

enum class CovarianceKind {
  diagonal,  ///< a variance of each column
  full,      ///< a symmetric matrix, factorised by Cholesky
};

/// "diagonal" or "full". Throws DataError otherwise.
CovarianceKind parse_covariance(std::string_view name);

struct MixtureOptions {
  CovarianceKind covariance = CovarianceKind::diagonal;
  double floor = 1e-6;      // added to every variance, so that none vanishes
  double tolerance = 1e-3;  // ends where the mean log-likelihood of a row gains no more
  std::size_t most_iterations = 200;
  std::function<void()> between;  // called now and then; may end the work by an exception
};

struct GaussianMixture {
  CovarianceKind covariance_kind = CovarianceKind::diagonal;
  std::vector<double> weights;      ///< [components], sum 1
  std::vector<double> means;        ///< [components, width]
  std::vector<double> covariances;  ///< [components, width] or [components, width, width]
  std::vector<std::size_t>
      of_row;                   ///< the likeliest component of each row, the first of equal ones
  double log_likelihood = 0.0;  ///< natural, the mean over rows
  std::size_t iterations = 0;

  /// Schwarz, "Estimating the dimension of a model", 1978: parameters * ln(rows) - 2 * sum of
  /// log-likelihoods; smaller is better.
  [[nodiscard]] double bic() const;
};

/// Expectation maximisation (Dempster, Laird and Rubin 1977) from rows that are each wholly of the
/// component `of_row` gives, as a k-means leaves them. Responsibilities by log-sum-exp. In parallel
/// on the CPU, bitwise the same for any number of threads. An iteration is O(rows * components *
/// width), with full covariances width^2. Throws DataError on values that are not finite and on
/// fewer rows than components, Error on unequal lengths.
GaussianMixture fit_mixture(const RowMatrix& rows, std::span<const std::size_t> of_row,
                            std::size_t components, const MixtureOptions& options);

}  // namespace ebb::churn
