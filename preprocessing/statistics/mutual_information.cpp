#include "preprocessing/statistics/mutual_information.h"

#include <algorithm>
#include <cmath>

#include "preprocessing/statistics/quantiles.h"
#include "preprocessing/statistics/ranks.h"
#include "preprocessing/table/column.h"

namespace ebb::preprocessing {
namespace {

/// The quantile at i / bins of values in the order of `rows`.
double quantile_of(std::span<const double> values, const std::vector<KeyedRow>& rows, std::size_t i,
                   std::size_t bins) {
  const double position =
      static_cast<double>(i) / static_cast<double>(bins) * static_cast<double>(rows.size() - 1);
  const auto below = static_cast<std::size_t>(position);
  const std::size_t above = std::min(below + 1, rows.size() - 1);
  const double pair[] = {values[rows[below].row], values[rows[above].row]};
  return quantile(pair, position - static_cast<double>(below));
}

}  // namespace

double mutual_information(const ContingencyTable& table) {
  const Margins margins = margins_of(table);
  const auto total = static_cast<double>(margins.total);
  double information = 0.0;
  for (std::size_t row = 0; row < table.rows; ++row) {
    for (std::size_t column = 0; column < table.columns; ++column) {
      const auto count = static_cast<double>(table.count(row, column));
      if (count == 0.0) continue;
      const double by_chance = static_cast<double>(margins.rows[row]) *
                               static_cast<double>(margins.columns[column]) / total;
      information += count / total * std::log(count / by_chance);
    }
  }
  return std::max(0.0, information);
}

BinnedColumn quantile_bins(std::span<const double> values, std::size_t bins) {
  BinnedColumn binned;
  binned.codes.assign(values.size(), kMissingCode);
  const std::vector<KeyedRow> rows = sorted_rows(values);
  if (rows.empty()) return binned;
  const double greatest = values[rows.back().row];
  for (std::size_t i = 1; i < bins; ++i) {
    const double edge = quantile_of(values, rows, i, bins);
    if (edge < greatest && (binned.edges.empty() || edge > binned.edges.back())) {
      binned.edges.push_back(edge);
    }
  }
  std::size_t bin = 0;
  for (const KeyedRow& row : rows) {
    while (bin < binned.edges.size() && values[row.row] > binned.edges[bin]) ++bin;
    binned.codes[row.row] = static_cast<std::int32_t>(bin);
  }
  return binned;
}

}  // namespace ebb::preprocessing
