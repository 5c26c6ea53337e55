// The one block that adds the partial sums of a loss: a warp, whose lanes each add every 32nd
// number in f64 and then each other's sums. 4 bytes for each block of the loss's kernel, so it is
// bound by the latency of count / 32 reads one after the other.
#include "kernels/common/cuda/loss_sums.cuh"

namespace ebb::cuda {
namespace {

/// The sum over one warp's threads, each of which has added every 32nd number.
__device__ double ordered_sum(const float* partials, std::int64_t count) {
  double sum = 0.0;
  for (std::int64_t i = threadIdx.x; i < count; i += kWarpSize) sum += partials[i];
#pragma unroll
  for (int distance = kWarpSize / 2; distance > 0; distance /= 2) {
    sum += __shfl_xor_sync(kAllLanes, sum, distance);
  }
  return sum;
}

__global__ void sum_partials_kernel(const float* partials, std::int64_t count, double* total) {
  const double sum = ordered_sum(partials, count);
  if (threadIdx.x == 0) *total = sum;
}

__global__ void store_loss_kernel(const float* partials, std::int64_t count,
                                  InverseNormalizer scale, float* loss) {
  const double sum = ordered_sum(partials, count);
  if (threadIdx.x == 0) *loss = static_cast<float>(sum) * scale();
}

}  // namespace

void sum_partials(const Context& context, const float* partials, std::int64_t count,
                  double* total) {
  launch(context, {"sum_partials", 1, kWarpSize}, sum_partials_kernel, partials, count, total);
}

void store_loss(const Context& context, const float* partials, std::int64_t count,
                const InverseNormalizer& scale, float* loss) {
  launch(context, {"store_loss", 1, kWarpSize}, store_loss_kernel, partials, count, scale, loss);
}

}  // namespace ebb::cuda
