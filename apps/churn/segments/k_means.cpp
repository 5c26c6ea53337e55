#include "apps/churn/segments/k_means.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/common/error.h"
#include "preprocessing/common/parallel.h"
#include "preprocessing/split/random_order.h"
#include "preprocessing/statistics/sums_over_rows.h"

namespace ebb::churn {
namespace {

/// The nearest centre of each row, and how far it is, squared.
struct Assignment {
  std::vector<std::size_t> of_row;
  std::vector<double> distances;
};

Assignment assign(const RowMatrix& rows, std::span<const double> centres) {
  const std::size_t clusters = centres.size() / rows.width;
  Assignment found{std::vector<std::size_t>(rows.rows()), std::vector<double>(rows.rows())};
  preprocessing::parallel_ranges(
      rows.rows(), centres.size(), preprocessing::kRowsPerSum,
      [&](std::size_t begin, std::size_t end) {
        for (std::size_t row = begin; row < end; ++row) {
          double nearest = std::numeric_limits<double>::infinity();
          for (std::size_t cluster = 0; cluster < clusters; ++cluster) {
            const double distance =
                squared_distance(rows.row(row), &centres[cluster * rows.width], rows.width);
            if (distance >= nearest) continue;
            nearest = distance;
            found.of_row[row] = cluster;
          }
          found.distances[row] = nearest;
        }
      });
  return found;
}

/// The means of the clusters' rows; a cluster without rows gets the farthest row that no other such
/// cluster got, unless all rows lie on their centres.
std::vector<double> means_of(const RowMatrix& rows, Assignment assignment,
                             std::span<const double> centres) {
  const std::size_t width = rows.width;
  const std::size_t clusters = centres.size() / width;
  // Each cluster's sums, then its count.
  const std::vector<double> sums = preprocessing::sums_over_rows(
      rows.rows(), clusters * (width + 1), [&](std::size_t row, double* into) {
        double* sum = &into[assignment.of_row[row] * (width + 1)];
        for (std::size_t i = 0; i < width; ++i) sum[i] += rows.row(row)[i];
        sum[width] += 1.0;
      });
  std::vector<double> means(centres.begin(), centres.end());
  for (std::size_t cluster = 0; cluster < clusters; ++cluster) {
    const double* sum = &sums[cluster * (width + 1)];
    if (sum[width] > 0.0) {
      for (std::size_t i = 0; i < width; ++i) means[cluster * width + i] = sum[i] / sum[width];
      continue;
    }
    const auto farthest = std::ranges::max_element(assignment.distances);
    if (*farthest == 0.0) continue;
    *farthest = 0.0;
    const auto row = static_cast<std::size_t>(farthest - assignment.distances.begin());
    std::copy_n(rows.row(row), width, &means[cluster * width]);
  }
  return means;
}

std::vector<double> seed_centres(const RowMatrix& rows, std::size_t clusters,
                                 preprocessing::SplitMix64 generator) {
  std::vector<double> centres;
  std::vector<double> nearest(rows.rows(), std::numeric_limits<double>::infinity());
  std::size_t chosen = generator.below(rows.rows());
  for (;;) {
    centres.insert(centres.end(), rows.row(chosen), rows.row(chosen) + rows.width);
    if (centres.size() == clusters * rows.width) return centres;
    preprocessing::parallel_ranges(
        rows.rows(), rows.width, preprocessing::kRowsPerSum,
        [&](std::size_t begin, std::size_t end) {
          for (std::size_t row = begin; row < end; ++row) {
            nearest[row] = std::min(nearest[row],
                                    squared_distance(rows.row(row), rows.row(chosen), rows.width));
          }
        });
    double sum = 0.0;
    for (const double distance : nearest) sum += distance;
    double rest = sum * static_cast<double>(generator.next() >> 11) * 0x1p-53;
    chosen = 0;
    // A row is drawn with the chance of its share; rounding may leave the last one that has some.
    for (std::size_t row = 0; row < nearest.size(); ++row) {
      if (nearest[row] == 0.0) continue;
      chosen = row;
      rest -= nearest[row];
      if (rest < 0.0) break;
    }
  }
}

}  // namespace

void require_clusterable(const RowMatrix& rows, std::size_t clusters) {
  if (clusters == 0) fail("there are no clusters to make");
  if (rows.rows() < clusters) {
    fail<DataError>("{} clusters of {} rows: there must be a row at least for each cluster",
                    clusters, rows.rows());
  }
  if (!std::ranges::all_of(rows.values, [](double value) { return std::isfinite(value); })) {
    fail<DataError>("a value of the rows to cluster is not a finite number");
  }
}

double squared_distance(const double* first, const double* second, std::size_t width) {
  double sum = 0.0;
  for (std::size_t i = 0; i < width; ++i) {
    const double difference = first[i] - second[i];
    sum += difference * difference;
  }
  return sum;
}

KMeansResult k_means_from(const RowMatrix& rows, std::vector<double> centres,
                          const KMeansOptions& options) {
  require_clusterable(rows, centres.size() / rows.width);
  KMeansResult result;
  Assignment assignment = assign(rows, centres);
  while (result.iterations < options.most_iterations) {
    if (options.between) options.between();
    ++result.iterations;
    centres = means_of(rows, assignment, centres);
    Assignment next = assign(rows, centres);
    const bool is_settled = next.of_row == assignment.of_row;
    assignment = std::move(next);
    if (is_settled) break;
  }
  for (const double distance : assignment.distances) result.inertia += distance;
  result.centres = std::move(centres);
  result.of_row = std::move(assignment.of_row);
  return result;
}

KMeansResult k_means(const RowMatrix& rows, const KMeansOptions& options) {
  require_clusterable(rows, options.clusters);
  if (options.restarts == 0) fail("k_means: no restarts");
  KMeansResult best;
  for (std::size_t restart = 0; restart < options.restarts; ++restart) {
    const preprocessing::SplitMix64 generator(options.seed, restart);
    KMeansResult found =
        k_means_from(rows, seed_centres(rows, options.clusters, generator), options);
    if (restart == 0 || found.inertia < best.inertia) best = std::move(found);
  }
  return best;
}

std::vector<double> standardised(const RowMatrix& rows) {
  const std::size_t width = rows.width;
  const auto count = static_cast<double>(rows.rows());
  std::vector<double> means =
      preprocessing::sums_over_rows(rows.rows(), width, [&](std::size_t row, double* into) {
        for (std::size_t i = 0; i < width; ++i) into[i] += rows.row(row)[i];
      });
  for (double& mean : means) mean /= count;
  std::vector<double> squares =
      preprocessing::sums_over_rows(rows.rows(), width, [&](std::size_t row, double* into) {
        for (std::size_t i = 0; i < width; ++i) {
          const double difference = rows.row(row)[i] - means[i];
          into[i] += difference * difference;
        }
      });
  std::vector<double> scaled(rows.values.begin(), rows.values.end());
  for (std::size_t i = 0; i < scaled.size(); ++i) {
    const double deviation = std::sqrt(squares[i % width] / count);
    const double difference = scaled[i] - means[i % width];
    // A deviation of rounding errors alone is none.
    const bool is_constant = deviation <= 1e-12 * std::abs(means[i % width]);
    scaled[i] = is_constant ? 0.0 : difference / deviation;
  }
  return scaled;
}

}  // namespace ebb::churn
