// Mutual information: how much one column says about another, of whatever shape the relation is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "preprocessing/statistics/contingency.h"

namespace ebb::preprocessing {

/// In nats, exactly of these counts: sum of p ln(p / (p_row p_column)) (scikit-learn's
/// mutual_info_score). 0 for independent columns; counts of finite samples give
/// (rows - 1) (columns - 1) / 2n by chance.
double mutual_information(const ContingencyTable& table);

/// Bins of about equally many values: kBins of them unless said otherwise.
inline constexpr std::size_t kBins = 16;

struct BinnedColumn {
  std::vector<std::int32_t> codes;  ///< kMissingCode where the number is missing
  std::vector<double> edges;        ///< between bins, ascending; a value at an edge is below it
  [[nodiscard]] std::size_t bins() const { return edges.size() + 1; }
};

/// Cuts numbers at their quantiles i / bins (type 7), equal edges once and none at the greatest
/// value: pandas' qcut with duplicates="drop", except that a least value so frequent that an edge
/// falls on it is a bin of its own. Ties make fewer bins. Linear cost (ranks.h).
BinnedColumn quantile_bins(std::span<const double> values, std::size_t bins = kBins);

}  // namespace ebb::preprocessing
