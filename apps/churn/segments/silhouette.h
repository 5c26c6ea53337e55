// How well clusters are apart, and how many to make.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "apps/churn/segments/k_means.h"

namespace ebb::churn {

/// The mean over rows of (b - a) / max(a, b): a is the mean distance to the other rows of the own
/// cluster, b the least mean distance to the rows of another; 0 for a row alone in its cluster
/// (Rousseeuw, "Silhouettes: a graphical aid to the interpretation and validation of cluster
/// analysis", 1987). NaN with fewer than two clusters that have rows. O(rows^2 * width), in
/// parallel; bitwise the same for any number of threads. Throws Error on unequal lengths.
double silhouette(const RowMatrix& rows, std::span<const std::size_t> of_row);

/// The silhouette of at most 2000 rows, drawn by their place.
double sampled_silhouette(const RowMatrix& rows, std::span<const std::size_t> of_row);

/// A number of clusters, and how good it is.
struct ClusterCount {
  std::size_t clusters = 0;
  double score = 0.0;
};

struct ClusterCountRange {
  std::size_t least = 2;
  std::size_t most = 10;
};

struct ChosenKMeans {
  KMeansResult result;
  std::vector<ClusterCount> tried;  ///< scored by the sampled silhouette
};

/// The k-means of the count, of those in `range` that the rows suffice for, whose silhouette is
/// greatest, of equal ones the fewest. Throws as k_means does.
ChosenKMeans k_means_by_silhouette(const RowMatrix& rows, ClusterCountRange range,
                                   KMeansOptions options);

}  // namespace ebb::churn
