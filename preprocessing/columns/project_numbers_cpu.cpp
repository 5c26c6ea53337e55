// Sums of products of columns on the CPU: a column at a time over a range of rows that lies in
// cache.
#include <algorithm>
#include <atomic>
#include <vector>

#include "preprocessing/columns/finite_or_missing.h"
#include "preprocessing/columns/project_numbers_backends.h"
#include "preprocessing/common/parallel.h"
#include "preprocessing/statistics/moments.h"

namespace ebb::preprocessing::cpu {

void project_numbers(Context&, const ProjectNumbers& p) {
  const std::size_t columns = p.of.size();
  parallel_ranges(static_cast<std::size_t>(p.rows), columns * p.outputs.size(), kBlockRows,
                  [&](std::size_t begin, std::size_t end) {
                    std::vector<double> centred(end - begin);
                    bool has_missing = false;
                    for (double* const output : p.outputs)
                      std::fill(output + begin, output + end, 0.0);
                    for (std::size_t j = 0; j < columns; ++j) {
                      for (std::size_t row = begin; row < end; ++row) {
                        const double value = p.of[j][row];
                        has_missing |= value != value;
                        centred[row - begin] = (value - p.means[j]) / p.scales[j];
                      }
                      for (std::size_t c = 0; c < p.outputs.size(); ++c) {
                        const double weight = p.weights[c * columns + j];
                        double* const sums = p.outputs[c] + begin;
                        for (std::size_t i = 0; i < centred.size(); ++i)
                          sums[i] += weight * centred[i];
                      }
                    }
                    for (double* const output : p.outputs) {
                      for (std::size_t row = begin; row < end; ++row)
                        output[row] = finite_or_missing(output[row]);
                    }
                    if (has_missing)
                      std::atomic_ref(*p.has_missing).store(1, std::memory_order_relaxed);
                  });
}

}  // namespace ebb::preprocessing::cpu
