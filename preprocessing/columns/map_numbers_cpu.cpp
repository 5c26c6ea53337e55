// Numbers from numbers on the CPU: a range of rows of one column after the other.
#include "preprocessing/columns/map_numbers_backends.h"
#include "preprocessing/common/parallel.h"

namespace ebb::preprocessing::cpu {

void map_numbers(Context&, const MapNumbers& p) {
  constexpr std::size_t kRowsPerRange = 16384;
  parallel_ranges(static_cast<std::size_t>(p.rows), p.columns.size(), kRowsPerRange,
                  [&](std::size_t begin, std::size_t end) {
                    for (const NumberColumn& column : p.columns) {
                      for (std::size_t row = begin; row < end; ++row) {
                        const double value = column.values[row];
                        column.output[row] = map_number(column.mapping, value);
                        if (column.missing != nullptr)
                          column.missing[row] = value != value ? 1.0 : 0.0;
                      }
                    }
                  });
}

}  // namespace ebb::preprocessing::cpu
