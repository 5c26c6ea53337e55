// Mean squared error on CUDA: loss and gradient in one pass over memory, 3 * sizeof(T) bytes and
// some 4 operations per element. A block takes 4096 elements, in packs of 16 bytes where operands
// are aligned so, and leaves a partial sum (kernels/common/cuda/loss_sums.cuh).
#include "kernels/common/blocks.h"
#include "kernels/common/cuda/loss_sums.cuh"
#include "kernels/common/cuda/storage.cuh"
#include "kernels/mean_squared_error/mean_squared_error_backends.h"

namespace ebb::kernels::cuda {
namespace {

using namespace ebb::cuda;

template <int kPack, class T>
__global__ void __launch_bounds__(kLossThreads)
    mean_squared_error_kernel(const T* prediction, const T* target, T* gradient, std::int64_t count,
                              InverseNormalizer normalizer, float* partials) {
  const float scale = 2.0F * normalizer();
  const std::int64_t begin = blockIdx.x * kLossBlock;
  const std::int64_t end = min(begin + kLossBlock, count);
  float total = 0.0F;
  for (std::int64_t i = begin + threadIdx.x * kPack; i < end; i += kLossThreads * kPack) {
    float difference[kPack];
    float expected[kPack];
    load_pack(prediction + i, difference);
    load_pack(target + i, expected);
#pragma unroll
    for (int j = 0; j < kPack; ++j) {
      difference[j] -= expected[j];
      total += difference[j] * difference[j];
      difference[j] *= scale;
    }
    if (gradient != nullptr) store_pack(gradient + i, difference);
  }
  store_block_sum(total, partials);
}

}  // namespace

void mean_squared_error(Context& context, const MeanSquaredError& p) {
  const std::int64_t count = p.prediction.elements();
  const std::int64_t blocks = blocks_of(count, kLossBlock);
  auto* const partials = context.workspace().acquire_array<float>(static_cast<std::size_t>(blocks));
  const InverseNormalizer scale{p.normalizer == 0.0 ? static_cast<double>(count) : p.normalizer};
  for_storage(p.prediction.dtype, [&]<class T>(std::type_identity<T>) {
    const bool in_packs = count % kPackOf<T> == 0 &&
                          aligned_to(16, p.prediction.data, p.target.data, p.grad_prediction.data);
    launch(context, {"mean_squared_error", blocks, kLossThreads},
           in_packs ? mean_squared_error_kernel<kPackOf<T>, T> : mean_squared_error_kernel<1, T>,
           p.prediction.as<T>(), p.target.as<T>(), p.grad_prediction.as<T>(), count, scale,
           partials);
  });
  store_loss(context, partials, blocks, scale, p.loss.as<float>());
}

}  // namespace ebb::kernels::cuda
