#include "apps/churn/segments/embedding_segments.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "kernels/common/error.h"

namespace ebb::churn {
namespace {

GaussianMixture mixture_of(const RowMatrix& rows, std::size_t clusters,
                           const EmbeddingSegmentOptions& options) {
  const KMeansResult start =
      k_means(rows, {.clusters = clusters, .seed = options.seed, .between = options.between});
  return fit_mixture(rows, start.of_row, clusters,
                     {.covariance = options.covariance, .between = options.between});
}

EmbeddingSegments mixture_by_bic(const RowMatrix& rows, ClusterCountRange range,
                                 const EmbeddingSegmentOptions& options) {
  EmbeddingSegments chosen;
  double best = std::numeric_limits<double>::infinity();
  const std::size_t most = std::max(range.least, std::min(range.most, rows.rows()));
  for (std::size_t clusters = range.least; clusters <= most; ++clusters) {
    GaussianMixture mixture = mixture_of(rows, clusters, options);
    const double bic = mixture.bic();
    chosen.tried.push_back({clusters, bic});
    if (bic >= best) continue;
    best = bic;
    chosen.of_row = std::move(mixture.of_row);
  }
  return chosen;
}

}  // namespace

Clustering parse_clustering(std::string_view name) {
  if (name == "k-means") return Clustering::k_means;
  if (name == "mixture") return Clustering::mixture;
  fail<DataError>("the clustering \"{}\" is unknown, expected k-means or mixture", name);
}

EmbeddingSegments segment_embeddings(const RowMatrix& rows,
                                     const EmbeddingSegmentOptions& options) {
  const bool is_mixture = options.method == Clustering::mixture;
  if (options.clusters == 0) {
    if (is_mixture) return mixture_by_bic(rows, {}, options);
    ChosenKMeans chosen =
        k_means_by_silhouette(rows, {}, {.seed = options.seed, .between = options.between});
    return {std::move(chosen.result.of_row), std::move(chosen.tried)};
  }
  if (is_mixture) return {mixture_of(rows, options.clusters, options).of_row, {}};
  return {k_means(rows,
                  {.clusters = options.clusters, .seed = options.seed, .between = options.between})
              .of_row,
          {}};
}

std::vector<std::size_t> number_by_risk(std::span<const std::size_t> of_row,
                                        std::span<const float> probabilities) {
  const std::size_t clusters = of_row.empty() ? 0 : *std::ranges::max_element(of_row) + 1;
  std::vector<double> means(clusters);
  std::vector<std::size_t> sizes(clusters);
  for (std::size_t row = 0; row < of_row.size(); ++row) {
    means[of_row[row]] += static_cast<double>(probabilities[row]);
    ++sizes[of_row[row]];
  }
  std::vector<std::size_t> order(clusters);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::erase_if(order, [&](std::size_t cluster) { return sizes[cluster] == 0; });
  for (const std::size_t cluster : order) means[cluster] /= static_cast<double>(sizes[cluster]);
  std::ranges::stable_sort(order,
                           [&](std::size_t a, std::size_t b) { return means[a] > means[b]; });
  std::vector<std::size_t> places(clusters);
  for (std::size_t place = 0; place < order.size(); ++place) places[order[place]] = place;
  std::vector<std::size_t> numbered;
  for (const std::size_t cluster : of_row) numbered.push_back(places[cluster]);
  return numbered;
}

}  // namespace ebb::churn
