// The half of the rows whose covariance has the least determinant.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace ebb::preprocessing {

/// Rows of `width` numbers, row-major, none missing.
struct RowMatrix {
  std::span<const double> values;
  std::size_t width = 0;
  [[nodiscard]] std::size_t rows() const { return values.size() / width; }
  [[nodiscard]] const double* row(std::size_t i) const { return &values[i * width]; }
};

/// Mean and covariance (divisor n) of some rows.
struct CovarianceEstimate {
  std::vector<double> location;
  std::vector<double> covariance;  ///< [width, width]
  std::vector<double> factor;      ///< its lower Cholesky factor L, covariance = L L'
  double log_determinant = 0.0;    ///< of the covariance; -infinity if it is singular
  /// For a singular covariance the first column that follows from those before it.
  std::size_t dependent_column = 0;
};

/// Fills factor, log_determinant and dependent_column from the covariance.
void factorise(CovarianceEstimate& estimate);

/// Of the rows given, in two passes; sums of blocks in order, so bitwise the same for any threads.
CovarianceEstimate estimate_covariance(const RowMatrix& matrix, std::span<const std::size_t> rows);

/// The squared Mahalanobis distance |L^-1 (row - location)|^2, by forward substitution into
/// `scratch`, `width` long.
inline double squared_distance(const double* row, const double* location, const double* factor,
                               std::size_t width, double* scratch) {
  double sum = 0.0;
  for (std::size_t i = 0; i < width; ++i) {
    double rest = row[i] - location[i];
    for (std::size_t j = 0; j < i; ++j) rest -= factor[i * width + j] * scratch[j];
    scratch[i] = rest / factor[i * width + i];
    sum += scratch[i] * scratch[i];
  }
  return sum;
}

/// Of all rows, in parallel.
std::vector<double> squared_distances(const RowMatrix& matrix, const CovarianceEstimate& estimate);

/// How many rows the least determinant is sought for: (n + width + 1) / 2, rounded up.
std::size_t support_size(std::size_t rows, std::size_t width);

/// FAST-MCD (P. Rousseeuw, K. Van Driessen, "A fast algorithm for the minimum covariance
/// determinant estimator", Technometrics 41, 1999): from 500 random starts of width + 1 rows each,
/// two concentration steps (mean and covariance of the half of the rows that is nearest by the
/// previous ones, whose determinant never rises), the ten best of these to convergence. With 600
/// rows or more the starts are made in up to five random subsets of 300 or more rows, their best
/// ten each go on in all these together, and the best ten of those among all rows.
///
/// `seed` draws starts and subsets: the same for any number of threads and on every machine. Stops
/// at a singular half, whose log_determinant is -infinity. Needs at least 2 (width + 1) rows.
CovarianceEstimate minimum_covariance(const RowMatrix& matrix, std::uint64_t seed);

}  // namespace ebb::preprocessing
