// kernels/common/clipping.h on the device, and the f64 sums that it needs.
#pragma once

#include "kernels/common/clipping.h"
#include "kernels/common/cuda/collectives.cuh"

namespace ebb::cuda {

/// Sums `value` over a block of `kThreads` threads in a fixed order; thread 0 gets the result.
/// `scratch`: shared memory of a double per warp.
template <int kThreads>
__device__ inline double sum_over_block(double value, double* scratch) {
  static_assert(kThreads % kWarpSize == 0);
#pragma unroll
  for (int distance = kWarpSize / 2; distance > 0; distance /= 2) {
    value += __shfl_xor_sync(kAllLanes, value, distance);
  }
  if (threadIdx.x % kWarpSize == 0) scratch[threadIdx.x / kWarpSize] = value;
  __syncthreads();
  if (threadIdx.x != 0) return 0.0;
  for (int warp = 1; warp < kThreads / kWarpSize; ++warp) value += scratch[warp];
  return value;
}

/// A Clipping as kernels take it.
struct DeviceClipping {
  explicit DeviceClipping(const kernels::Clipping& clipping)
      : squares(clipping.squares.as<double>()),
        count(clipping.squares.elements()),
        limit(clipping.limit),
        norm(clipping.norm.as<double>()) {}

  const double* squares;
  std::int64_t count;
  double limit;
  double* norm;
};

/// What gradients are multiplied by, in thread 0 of every block; every thread takes part. Block 0
/// writes the norm. `scratch` as of sum_over_block.
template <int kThreads>
__device__ inline double clipped_scale(const DeviceClipping& clipping, double gradient_scale,
                                       double* scratch) {
  if (clipping.squares == nullptr) return gradient_scale;
  double sum = 0.0;
  for (std::int64_t i = threadIdx.x; i < clipping.count; i += kThreads) sum += clipping.squares[i];
  sum = sum_over_block<kThreads>(sum, scratch);
  if (threadIdx.x != 0) return gradient_scale;
  const double norm = gradient_scale * sqrt(sum);
  if (blockIdx.x == 0 && clipping.norm != nullptr) *clipping.norm = norm;
  return gradient_scale * clipping_scale(norm, clipping.limit);
}

}  // namespace ebb::cuda
