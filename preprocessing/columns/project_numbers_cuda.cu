// Sums of products of columns on CUDA (common/cuda/column_passes.cuh). Each thread sums 16 outputs
// of two rows; a row moves 8 bytes in for each column, for every 16 outputs, and 8 out for each of
// them. Means, scales and weights lie in shared memory, where they fit.
#include "preprocessing/columns/finite_or_missing.h"
#include "preprocessing/columns/project_numbers_backends.h"
#include "preprocessing/common/cuda/column_passes.cuh"

namespace ebb::preprocessing::cuda {
namespace {

constexpr int kOutputs = 16;  // of a job

/// What a job's table has for each column.
struct ProjectedColumn {
  const double* values;
  double mean;
  double scale;
  double weights[kOutputs];  // 0 beyond the last output
};

struct ProjectJob {
  static constexpr int kRows = 2;
  static constexpr int kBlocks = 0;

  __device__ void operator()(const std::byte* table, std::int64_t row, int count) const {
    const auto* const columns = reinterpret_cast<const ProjectedColumn*>(table);
    double sums[kOutputs][kRows] = {};
    bool is_missing = false;
    for (int j = 0; j < column_count; ++j) {
      const ProjectedColumn& column = columns[j];
      double values[kRows];
      read_rows(column.values + row, count, values);
#pragma unroll
      for (int i = 0; i < kRows; ++i) {
        is_missing |= values[i] != values[i];
        values[i] = (values[i] - column.mean) / column.scale;
      }
#pragma unroll
      for (int k = 0; k < kOutputs; ++k) {
        const double weight = column.weights[k];
#pragma unroll
        for (int i = 0; i < kRows; ++i) sums[k][i] += weight * values[i];
      }
    }
#pragma unroll
    for (int k = 0; k < kOutputs; ++k) {
#pragma unroll
      for (int i = 0; i < kRows; ++i) sums[k][i] = finite_or_missing(sums[k][i]);
      if (k < output_count) write_rows(outputs[k] + row, count, sums[k]);
    }
    if (is_missing) atomicExch(has_missing, 1);
  }

  std::int32_t column_count;
  std::int32_t output_count;
  std::int32_t* has_missing;
  double* outputs[kOutputs];
};

/// What outputs [first, first + count) take of each column.
std::vector<ProjectedColumn> columns_of(const ProjectNumbers& p, std::size_t first,
                                        std::size_t count) {
  std::vector<ProjectedColumn> columns;
  for (std::size_t j = 0; j < p.of.size(); ++j) {
    ProjectedColumn column{p.of[j], p.means[j], p.scales[j], {}};
    for (std::size_t k = 0; k < count; ++k)
      column.weights[k] = p.weights[(first + k) * p.of.size() + j];
    columns.push_back(column);
  }
  return columns;
}

}  // namespace

void project_numbers(Context& context, const ProjectNumbers& p) {
  ColumnPass<ProjectJob> pass;
  for (std::size_t first = 0; first < p.outputs.size(); first += kOutputs) {
    const std::size_t count = std::min<std::size_t>(kOutputs, p.outputs.size() - first);
    const std::vector<ProjectedColumn> columns = columns_of(p, first, count);
    ProjectJob job{static_cast<std::int32_t>(columns.size()),
                   static_cast<std::int32_t>(count),
                   p.has_missing,
                   {}};
    std::ranges::copy(p.outputs.subspan(first, count), job.outputs);
    pass.add(job, pass.add_table(std::span<const ProjectedColumn>(columns)),
             (columns.size() + count) * sizeof(double));
  }
  pass.run(context, "project_numbers", p.rows);
}

}  // namespace ebb::preprocessing::cuda
