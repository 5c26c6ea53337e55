// Numbers from several numbers on CUDA (common/cuda/column_passes.cuh). A row moves 8 bytes in for
// each column that it is made of, and 8 out.
#include "preprocessing/columns/combine_numbers_backends.h"
#include "preprocessing/columns/finite_or_missing.h"
#include "preprocessing/common/cuda/column_passes.cuh"

namespace ebb::preprocessing::cuda {
namespace {

/// A column that is made; its table is where those lie of which it is.
struct CombineJob {
  static constexpr int kRows = 2;
  static constexpr int kBlocks = 0;

  __device__ void operator()(const std::byte* table, std::int64_t row, int count) const {
    const auto* const columns = reinterpret_cast<const double* const*>(table);
    double results[kRows];
    read_rows(columns[0] + row, count, results);
    for (int i = 1; i < of; ++i) {
      double values[kRows];
      read_rows(columns[i] + row, count, values);
#pragma unroll
      for (int k = 0; k < kRows; ++k) results[k] = combine(combination, results[k], values[k]);
    }
#pragma unroll
    for (int k = 0; k < kRows; ++k) results[k] = finite_or_missing(results[k]);
    write_rows(output + row, count, results);
  }

  Combination combination;
  std::int32_t of;
  double* output;
};

}  // namespace

void combine_numbers(Context& context, const CombineNumbers& p) {
  ColumnPass<CombineJob> pass;
  for (const CombinedColumn& column : p.columns) {
    pass.add({column.combination, static_cast<std::int32_t>(column.of.size()), column.output},
             pass.add_table(column.of), (column.of.size() + 1) * sizeof(double));
  }
  pass.run(context, "combine_numbers", p.rows);
}

}  // namespace ebb::preprocessing::cuda
