// Counts of levels and ranges on the CPU: columns side by side.
#include <vector>

#include "preprocessing/columns/count_places_backends.h"
#include "preprocessing/common/parallel.h"
#include "preprocessing/scaling/knots.h"

namespace ebb::preprocessing::cpu {
namespace {

void count_column(const CountedColumn& column, std::size_t rows, std::uint64_t* counts) {
  if (column.holds_codes) {
    for (std::size_t row = 0; row < rows; ++row) ++counts[column.codes[row] + 1];
    return;
  }
  for (std::size_t row = 0; row < rows; ++row) {
    const double value = column.values[row];
    const bool is_missing = value != value;
    ++counts[is_missing
                 ? 0
                 : 1 + find_knot(column.edges.data(), std::ssize(column.edges), value, false)];
  }
}

}  // namespace

void count_places(Context&, const PlaceCounts& p) {
  const std::span<const CountedColumn> columns = p.columns.columns;
  const auto rows = static_cast<std::size_t>(p.columns.rows);
  std::vector<std::uint64_t*> counts;
  std::uint64_t* next = p.counts.data();
  for (const CountedColumn& column : columns) {
    counts.push_back(next);
    next += column.places();
  }
  parallel_for(columns.size(), rows,
               [&](std::size_t i) { count_column(columns[i], rows, counts[i]); });
}

}  // namespace ebb::preprocessing::cpu
