// Columns of numbers as sums of products of other columns: principal components.
//
//   output_c[r] = ((0 + w_c,0 x_0[r]) + w_c,1 x_1[r]) + ...,   x_j = (of_j - mean_j) / scale_j
//
// missing where that is not finite.
//
// Rows are independent; the CPU and CUDA have the same bits: one order, and nothing is fused.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "kernels/common/context.h"

namespace ebb::preprocessing {

/// Spans are in host memory, the arrays of columns in that of the context's device.
struct ProjectNumbers {
  std::int64_t rows = 0;
  std::span<const double* const> of;  ///< each [rows]
  std::span<const double> means;      ///< of each of them
  std::span<const double> scales;
  std::span<const double> weights;   ///< [outputs, of]
  std::span<double* const> outputs;  ///< each [rows], none of `of`
  /// One number in the memory of the device: becomes 1 where a value is NaN.
  std::int32_t* has_missing = nullptr;
};

/// Empty where the device can project, else the reason why not.
std::string project_numbers_unsupported(Device device);

/// Throws Error on means, scales or weights of another number of columns, UnsupportedError where
/// project_numbers_unsupported says so. On CUDA it needs, for every 16 outputs, 192 bytes of
/// workspace and 152 for each column, and may return before the device is done.
void project_numbers(Context& context, const ProjectNumbers& parameters);

}  // namespace ebb::preprocessing
