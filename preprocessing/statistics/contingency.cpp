#include "preprocessing/statistics/contingency.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/common/error.h"
#include "preprocessing/common/parallel.h"
#include "preprocessing/statistics/distributions.h"
#include "preprocessing/table/column.h"

namespace ebb::preprocessing {
namespace {

constexpr std::size_t kRowsPerRange = 65536;
constexpr std::size_t kMostRanges = 64;

std::size_t used(const std::vector<std::size_t>& sums) {
  return static_cast<std::size_t>(
      std::count_if(sums.begin(), sums.end(), [](std::size_t sum) { return sum > 0; }));
}

/// chi^2 = n (sum of count^2 / (row sum x column sum) - 1), as a sum of squares.
double chi_square(const ContingencyTable& table, const Margins& margins) {
  const auto total = static_cast<double>(margins.total);
  double statistic = 0.0;
  for (std::size_t row = 0; row < table.rows; ++row) {
    for (std::size_t column = 0; column < table.columns; ++column) {
      const double expected = static_cast<double>(margins.rows[row]) *
                              static_cast<double>(margins.columns[column]) / total;
      if (expected == 0.0) continue;
      const double distance = static_cast<double>(table.count(row, column)) - expected;
      statistic += distance * distance / expected;
    }
  }
  return statistic;
}

}  // namespace

ContingencyTable count_pairs(Codes x, std::size_t x_levels, Codes y, std::size_t y_levels,
                             MissingCells missing) {
  if (x.size() != y.size()) fail("count_pairs: columns of {} and {} rows", x.size(), y.size());
  ContingencyTable table;
  table.rows = x_levels + (missing == MissingCells::own_level ? 1 : 0);
  table.columns = y_levels;
  const std::size_t cells = table.rows * table.columns;
  // So few ranges that their tables are no larger than the columns.
  const std::size_t most =
      std::clamp<std::size_t>(x.size() / std::max<std::size_t>(cells, 1), 1, kMostRanges);
  const std::size_t grain = std::max(kRowsPerRange, (x.size() + most - 1) / most);
  std::vector<std::size_t> counts(std::max<std::size_t>(1, (x.size() + grain - 1) / grain) * cells);
  parallel_ranges(x.size(), 2, grain, [&](std::size_t begin, std::size_t end) {
    std::size_t* const own = counts.data() + begin / grain * cells;
    for (std::size_t row = begin; row < end; ++row) {
      if (y[row] == kMissingCode) continue;
      if (x[row] == kMissingCode && missing == MissingCells::leave_out) continue;
      const auto level = x[row] == kMissingCode ? x_levels : static_cast<std::size_t>(x[row]);
      ++own[level * y_levels + static_cast<std::size_t>(y[row])];
    }
  });
  table.counts.assign(cells, 0);
  for (std::size_t i = 0; i < counts.size(); ++i) table.counts[i % cells] += counts[i];
  return table;
}

Margins margins_of(const ContingencyTable& table) {
  Margins margins;
  margins.rows.resize(table.rows);
  margins.columns.resize(table.columns);
  for (std::size_t row = 0; row < table.rows; ++row) {
    for (std::size_t column = 0; column < table.columns; ++column) {
      margins.rows[row] += table.count(row, column);
      margins.columns[column] += table.count(row, column);
    }
    margins.total += margins.rows[row];
  }
  return margins;
}

ChiSquareTest chi_square_test(const ContingencyTable& table) {
  const Margins margins = margins_of(table);
  const std::size_t rows = used(margins.rows);
  const std::size_t columns = used(margins.columns);
  if (rows < 2 || columns < 2) return {};
  ChiSquareTest test;
  test.statistic = chi_square(table, margins);
  test.degrees_of_freedom = static_cast<double>(rows - 1) * static_cast<double>(columns - 1);
  test.p_value = chi_squared_tail(test.statistic, test.degrees_of_freedom);
  return test;
}

double cramers_v(const ContingencyTable& table, VCorrection correction) {
  const Margins margins = margins_of(table);
  auto rows = static_cast<double>(used(margins.rows));
  auto columns = static_cast<double>(used(margins.columns));
  if (rows < 2.0 || columns < 2.0) return std::numeric_limits<double>::quiet_NaN();
  double share = chi_square(table, margins) / static_cast<double>(margins.total);
  if (correction == VCorrection::bias) {
    const double others = static_cast<double>(margins.total) - 1.0;
    share = std::max(0.0, share - (rows - 1.0) * (columns - 1.0) / others);
    rows -= (rows - 1.0) * (rows - 1.0) / others;
    columns -= (columns - 1.0) * (columns - 1.0) / others;
  }
  const double most = std::min(rows, columns) - 1.0;
  // As many levels as rows say nothing.
  return most <= 0.0 ? 0.0 : std::min(1.0, std::sqrt(share / most));
}

std::vector<std::int32_t> label_codes(std::span<const float> labels) {
  std::vector<std::int32_t> codes(labels.size());
  std::transform(labels.begin(), labels.end(), codes.begin(),
                 [](float label) { return label == 1.0F ? 1 : 0; });
  return codes;
}

}  // namespace ebb::preprocessing
