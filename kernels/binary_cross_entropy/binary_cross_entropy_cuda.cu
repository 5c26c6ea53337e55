// Binary cross-entropy on CUDA: loss and gradient in one pass over the logits. A block takes 4096
// rows, neighbouring threads neighbouring rows, and leaves a partial sum
// (kernels/common/cuda/loss_sums.cuh). Where weights or ignored rows decide the normalizer, a pass
// over these alone goes before.
//
// Per row: 3 * sizeof(T) bytes, with weights or ignored rows as much again of them; an exponential,
// a logarithm and some 20 operations.
#include "kernels/binary_cross_entropy/binary_cross_entropy_backends.h"
#include "kernels/common/blocks.h"
#include "kernels/common/cuda/loss_sums.cuh"
#include "kernels/common/cuda/storage.cuh"

namespace ebb::kernels::cuda {
namespace {

using namespace ebb::cuda;

template <class T>
struct Rows {
  const T* logits;
  const T* targets;
  const T* weights;             // null: ones
  const std::uint8_t* ignored;  // null: none
  T* gradient;                  // null: not wanted
  std::int64_t count;
  float positive_weight;
  float smoothing;

  /// 0 where a row does not count.
  __device__ float weight(std::int64_t row) const {
    if (ignored != nullptr && ignored[row] != 0) return 0.0F;
    return weights != nullptr ? to_f32(weights[row]) : 1.0F;
  }
};

/// log(1 + e^x) and 1 / (1 + e^-x) of x and of -x, from one exponential.
struct Logistic {
  float softplus;
  float softplus_negative;
  float sigmoid;
  float sigmoid_negative;

  __device__ explicit Logistic(float x) {
    const float e = expf(-fabsf(x));
    const float tail = log1pf(e);
    const float larger = 1.0F / (1.0F + e);
    const float smaller = e / (1.0F + e);
    softplus = (x > 0.0F ? x : 0.0F) + tail;
    softplus_negative = (x < 0.0F ? -x : 0.0F) + tail;
    sigmoid = x < 0.0F ? smaller : larger;
    sigmoid_negative = x < 0.0F ? larger : smaller;
  }
};

template <class T>
__global__ void __launch_bounds__(kLossThreads) weights_kernel(Rows<T> rows, float* partials) {
  const std::int64_t begin = blockIdx.x * kLossBlock;
  const std::int64_t end = min(begin + kLossBlock, rows.count);
  float total = 0.0F;
  for (std::int64_t row = begin + threadIdx.x; row < end; row += kLossThreads) {
    total += rows.weight(row);
  }
  store_block_sum(total, partials);
}

template <class T>
__global__ void __launch_bounds__(kLossThreads)
    binary_cross_entropy_kernel(Rows<T> rows, InverseNormalizer normalizer, float* partials) {
  const float scale = normalizer();
  const std::int64_t begin = blockIdx.x * kLossBlock;
  const std::int64_t end = min(begin + kLossBlock, rows.count);
  float total = 0.0F;
  for (std::int64_t row = begin + threadIdx.x; row < end; row += kLossThreads) {
    const float weight = rows.weight(row);
    float gradient = 0.0F;
    if (weight != 0.0F) {
      const Logistic logistic(to_f32(rows.logits[row]));
      const float target = to_f32(rows.targets[row]) * (1.0F - rows.smoothing) + rows.smoothing / 2;
      const float positive = rows.positive_weight * target;
      const float negative = 1.0F - target;
      // A factor of 0 leaves its term out, which may be infinite.
      const float loss = (positive == 0.0F ? 0.0F : positive * logistic.softplus_negative) +
                         (negative == 0.0F ? 0.0F : negative * logistic.softplus);
      total += weight * loss;
      gradient =
          weight * scale * (negative * logistic.sigmoid - positive * logistic.sigmoid_negative);
    }
    if (rows.gradient != nullptr) rows.gradient[row] = from_f32<T>(gradient);
  }
  store_block_sum(total, partials);
}

}  // namespace

void binary_cross_entropy(Context& context, const BinaryCrossEntropy& p) {
  const std::int64_t count = p.logits.elements();
  const std::int64_t blocks = blocks_of(count, kLossBlock);
  // The normalizer, then a partial sum per block.
  auto* const workspace = static_cast<double*>(context.workspace().acquire(
      sizeof(double) + static_cast<std::size_t>(blocks) * sizeof(float)));
  auto* const partials = reinterpret_cast<float*>(workspace + 1);
  InverseNormalizer scale{p.normalizer == 0.0 ? static_cast<double>(count) : p.normalizer};
  for_storage(p.logits.dtype, [&]<class T>(std::type_identity<T>) {
    const Rows<T> rows{.logits = p.logits.as<T>(),
                       .targets = p.targets.as<T>(),
                       .weights = p.sample_weights.as<T>(),
                       .ignored = p.ignored.as<std::uint8_t>(),
                       .gradient = p.grad_logits.as<T>(),
                       .count = count,
                       .positive_weight = static_cast<float>(p.positive_weight),
                       .smoothing = static_cast<float>(p.label_smoothing)};
    const LaunchShape shape{"binary_cross_entropy", static_cast<unsigned>(blocks), kLossThreads};
    if (p.normalizer == 0.0 && (rows.weights != nullptr || rows.ignored != nullptr)) {
      launch(context, shape, weights_kernel<T>, rows, partials);
      sum_partials(context, partials, blocks, workspace);
      scale.on_device = workspace;
    }
    launch(context, shape, binary_cross_entropy_kernel<T>, rows, scale, partials);
  });
  store_loss(context, partials, blocks, scale, p.loss.as<float>());
}

}  // namespace ebb::kernels::cuda
