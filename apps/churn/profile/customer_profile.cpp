#include "apps/churn/profile/customer_profile.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "apps/churn/segments/k_means.h"
#include "preprocessing/statistics/order_statistics.h"

namespace ebb::churn {
namespace {

using preprocessing::Column;

ColumnComparison compare_number(const Column& column, std::size_t row) {
  const auto spell = [](double value) { return fmt::format("{:.6g}", value); };
  ColumnComparison comparison{.name = column.name, .is_number = true};
  comparison.typical = spell(preprocessing::median_of(column.numbers));
  if (column.is_missing(row)) return comparison;
  const double value = column.numbers[row];
  comparison.value = spell(value);
  double halves = 0.0;
  double count = 0.0;
  for (const double other : column.numbers) {
    if (std::isnan(other)) continue;
    ++count;
    halves += other < value ? 2.0 : other == value ? 1.0 : 0.0;
  }
  comparison.share = halves / (2.0 * count);
  return comparison;
}

ColumnComparison compare_category(const Column& column, std::size_t row) {
  ColumnComparison comparison{.name = column.name};
  std::vector<std::size_t> counts(column.levels.size());
  std::size_t values = 0;
  for (const std::int32_t code : column.codes) {
    if (code == preprocessing::kMissingCode) continue;
    ++counts[static_cast<std::size_t>(code)];
    ++values;
  }
  const auto commonest = std::ranges::max_element(counts) - counts.begin();
  comparison.typical = column.levels[static_cast<std::size_t>(commonest)];
  if (column.is_missing(row)) return comparison;
  const auto own = static_cast<std::size_t>(column.codes[row]);
  comparison.value = column.levels[own];
  comparison.share = static_cast<double>(counts[own]) / static_cast<double>(values);
  return comparison;
}

}  // namespace

double share_below(std::span<const float> probabilities, std::size_t row) {
  if (probabilities.size() < 2) return 0.0;
  const auto below =
      std::ranges::count_if(probabilities, [&](float other) { return other < probabilities[row]; });
  return static_cast<double>(below) / static_cast<double>(probabilities.size() - 1);
}

std::vector<ColumnComparison> compare_columns(const preprocessing::Table& table, std::size_t row) {
  std::vector<ColumnComparison> comparisons;
  for (const Column& column : table.columns()) {
    if (column.has_integers() || !preprocessing::has_values(column)) continue;
    comparisons.push_back(column.is_number() ? compare_number(column, row)
                                             : compare_category(column, row));
  }
  return comparisons;
}

std::vector<NearRow> nearest_rows(const preprocessing::RowMatrix& rows, std::size_t row,
                                  std::size_t most) {
  std::vector<NearRow> others;
  for (std::size_t other = 0; other < rows.rows(); ++other) {
    if (other == row) continue;
    const double squared = squared_distance(rows.row(row), rows.row(other), rows.width);
    others.push_back({other, std::sqrt(squared)});
  }
  const std::size_t count = std::min(most, others.size());
  const auto end = others.begin() + static_cast<std::ptrdiff_t>(count);
  std::partial_sort(others.begin(), end, others.end(), [](const NearRow& a, const NearRow& b) {
    return a.distance != b.distance ? a.distance < b.distance : a.row < b.row;
  });
  others.resize(count);
  return others;
}

}  // namespace ebb::churn
