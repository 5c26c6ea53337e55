// Attention on CUDA: from the contract to the kernels of a dtype, and the last step of grad_bias.
#include <limits>

#include "kernels/attention/attention_backends.h"
#include "kernels/attention/attention_cuda.h"
#include "kernels/attention/attention_operands.cuh"
#include "kernels/common/cuda/launch.h"
#include "kernels/common/error.h"

namespace ebb::kernels::cuda {
namespace {

constexpr int kSumThreads = 256;

/// Kernels number queries and keys in 32 bits, and add the two.
void check_extents(std::string_view operation, const AttentionInputs& p) {
  constexpr std::int64_t kMost = std::int64_t{1} << 29;
  const std::int64_t queries = p.query.shape[2];
  const std::int64_t keys = p.key.shape[2];
  if (queries <= kMost && keys <= kMost) return;
  fail("{}: {} queries see {} keys, a GPU takes at most {} of each", operation, queries, keys,
       kMost);
}

/// grad_bias = the sum of its slices, in order. 4 bytes read for each element of each slice.
template <class T>
__global__ void __launch_bounds__(kSumThreads)
    sum_slices_kernel(const float* slices, std::int64_t count, std::int64_t elements,
                      const HeadsOf<T> to, std::int64_t heads, std::int64_t queries,
                      std::int64_t keys) {
  const std::int64_t stride = std::int64_t{gridDim.x} * kSumThreads;
  for (std::int64_t i = std::int64_t{blockIdx.x} * kSumThreads + threadIdx.x; i < elements;
       i += stride) {
    float sum = slices[i];
    for (std::int64_t s = 1; s < count; ++s) sum += slices[s * elements + i];
    const std::int64_t matrix = i / (queries * keys);
    const auto q = static_cast<int>(i / keys % queries);
    to.head(matrix / heads, matrix % heads).row(q)[i % keys] = from_f32<T>(sum);
  }
}

void bias_gradient(const Context& context, const AttentionBackward& p, const BiasGradientPlan& plan,
                   float* partial_sums) {
  if (plan.elements == 0) return;
  const Shape& shape = p.grad_bias.shape;
  const View sums = plan.direct ? p.grad_bias : View{partial_sums, DType::f32, shape};
  if (takes_fma(p)) {
    attention_bias_gradient_fma(context, p, plan, sums);
  } else {
    attention_bias_gradient_mma(context, p, plan, sums);
  }
  if (plan.direct) return;
  for_storage(p.query.dtype, [&]<class T>(std::type_identity<T>) {
    launch(context,
           {"attention_backward", grid_for(context, plan.elements, kSumThreads), kSumThreads},
           sum_slices_kernel<T>, partial_sums, plan.slices, plan.elements, HeadsOf<T>(p.grad_bias),
           shape[1], shape[2], shape[3]);
  });
}

}  // namespace

bool takes_fma(const AttentionInputs& p) {
  return p.query.dtype == DType::f32 &&
         (p.precision == Precision::f32 || p.query.shape[3] > kMaxTf32HeadDim);
}

BiasGradientPlan::BiasGradientPlan(const AttentionBackward& p) {
  if (!p.grad_bias.present()) return;
  // With tiles of about 64 x 32, enough blocks to fill a large device a few times.
  constexpr std::int64_t kBlocks = 1024;
  const Shape& shape = p.grad_bias.shape;
  elements = shape.elements();
  if (elements == 0) return;
  matrices = shape[0] * shape[1];
  members = p.query.shape[0] * p.query.shape[1] / matrices;
  constexpr std::int64_t kMostMembers = std::numeric_limits<int>::max();
  if (members > kMostMembers) {
    fail("attention_backward: {} heads share one bias, at most {} can on a GPU", members,
         kMostMembers);
  }
  const std::int64_t tiles = matrices * blocks_of(shape[2], 64) * blocks_of(shape[3], 32);
  slices = std::clamp<std::int64_t>(kBlocks / tiles, 1, std::max<std::int64_t>(members, 1));
  direct = slices == 1 && p.query.dtype == DType::f32;
}

void attention(Context& context, const AttentionForward& p) {
  check_extents("attention", p);
  if (takes_fma(p)) return attention_fma(context, p);
  attention_mma(context, p);
}

void attention_backward(Context& context, const AttentionBackward& p) {
  check_extents("attention_backward", p);
  const auto rows = static_cast<std::size_t>(p.log_sum_exp.elements());
  const BiasGradientPlan plan(p);
  float* workspace = context.workspace().acquire_array<float>(rows + plan.partial_sums());
  if (takes_fma(p)) {
    attention_backward_fma(context, p, workspace);
  } else {
    attention_backward_mma(context, p, workspace);
  }
  bias_gradient(context, p, plan, workspace + rows);
}

}  // namespace ebb::kernels::cuda
