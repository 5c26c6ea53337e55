// Sums and maxima over the lanes of a warp and the threads of a block, in a fixed order: the same
// bits every time.
#pragma once

#include <cstdint>

namespace ebb::cuda {

inline constexpr int kWarpSize = 32;
inline constexpr unsigned kAllLanes = 0xffffffffu;

struct Sum {
  static constexpr float kIdentity = 0.0F;
  __device__ float operator()(float a, float b) const { return a + b; }
};

/// Keeps NaN, which fmaxf drops.
struct Maximum {
  static constexpr float kIdentity = -INFINITY;
  __device__ float operator()(float a, float b) const { return a > b || a != a ? a : b; }
};

/// Over the `kLanes` neighbouring lanes that the calling lane belongs to, a power of two; every
/// lane of the warp takes part and gets its group's result.
template <class Operation, int kLanes = kWarpSize>
__device__ inline float warp_reduce(float value) {
  constexpr Operation operation;
#pragma unroll
  for (int distance = kLanes / 2; distance > 0; distance /= 2) {
    value = operation(value, __shfl_xor_sync(kAllLanes, value, distance));
  }
  return value;
}

/// Over all threads of a one-dimensional block of whole warps; every thread takes part and gets the
/// result. `scratch`: shared memory of at least one float per warp, free again on return.
template <class Operation>
__device__ inline float block_reduce(float value, float* scratch) {
  const int lane = static_cast<int>(threadIdx.x) % kWarpSize;
  const int warp = static_cast<int>(threadIdx.x) / kWarpSize;
  const int warps = static_cast<int>(blockDim.x) / kWarpSize;
  value = warp_reduce<Operation>(value);
  if (lane == 0) scratch[warp] = value;
  __syncthreads();
  value = warp_reduce<Operation>(lane < warps ? scratch[lane] : Operation::kIdentity);
  __syncthreads();
  return value;
}

}  // namespace ebb::cuda
