#include "preprocessing/statistics/column_moments.h"

#include <algorithm>
#include <cmath>

#include "kernels/common/blocks.h"
#include "kernels/common/check.h"
#include "preprocessing/statistics/column_moments_backends.h"
#include "preprocessing/statistics/moment_parts.h"

namespace ebb::preprocessing {
namespace {

/// The sums of each column, merged.
std::vector<BlockMoments> sums_on_cuda(Context& context,
                                       std::span<const cuda::MomentColumn> columns,
                                       std::int64_t rows) {
  const std::vector<BlockMoments> blocks = cuda::block_moments(context, columns, rows);
  const std::size_t of_column = blocks.size() / columns.size();
  std::vector<BlockMoments> sums;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    sums.push_back(merge_blocks(std::span(blocks).subspan(i * of_column, of_column)));
  }
  return sums;
}

std::vector<Moments> moments_on_cuda(Context& context, std::span<const Tensor> columns) {
  const std::int64_t rows = columns.front().extent(0);
  std::vector<cuda::MomentColumn> inputs;
  for (const Tensor& column : columns) {
    inputs.push_back({.values = column.view().as<const double>()});
  }
  const std::vector<double> first = cuda::first_values(context, inputs, rows);
  for (std::size_t i = 0; i < inputs.size(); ++i) inputs[i].origin = first[i];
  std::vector<BlockMoments> sums = sums_on_cuda(context, inputs, rows);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (!is_out_of_range(sums[i])) continue;
    const BlockMoments& found = sums[i];
    const double largest = std::max({0.0, std::abs(found.minimum), std::abs(found.maximum)});
    inputs[i].scale = unit_scale(largest);
    inputs[i].origin = first[i] * inputs[i].scale;
    sums[i] = sums_on_cuda(context, std::span(inputs).subspan(i, 1), rows).front();
  }
  std::vector<Moments> moments;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    moments.push_back(
        moments_from(sums[i], static_cast<std::size_t>(rows), first[i], inputs[i].scale));
  }
  return moments;
}

}  // namespace

std::vector<Moments> moments_of(Context& context, std::span<const Tensor> columns) {
  const kernels::OperandCheck check("moments_of");
  for (const Tensor& column : columns) {
    check.dense("column", column.view(), DType::f64, {columns.front().extent(0)}, "[rows]");
  }
  std::vector<Moments> moments;
  if constexpr (kBuiltWithCuda) {
    if (context.device().is_cuda() && !columns.empty() && columns.front().extent(0) > 0) {
      return moments_on_cuda(context, columns);
    }
  }
  for (const Tensor& column : columns) {
    if (column.elements() == 0) {
      moments.emplace_back();
    } else {
      moments.push_back(moments_of(column.values<double>()));
    }
  }
  return moments;
}

}  // namespace ebb::preprocessing
