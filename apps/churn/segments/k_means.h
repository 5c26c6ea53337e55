// K-means clusters of rows of numbers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "preprocessing/cleaning/minimum_covariance.h"

namespace ebb::churn {

using preprocessing::RowMatrix;

/// Of two rows.
double squared_distance(const double* first, const double* second, std::size_t width);

struct KMeansOptions {
  std::size_t clusters = 8;
  std::size_t restarts = 10;  // the best by inertia counts
  std::size_t most_iterations = 300;
  std::uint64_t seed = 0;
  std::function<void()> between;  // called now and then; may end the work by an exception
};

struct KMeansResult {
  std::vector<double> centres;      ///< [clusters, width]
  std::vector<std::size_t> of_row;  ///< the cluster of each row
  double inertia = 0.0;             ///< sum over rows of the squared distance to the own centre
  std::size_t iterations = 0;       ///< of the best restart
};

/// Seeds by k-means++ (Arthur and Vassilvitskii, "k-means++: the advantages of careful seeding",
/// 2007), then Lloyd's iterations until no row moves. Of equally near centres the first. A cluster
/// without rows gets the row that is farthest from its centre. On the CPU, in parallel; bitwise the
/// same for any number of threads: rows are independent and sums are of fixed blocks in order.
/// O(restarts * iterations * rows * clusters * width). Where fewer distinct rows than clusters
/// exist, clusters stay empty. Throws DataError on fewer rows than clusters and on values that are
/// not finite, Error without clusters or restarts.
KMeansResult k_means(const RowMatrix& rows, const KMeansOptions& options);

/// Lloyd's iterations from the `centres` given.
KMeansResult k_means_from(const RowMatrix& rows, std::vector<double> centres,
                          const KMeansOptions& options);

/// Throws DataError on fewer rows than clusters and on values that are not finite, Error without
/// clusters.
void require_clusterable(const RowMatrix& rows, std::size_t clusters);

/// Each column less its mean over its standard deviation (divisor n); a constant one becomes 0.
std::vector<double> standardised(const RowMatrix& rows);

}  // namespace ebb::churn
