// Numbers from several numbers on the CPU: a range of rows of one column after the other.
#include "preprocessing/columns/combine_numbers_backends.h"
#include "preprocessing/columns/finite_or_missing.h"
#include "preprocessing/common/parallel.h"

namespace ebb::preprocessing::cpu {

void combine_numbers(Context&, const CombineNumbers& p) {
  constexpr std::size_t kRowsPerRange = 16384;
  parallel_ranges(static_cast<std::size_t>(p.rows), p.columns.size(), kRowsPerRange,
                  [&](std::size_t begin, std::size_t end) {
                    for (const CombinedColumn& column : p.columns) {
                      for (std::size_t row = begin; row < end; ++row) {
                        double result = column.of[0][row];
                        for (std::size_t i = 1; i < column.of.size(); ++i)
                          result = combine(column.combination, result, column.of[i][row]);
                        column.output[row] = finite_or_missing(result);
                      }
                    }
                  });
}

}  // namespace ebb::preprocessing::cpu
