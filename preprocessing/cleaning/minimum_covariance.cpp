#include "preprocessing/cleaning/minimum_covariance.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "kernels/common/error.h"
#include "preprocessing/common/parallel.h"
#include "preprocessing/split/random_order.h"
#include "preprocessing/statistics/sums_over_rows.h"

namespace ebb::preprocessing {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr std::size_t kStarts = 500;
constexpr std::size_t kBest = 10;
constexpr std::size_t kSubset = 300;
constexpr std::size_t kMostSubsets = 5;

/// The rows nearest by `estimate`, of rows equally near the earlier, in ascending order.
std::vector<std::size_t> nearest_rows(const RowMatrix& matrix, const CovarianceEstimate& estimate,
                                      std::size_t count) {
  const std::vector<double> distances = squared_distances(matrix, estimate);
  std::vector<std::size_t> order(distances.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::nth_element(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count) - 1,
                   order.end(), [&](std::size_t a, std::size_t b) {
                     return distances[a] != distances[b] ? distances[a] < distances[b] : a < b;
                   });
  order.resize(count);
  std::sort(order.begin(), order.end());
  return order;
}

/// At most `steps` concentration steps, fewer once the determinant no longer falls.
CovarianceEstimate concentrate(const RowMatrix& matrix, CovarianceEstimate estimate, int steps) {
  const std::size_t support = support_size(matrix.rows(), matrix.width);
  double before = kInfinity;  // that of the start is of other rows
  for (int step = 0; step < steps && estimate.log_determinant > -kInfinity; ++step) {
    estimate = estimate_covariance(matrix, nearest_rows(matrix, estimate, support));
    if (!(estimate.log_determinant < before)) break;
    before = estimate.log_determinant;
  }
  return estimate;
}

/// From width + 1 random rows, and more until their covariance is not singular.
CovarianceEstimate random_start(const RowMatrix& matrix, SplitMix64& generator) {
  std::vector<std::size_t> order(matrix.rows());
  std::iota(order.begin(), order.end(), std::size_t{0});
  CovarianceEstimate estimate;
  for (std::size_t drawn = 0; drawn < order.size(); ++drawn) {
    std::swap(order[drawn], order[drawn + generator.below(order.size() - drawn)]);
    if (drawn < matrix.width) continue;
    estimate = estimate_covariance(matrix, std::span(order).first(drawn + 1));
    if (estimate.log_determinant > -kInfinity) break;
  }
  return estimate;
}

/// The kBest of least determinant, of equal ones the earlier. A singular half of a subset need not
/// be one of all rows, and no step leads on from it: it comes last.
std::vector<CovarianceEstimate> best_of(std::vector<CovarianceEstimate> estimates) {
  const auto rank = [](const CovarianceEstimate& estimate) {
    return estimate.log_determinant > -kInfinity ? estimate.log_determinant : kInfinity;
  };
  std::ranges::stable_sort(estimates, {}, rank);
  estimates.resize(std::min(kBest, estimates.size()));
  return estimates;
}

constexpr int kFewSteps = 2;
constexpr int kAllSteps = 100;  // convergence takes about ten

std::vector<CovarianceEstimate> concentrate_all(const RowMatrix& matrix,
                                                std::vector<CovarianceEstimate> estimates,
                                                int steps) {
  parallel_for(estimates.size(), matrix.values.size(), [&](std::size_t i) {
    estimates[i] = concentrate(matrix, std::move(estimates[i]), steps);
  });
  return best_of(std::move(estimates));
}

/// A singular half of all rows, if one was found, else that of least determinant.
CovarianceEstimate least_of(const std::vector<CovarianceEstimate>& estimates) {
  return *std::ranges::min_element(estimates, {}, &CovarianceEstimate::log_determinant);
}

std::vector<CovarianceEstimate> best_starts(const RowMatrix& matrix, std::size_t starts,
                                            std::uint64_t seed, std::uint64_t first_stream) {
  std::vector<CovarianceEstimate> estimates(starts);
  parallel_for(starts, matrix.values.size(), [&](std::size_t i) {
    SplitMix64 generator(seed, first_stream + i);
    estimates[i] = concentrate(matrix, random_start(matrix, generator), kFewSteps);
  });
  return best_of(std::move(estimates));
}

}  // namespace

void factorise(CovarianceEstimate& estimate) {
  // Of what the columns before explain, no more than rounding may be left.
  constexpr double kSingular = 1e-13;
  const std::size_t width = estimate.location.size();
  std::vector<double>& factor = estimate.factor;
  factor = estimate.covariance;
  estimate.log_determinant = 0.0;
  for (std::size_t j = 0; j < width; ++j) {
    for (std::size_t i = j; i < width; ++i) {
      double rest = factor[i * width + j];
      for (std::size_t k = 0; k < j; ++k) rest -= factor[i * width + k] * factor[j * width + k];
      if (i > j) {
        factor[i * width + j] = rest / factor[j * width + j];
        factor[j * width + i] = 0.0;
      } else if (rest > kSingular * estimate.covariance[j * width + j]) {
        factor[j * width + j] = std::sqrt(rest);
        estimate.log_determinant += std::log(rest);
      } else {
        estimate.log_determinant = -kInfinity;
        estimate.dependent_column = j;
        return;
      }
    }
  }
}

CovarianceEstimate estimate_covariance(const RowMatrix& matrix, std::span<const std::size_t> rows) {
  const std::size_t width = matrix.width;
  const auto count = static_cast<double>(rows.size());
  CovarianceEstimate estimate;
  estimate.location = sums_over_rows(rows.size(), width, [&](std::size_t place, double* sums) {
    for (std::size_t i = 0; i < width; ++i) sums[i] += matrix.row(rows[place])[i];
  });
  for (double& mean : estimate.location) mean /= count;
  estimate.covariance =
      sums_over_rows(rows.size(), width * width, [&](std::size_t place, double* sums) {
        const double* values = matrix.row(rows[place]);
        for (std::size_t i = 0; i < width; ++i) {
          const double distance = values[i] - estimate.location[i];
          for (std::size_t j = 0; j <= i; ++j) {
            sums[i * width + j] += distance * (values[j] - estimate.location[j]);
          }
        }
      });
  for (std::size_t i = 0; i < width; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      estimate.covariance[i * width + j] /= count;
      estimate.covariance[j * width + i] = estimate.covariance[i * width + j];
    }
  }
  factorise(estimate);
  return estimate;
}

std::vector<double> squared_distances(const RowMatrix& matrix, const CovarianceEstimate& estimate) {
  std::vector<double> distances(matrix.rows());
  parallel_ranges(matrix.rows(), matrix.width * matrix.width, kRowsPerSum,
                  [&](std::size_t begin, std::size_t end) {
                    std::vector<double> scratch(matrix.width);
                    for (std::size_t row = begin; row < end; ++row) {
                      const double distance =
                          squared_distance(matrix.row(row), estimate.location.data(),
                                           estimate.factor.data(), matrix.width, scratch.data());
                      // Infinities far out may cancel, and rows are to be sorted by distance.
                      distances[row] = std::isnan(distance) ? kInfinity : distance;
                    }
                  });
  return distances;
}

std::size_t support_size(std::size_t rows, std::size_t width) {
  return std::min(rows, (rows + width + 2) / 2);
}

CovarianceEstimate minimum_covariance(const RowMatrix& matrix, std::uint64_t seed) {
  const std::size_t rows = matrix.rows();
  const std::size_t width = matrix.width;
  if (rows < 2 * (width + 1)) fail("minimum_covariance: {} rows of {} columns", rows, width);
  // A subset of fewer rows than a few per column would have singular halves.
  const std::size_t subset_rows = std::max(kSubset, 10 * width);
  const std::size_t subsets = std::min(kMostSubsets, rows / subset_rows);
  if (subsets < 2) {
    return least_of(concentrate_all(matrix, best_starts(matrix, kStarts, seed, 1), kAllSteps));
  }
  std::vector<std::size_t> order(rows);
  std::iota(order.begin(), order.end(), std::size_t{0});
  SplitMix64 generator(seed);
  const std::size_t merged_rows =
      rows < kMostSubsets * subset_rows ? rows : kMostSubsets * subset_rows;
  std::vector<double> values;
  values.reserve(merged_rows * width);
  for (std::size_t i = 0; i < merged_rows; ++i) {
    std::swap(order[i], order[i + generator.below(rows - i)]);
    values.insert(values.end(), matrix.row(order[i]), matrix.row(order[i]) + width);
  }
  const RowMatrix merged = {values, width};
  std::vector<CovarianceEstimate> candidates;
  for (std::size_t subset = 0; subset < subsets; ++subset) {
    const std::size_t begin = merged_rows * subset / subsets * width;
    const std::size_t end = merged_rows * (subset + 1) / subsets * width;
    const RowMatrix part = {merged.values.subspan(begin, end - begin), width};
    const std::size_t starts = kStarts / subsets;
    for (CovarianceEstimate& estimate : best_starts(part, starts, seed, 1 + subset * starts)) {
      candidates.push_back(std::move(estimate));
    }
  }
  candidates = concentrate_all(merged, std::move(candidates), kFewSteps);
  return least_of(concentrate_all(matrix, std::move(candidates), kAllSteps));
}

}  // namespace ebb::preprocessing
