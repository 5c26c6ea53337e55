// Numbers from numbers on CUDA (common/cuda/column_passes.cuh). A row of a column moves 8 bytes in
// and 8 out, 16 with an indicator. What takes a few operations, which memory bounds, has a kernel
// of its own with few registers. Knots lie in shared memory, where they fit.
#include "preprocessing/columns/map_numbers_backends.h"
#include "preprocessing/common/cuda/column_passes.cuh"

namespace ebb::preprocessing::cuda {
namespace {

/// A column; its table is its knots. kShort: is_short() of its mapping.
template <bool kShort>
struct NumberJob {
  static constexpr int kRows = 2;
  static constexpr int kBlocks = 0;

  __device__ void operator()(const std::byte* knots, std::int64_t row, int count) const {
    NumberMapping mapping = column.mapping;
    mapping.scaler.knots = reinterpret_cast<const double*>(knots);
    double values[kRows];
    read_rows(column.values + row, count, values);
    if (column.missing != nullptr) {
      double missing[kRows];
#pragma unroll
      for (int i = 0; i < kRows; ++i) missing[i] = values[i] != values[i] ? 1.0 : 0.0;
      write_rows(column.missing + row, count, missing);
    }
#pragma unroll
    for (int i = 0; i < kRows; ++i) values[i] = map_number<kShort>(mapping, values[i]);
    write_rows(column.output + row, count, values);
  }

  NumberColumn column;
};

template <bool kShort>
void run(Context& context, const MapNumbers& p) {
  ColumnPass<NumberJob<kShort>> pass;
  for (const NumberColumn& column : p.columns) {
    if (is_short(column.mapping) != kShort) continue;
    const ScalerView& scaler = column.mapping.scaler;
    const std::span<const double> knots(scaler.knots, static_cast<std::size_t>(scaler.knot_count));
    pass.add({column}, pass.add_table(knots), (column.missing == nullptr ? 2 : 3) * sizeof(double));
  }
  pass.run(context, "map_numbers", p.rows);
}

}  // namespace

void map_numbers(Context& context, const MapNumbers& p) {
  run<true>(context, p);
  run<false>(context, p);
}

}  // namespace ebb::preprocessing::cuda
