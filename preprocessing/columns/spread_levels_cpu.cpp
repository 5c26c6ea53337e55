// Columns from codes on the CPU: a range of rows of one column after the other.
#include "preprocessing/columns/spread_levels_backends.h"
#include "preprocessing/common/parallel.h"
#include "preprocessing/table/column.h"

namespace ebb::preprocessing::cpu {
namespace {

template <class T>
void spread_rows(const SpreadColumn<T>& column, std::size_t begin, std::size_t end) {
  for (std::size_t row = begin; row < end; ++row) {
    const std::int32_t code = column.codes[row];
    const bool is_missing = code == kMissingCode;
    const auto level = static_cast<std::size_t>(code);
    T value = column.missing;
    std::int32_t place = column.missing_place;
    if (!is_missing) {
      value = column.values.empty() ? T{1} : column.values[level];
      place = column.places.empty() ? 0 : column.places[level];
    }
    for (std::size_t k = 0; k < column.outputs.size(); ++k) {
      column.outputs[k][row] = static_cast<std::int32_t>(k) == place ? value : T{};
    }
  }
}

}  // namespace

template <class T>
void spread_levels(Context&, const SpreadLevels<T>& p) {
  constexpr std::size_t kRowsPerRange = 16384;
  parallel_ranges(static_cast<std::size_t>(p.rows), p.columns.size(), kRowsPerRange,
                  [&](std::size_t begin, std::size_t end) {
                    for (const SpreadColumn<T>& column : p.columns) spread_rows(column, begin, end);
                  });
}

template void spread_levels(Context&, const SpreadLevels<double>&);
template void spread_levels(Context&, const SpreadLevels<std::int32_t>&);

}  // namespace ebb::preprocessing::cpu
