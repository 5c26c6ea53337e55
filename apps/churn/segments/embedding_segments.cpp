#include "apps/churn/segments/embedding_segments.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "apps/churn/segments/silhouette.h"
#include "kernels/common/error.h"
#include "preprocessing/statistics/order_statistics.h"

namespace ebb::churn {
namespace {

/// At most `most` of the rows, drawn by their place.
std::vector<double> sample_of(const RowMatrix& rows, std::size_t most) {
  std::vector<double> values;
  for (const std::size_t row : preprocessing::sampled_rows(rows.rows(), most)) {
    values.insert(values.end(), rows.row(row), rows.row(row) + rows.width);
  }
  return values;
}

double sampled_silhouette(const RowMatrix& rows, std::span<const std::size_t> of_row) {
  constexpr std::size_t kMost = 2000;  // the cost is their square
  std::vector<std::size_t> clusters;
  for (const std::size_t row : preprocessing::sampled_rows(rows.rows(), kMost)) {
    clusters.push_back(of_row[row]);
  }
  const std::vector<double> values = sample_of(rows, kMost);
  return silhouette({values, rows.width}, clusters);
}

KMeansResult k_means_of(const RowMatrix& rows, std::size_t clusters,
                        const EmbeddingSegmentOptions& options) {
  return k_means(rows, {.clusters = clusters, .seed = options.seed, .between = options.between});
}

GaussianMixture mixture_of(const RowMatrix& rows, std::size_t clusters,
                           const EmbeddingSegmentOptions& options) {
  return fit_mixture(rows, k_means_of(rows, clusters, options).of_row, clusters,
                     {.covariance = options.covariance, .between = options.between});
}

std::vector<std::size_t> clusters_of(const RowMatrix& rows, std::size_t clusters,
                                     const EmbeddingSegmentOptions& options) {
  if (options.method == Clustering::mixture) return mixture_of(rows, clusters, options).of_row;
  return k_means_of(rows, clusters, options).of_row;
}

std::vector<ClusterCount> try_counts(const RowMatrix& rows,
                                     const EmbeddingSegmentOptions& options) {
  constexpr std::size_t kLeast = 2;
  constexpr std::size_t kMost = 10;
  std::vector<ClusterCount> tried;
  for (std::size_t clusters = kLeast; clusters <= std::clamp(rows.rows(), kLeast, kMost);
       ++clusters) {
    if (options.trying) options.trying(clusters);
    tried.push_back(
        {clusters, options.method == Clustering::mixture
                       ? mixture_of(rows, clusters, options).bic()
                       : sampled_silhouette(rows, k_means_of(rows, clusters, options).of_row)});
  }
  return tried;
}

/// The first of the best; a score that is not defined is the worst.
std::size_t best_count(std::span<const ClusterCount> tried, Clustering method) {
  const auto loss = [&](const ClusterCount& count) {
    if (std::isnan(count.score)) return std::numeric_limits<double>::infinity();
    return method == Clustering::mixture ? count.score : -count.score;
  };
  return std::ranges::min_element(tried, {}, loss)->clusters;
}

}  // namespace

Clustering parse_clustering(std::string_view name) {
  if (name == "k-means") return Clustering::k_means;
  if (name == "mixture") return Clustering::mixture;
  fail<DataError>("the clustering \"{}\" is unknown, expected k-means or mixture", name);
}

EmbeddingSegments segment_embeddings(const RowMatrix& rows,
                                     const EmbeddingSegmentOptions& options) {
  if (options.clusters != 0) return {clusters_of(rows, options.clusters, options), {}};
  constexpr std::size_t kMostToChooseBy = 10'000;
  const std::vector<double> sample = sample_of(rows, kMostToChooseBy);
  std::vector<ClusterCount> tried = try_counts({sample, rows.width}, options);
  const std::size_t best = best_count(tried, options.method);
  if (options.trying) options.trying(best);
  return {clusters_of(rows, best, options), std::move(tried)};
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
