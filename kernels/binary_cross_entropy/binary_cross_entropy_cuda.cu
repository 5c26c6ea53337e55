// Binary cross-entropy on CUDA: loss and gradient in one pass over the logits. A block takes 4096
// rows, in packs of 16 bytes where operands are aligned so, and leaves a partial sum
// (kernels/common/cuda/loss_sums.cuh). Where weights or ignored rows decide the normalizer, a pass
// over these alone goes before.
//
// Per row: 3 * sizeof(T) bytes, with weights or ignored rows as much again of them; an exponential,
// a logarithm, a reciprocal and some 30 operations. Counted: 96 PTX instructions in f32, 102 in
// bf16, of which the exponential and the logarithm are half, so that bf16 is bound by arithmetic,
// not by memory. The focal loss takes two exponentials more.
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
  float focusing;

  /// Those of kCount rows from `row` on: 0 where a row does not count.
  template <int kCount>
  __device__ void load_weights(std::int64_t row, float (&values)[kCount]) const {
#pragma unroll
    for (int i = 0; i < kCount; ++i) values[i] = 1.0F;
    if (weights != nullptr) load_pack(weights + row, values);
    if (ignored == nullptr) return;
    const auto flags = *reinterpret_cast<const Pack<std::uint8_t, kCount>*>(ignored + row);
#pragma unroll
    for (int i = 0; i < kCount; ++i) values[i] = flags.values[i] != 0 ? 0.0F : values[i];
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
    const float smaller = e * larger;
    softplus = (x > 0.0F ? x : 0.0F) + tail;
    softplus_negative = (x < 0.0F ? -x : 0.0F) + tail;
    sigmoid = x < 0.0F ? smaller : larger;
    sigmoid_negative = x < 0.0F ? larger : smaller;
  }

  /// As the focal loss has it: softplus(x) becomes sigmoid(x)^focusing * softplus(x), and
  /// sigmoid(x) the derivative of that.
  __device__ void focus(float focusing) {
    const float power = expf(-focusing * softplus_negative);
    const float power_negative = expf(-focusing * softplus);
    // A factor of 0 leaves out what may be infinite.
    const float rest = sigmoid_negative == 0.0F ? 0.0F : sigmoid_negative * softplus;
    const float rest_negative = sigmoid == 0.0F ? 0.0F : sigmoid * softplus_negative;
    sigmoid = power * (sigmoid + focusing * rest);
    sigmoid_negative = power_negative * (sigmoid_negative + focusing * rest_negative);
    softplus *= power;
    softplus_negative *= power_negative;
  }
};

/// The sum of body.operator()<kCount>(row) over the block's rows, in packs of kPack and, what is
/// left of them at the end, single rows; it goes to `partials`.
template <int kPack, class Body>
__device__ void sum_over_rows(std::int64_t count, float* partials, Body&& body) {
  const std::int64_t begin = blockIdx.x * kLossBlock;
  const std::int64_t end = min(begin + kLossBlock, count);
  const std::int64_t packed = end - end % kPack;
  float total = 0.0F;
  for (std::int64_t row = begin + threadIdx.x * kPack; row < packed; row += kLossThreads * kPack) {
    total += body.template operator()<kPack>(row);
  }
  if constexpr (kPack > 1) {
    const std::int64_t row = packed + threadIdx.x;
    if (row < end) total += body.template operator()<1>(row);
  }
  store_block_sum(total, partials);
}

template <int kPack, class T>
__global__ void __launch_bounds__(kLossThreads) weights_kernel(Rows<T> rows, float* partials) {
  sum_over_rows<kPack>(rows.count, partials, [&]<int kCount>(std::int64_t row) {
    float weights[kCount];
    rows.load_weights(row, weights);
    float total = 0.0F;
#pragma unroll
    for (int i = 0; i < kCount; ++i) total += weights[i];
    return total;
  });
}

template <int kPack, class T>
__global__ void __launch_bounds__(kLossThreads)
    binary_cross_entropy_kernel(Rows<T> rows, InverseNormalizer normalizer, float* partials) {
  const float scale = normalizer();
  sum_over_rows<kPack>(rows.count, partials, [&]<int kCount>(std::int64_t row) {
    float weights[kCount];
    float logits[kCount];
    float targets[kCount];
    rows.load_weights(row, weights);
    load_pack(rows.logits + row, logits);
    load_pack(rows.targets + row, targets);
    float total = 0.0F;
#pragma unroll
    for (int i = 0; i < kCount; ++i) {
      Logistic logistic(logits[i]);
      if (rows.focusing != 0.0F) logistic.focus(rows.focusing);
      const float target = targets[i] * (1.0F - rows.smoothing) + rows.smoothing / 2;
      const float positive = rows.positive_weight * target;
      const float negative = 1.0F - target;
      // A factor of 0 leaves its term out, which may be infinite.
      const float loss = (positive == 0.0F ? 0.0F : positive * logistic.softplus_negative) +
                         (negative == 0.0F ? 0.0F : negative * logistic.softplus);
      const float gradient =
          weights[i] * scale * (negative * logistic.sigmoid - positive * logistic.sigmoid_negative);
      // Selected: rows that do not count may hold NaN.
      total += weights[i] == 0.0F ? 0.0F : weights[i] * loss;
      logits[i] = weights[i] == 0.0F ? 0.0F : gradient;
    }
    if (rows.gradient != nullptr) store_pack(rows.gradient + row, logits);
    return total;
  });
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
                       .smoothing = static_cast<float>(p.label_smoothing),
                       .focusing = static_cast<float>(p.focusing)};
    const LaunchShape shape{"binary_cross_entropy", blocks, kLossThreads};
    const bool finds_normalizer =
        p.normalizer == 0.0 && (rows.weights != nullptr || rows.ignored != nullptr);
    const auto run = [&]<int kPack>() {
      if (finds_normalizer) {
        launch(context, shape, weights_kernel<kPack, T>, rows, partials);
        sum_partials(context, partials, blocks, workspace);
        scale.on_device = workspace;
      }
      launch(context, shape, binary_cross_entropy_kernel<kPack, T>, rows, scale, partials);
    };
    constexpr int kPack = kPackOf<T>;
    if (aligned_to(16, rows.logits, rows.targets, rows.weights, rows.gradient) &&
        aligned_to(kPack, rows.ignored)) {
      return run.template operator()<kPack>();
    }
    run.template operator()<1>();
  });
  store_loss(context, partials, blocks, scale, p.loss.as<float>());
}

}  // namespace ebb::kernels::cuda
