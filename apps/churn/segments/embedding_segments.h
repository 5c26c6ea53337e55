// Clusters of customers whom a network takes for alike.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "apps/churn/segments/gaussian_mixture.h"
#include "apps/churn/segments/silhouette.h"

namespace ebb::churn {

enum class Clustering { k_means, mixture };

/// "k-means" or "mixture". Throws DataError otherwise.
Clustering parse_clustering(std::string_view name);

struct EmbeddingSegmentOptions {
  Clustering method = Clustering::k_means;
  CovarianceKind covariance = CovarianceKind::diagonal;
  std::size_t clusters = 0;  // 0: the best from 2 to 10
  std::uint64_t seed = 0;
  std::function<void()> between;  // called now and then; may end the work by an exception
};

struct EmbeddingSegments {
  std::vector<std::size_t> of_row;
  /// Scored by the sampled silhouette (greater is better) or BIC (less is); of a given number none.
  std::vector<ClusterCount> tried;
};

/// Clusters rows of standardised embeddings. Mixtures start from a k-means of as many clusters.
/// Throws as k_means does.
EmbeddingSegments segment_embeddings(const RowMatrix& rows, const EmbeddingSegmentOptions& options);

/// The clusters numbered from 0 by falling mean probability, those without rows left out.
std::vector<std::size_t> number_by_risk(std::span<const std::size_t> of_row,
                                        std::span<const float> probabilities);

}  // namespace ebb::churn
