// Mean squared error, with its gradient, in one pass.
//
//   loss = sum of (prediction - target)^2 / normalizer
//   grad = 2 * (prediction - target) / normalizer
//
// Elements are summed in f32 (f64 for f64 operands) over fixed blocks, which are added in order:
// the result does not depend on the number of threads. Workspace: 4 bytes per 4096 elements.
#pragma once

#include "kernels/common/context.h"
#include "kernels/common/view.h"

namespace ebb::kernels {

/// Operands: dense, of one dtype: f32 or f64, on CUDA f32, bf16 or f16 with the loss in f32.
struct MeanSquaredError {
  ConstView prediction;  // [...]
  ConstView target;      // as prediction
  /// What the sum is divided by. 0: the number of elements. Who sees one shard of a batch gives
  /// that of the whole batch.
  double normalizer = 0.0;
  View loss;             // scalar; 0 when there are no elements
  View grad_prediction;  // as prediction, optional
};

/// Empty when the device can compute this loss in `dtype`, else the reason why not.
std::string mean_squared_error_unsupported(Device device, DType dtype);

/// Throws Error on operands that do not fit, UnsupportedError where mean_squared_error_unsupported
/// says so.
void mean_squared_error(Context& context, const MeanSquaredError& parameters);

}  // namespace ebb::kernels
