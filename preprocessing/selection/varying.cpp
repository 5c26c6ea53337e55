#include "preprocessing/selection/varying.h"

#include <cmath>
#include <cstdint>

#include <fmt/format.h>

#include "kernels/common/error.h"
#include "preprocessing/cleaning/cell_bits.h"
#include "preprocessing/common/parallel.h"

namespace ebb::preprocessing {
namespace {

struct Majority {
  std::size_t row = 0;  ///< that has the value
  double share = 0.0;   ///< 0: no value has more than half of the rows
};

/// bits(row) gives the same 64 bits for values that count as equal.
template <class Bits>
Majority majority_of(std::size_t rows, Bits bits) {
  Majority candidate;
  std::size_t lead = 0;
  for (std::size_t row = 0; row < rows; ++row) {
    if (lead == 0) candidate.row = row;
    lead = lead == 0 || bits(row) == bits(candidate.row) ? lead + 1 : lead - 1;
  }
  std::size_t count = 0;
  for (std::size_t row = 0; row < rows; ++row) {
    count += bits(row) == bits(candidate.row) ? 1 : 0;
  }
  if (2 * count > rows) candidate.share = static_cast<double>(count) / static_cast<double>(rows);
  return candidate;
}

Majority majority_of(const Column& column) {
  if (column.is_number()) {
    return majority_of(column.size(),
                       [&](std::size_t row) { return cell_bits(column.numbers[row]); });
  }
  if (column.has_integers()) {
    return majority_of(column.size(), [&](std::size_t row) { return column.integers[row]; });
  }
  return majority_of(column.size(), [&](std::size_t row) { return column.codes[row]; });
}

ColumnVerdict verdict_on(const Column& column, double largest_share) {
  const Majority majority = majority_of(column);
  ColumnVerdict verdict{.name = column.name, .score = majority.share};
  if (majority.share < largest_share) return verdict;
  const std::string value = column.is_missing(majority.row)
                                ? "no value"
                                : fmt::format("\"{}\"", shortened(column.text(majority.row)));
  verdict.drop(majority.share == 1.0
                   ? fmt::format("{} in every row", value)
                   : fmt::format("{} in {:.2f} % of the rows", value, 100.0 * majority.share));
  return verdict;
}

}  // namespace

Selection select_varying(const Table& table, std::span<const std::string> names,
                         double largest_share) {
  if (!(largest_share > 0.5 && largest_share <= 1.0)) {
    fail<DataError>(
        "the share of one value from which a column goes is {}: choose one over 0.5, "
        "at most 1",
        largest_share);
  }
  const std::vector<const Column*> columns = columns_of(table, names);
  Selection selection;
  selection.columns.resize(columns.size());
  parallel_for(columns.size(), table.rows(), [&](std::size_t i) {
    selection.columns[i] = verdict_on(*columns[i], largest_share);
  });
  return selection;
}

}  // namespace ebb::preprocessing
