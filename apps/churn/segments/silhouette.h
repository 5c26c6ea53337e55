// How well clusters are apart.
#pragma once

#include <cstddef>
#include <span>

#include "apps/churn/segments/k_means.h"

namespace ebb::churn {

/// The mean over rows of (b - a) / max(a, b): a is the mean distance to the other rows of the own
/// cluster, b the least mean distance to the rows of another; 0 for a row alone in its cluster
/// (Rousseeuw, "Silhouettes: a graphical aid to the interpretation and validation of cluster
/// analysis", 1987). NaN with fewer than two clusters that have rows. O(rows^2 * width), in
/// parallel; bitwise the same for any number of threads. Throws Error on unequal lengths.
double silhouette(const RowMatrix& rows, std::span<const std::size_t> of_row);

}  // namespace ebb::churn
