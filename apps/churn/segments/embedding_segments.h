// Clusters of customers whom a network takes for alike.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "apps/churn/segments/gaussian_mixture.h"
#include "apps/churn/segments/k_means.h"

namespace ebb::churn {

enum class Clustering { k_means, mixture };

/// "k-means" or "mixture". Throws DataError otherwise.
Clustering parse_clustering(std::string_view name);

struct EmbeddingSegmentOptions {
  Clustering method = Clustering::k_means;
  CovarianceKind covariance = CovarianceKind::diagonal;
  std::size_t clusters = 0;  // 0: the best from 2 to 10
  std::uint64_t seed = 0;
  std::function<void()> between;            // called now and then; may end the work by an exception
  std::function<void(std::size_t)> trying;  // told of each number of clusters that is tried
};

/// A number of clusters, and how good it is.
struct ClusterCount {
  std::size_t clusters = 0;
  double score = 0.0;
};

struct EmbeddingSegments {
  std::vector<std::size_t> of_row;
  std::vector<ClusterCount> tried;  ///< none where the number was given
};

/// Clusters rows of standardised embeddings. Mixtures start from a k-means of as many clusters. A
/// number that is not given is chosen on 10,000 rows, drawn by their place: that of the greatest
/// silhouette, of 2000 rows, or of the least BIC; of equally good ones the least. Throws as k_means
/// does.
EmbeddingSegments segment_embeddings(const RowMatrix& rows, const EmbeddingSegmentOptions& options);

/// The clusters numbered from 0 by falling mean probability, those without rows left out.
std::vector<std::size_t> number_by_risk(std::span<const std::size_t> of_row,
                                        std::span<const float> probabilities);

}  // namespace ebb::churn
