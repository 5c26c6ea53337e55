// A column of numbers in order, in the memory of a device: exact medians and quantiles.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "engine/tensor/tensor.h"
#include "kernels/common/context.h"

namespace ebb::preprocessing {

/// The values of a column by rank, those that are missing last.
struct SortedColumn {
  Tensor keys;            ///< i64 [rows]: the bits of ordered_key() (ranks.h), ascending
  std::size_t count = 0;  ///< values that are not missing
};

/// Sorts `column`, f64 [rows] on the context's device, NaN where missing: on CUDA by CUB's radix
/// sort, in 8 passes over the keys, with about 16 bytes of workspace a row. Waits for the device.
/// Throws Error on another dtype.
SortedColumn sort_column(Context& context, const Tensor& column);

/// The values of the given ranks, from 0, each below column.count; -0 counts as 0. Throws Error on
/// another rank.
std::vector<double> values_at(Context& context, const SortedColumn& column,
                              std::span<const std::size_t> ranks);

/// All values in order, on the host; 0 for -0.
std::vector<double> to_host(Context& context, const SortedColumn& column);

/// The values of the given rows of `column`, as of sort_column(): f64 [rows.size()]. Throws Error
/// on a row that is not there.
Tensor gather_rows(Context& context, const Tensor& column, std::span<const std::size_t> rows);

/// The quantiles at `shares` in [0, 1] as quantile() (quantiles.h) computes them. Throws Error on a
/// column without values.
std::vector<double> quantiles_of(Context& context, const SortedColumn& column,
                                 std::span<const double> shares);

/// mode_of() (quantiles.h), to the same bits. Throws Error on a column without values, and on one
/// of 2^32 values or more.
double mode_of(Context& context, const SortedColumn& column);

/// median_of() (order_statistics.h), to the same bits.
double median_of(Context& context, const SortedColumn& column);

}  // namespace ebb::preprocessing
