// How losses are summed on CUDA: every block leaves one partial sum in the workspace, and one more
// block adds them in order, in f64. Blocks depend on the shape alone.
#pragma once

#include <cstdint>

#include "kernels/common/cuda/collectives.cuh"
#include "kernels/common/cuda/launch.h"

namespace ebb::cuda {

inline constexpr int kLossThreads = 256;
inline constexpr std::int64_t kLossBlock = 4096;  // elements of a block of elementwise losses

/// What a sum over rows is multiplied by: 1 / normalizer, or 0 where that is 0. The normalizer is
/// known to the host, or lies on the device because it depends on weights.
struct InverseNormalizer {
  double value = 0.0;
  const double* on_device = nullptr;

  __device__ float operator()() const {
    const double normalizer = on_device == nullptr ? value : *on_device;
    return normalizer == 0.0 ? 0.0F : static_cast<float>(1.0 / normalizer);
  }
};

/// Writes the sum of the block's values; all threads of the block take part.
__device__ inline void store_block_sum(float value, float* partials) {
  __shared__ float scratch[kLossThreads / kWarpSize];
  const float sum = block_reduce<Sum>(value, scratch);
  if (threadIdx.x == 0) partials[blockIdx.x] = sum;
}

/// Starts the one block that writes the sum of partials[0, count) to `total`.
void sum_partials(const Context& context, const float* partials, std::int64_t count, double* total);

/// The same, times the inverse normalizer, to the f32 scalar `loss`.
void store_loss(const Context& context, const float* partials, std::int64_t count,
                const InverseNormalizer& scale, float* loss);

}  // namespace ebb::cuda
