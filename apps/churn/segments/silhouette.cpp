#include "apps/churn/segments/silhouette.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "kernels/common/error.h"
#include "preprocessing/common/parallel.h"

namespace ebb::churn {
namespace {

double silhouette_of(std::span<const double> distance_sums, std::span<const std::size_t> sizes,
                     std::size_t own) {
  if (sizes[own] == 1) return 0.0;
  const double inside = distance_sums[own] / static_cast<double>(sizes[own] - 1);
  double outside = std::numeric_limits<double>::infinity();
  for (std::size_t cluster = 0; cluster < sizes.size(); ++cluster) {
    if (cluster == own || sizes[cluster] == 0) continue;
    outside = std::min(outside, distance_sums[cluster] / static_cast<double>(sizes[cluster]));
  }
  const double larger = std::max(inside, outside);
  return larger == 0.0 ? 0.0 : (outside - inside) / larger;
}

}  // namespace

double silhouette(const RowMatrix& rows, std::span<const std::size_t> of_row) {
  if (of_row.size() != rows.rows()) {
    fail("silhouette: {} clusters of {} rows", of_row.size(), rows.rows());
  }
  std::vector<std::size_t> sizes;
  for (const std::size_t cluster : of_row) {
    if (cluster >= sizes.size()) sizes.resize(cluster + 1);
    ++sizes[cluster];
  }
  if (std::ranges::count_if(sizes, [](std::size_t size) { return size > 0; }) < 2) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  std::vector<double> values(of_row.size());
  preprocessing::parallel_for(of_row.size(), rows.values.size(), [&](std::size_t row) {
    std::vector<double> sums(sizes.size());
    for (std::size_t other = 0; other < of_row.size(); ++other) {
      sums[of_row[other]] +=
          std::sqrt(squared_distance(rows.row(row), rows.row(other), rows.width));
    }
    values[row] = silhouette_of(sums, sizes, of_row[row]);
  });
  double sum = 0.0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

}  // namespace ebb::churn
