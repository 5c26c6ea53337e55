// Cross-entropy on the CPU: classes are lanes. Each row is read from memory once and stays in the
// first-level cache for the three passes over it (maximum; exp, its sum and the smoothed share of
// the loss; gradient), with one exp per logit. Moves 4 bytes per logit, 8 with the gradient.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cross_entropy/cross_entropy_cpu.cpp"
#include <hwy/foreach_target.h>
// Must come after foreach_target.h.
#include <hwy/highway.h>

#include "kernels/common/parallel.h"
#include "kernels/common/vector_loop.h"
#include "kernels/common/vector_math.h"
#include "kernels/cross_entropy/cross_entropy_backends.h"
#include "kernels/cross_entropy/cross_entropy_reference.h"

HWY_BEFORE_NAMESPACE();
namespace ebb::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;

/// Calls body(i, x, inside, load, store) for every vector of a row; lanes past the end hold -inf
/// and are not `inside`.
template <class Body>
HWY_INLINE void for_logits(const float* HWY_RESTRICT row, std::int64_t classes, Body&& body) {
  const D d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const V lowest = hn::Set(d, -std::numeric_limits<float>::infinity());
  for_vectors(classes, [&](std::int64_t i, auto load, auto store) HWY_ATTR {
    const auto inside = hn::FirstN(d, static_cast<std::size_t>(std::min(lanes, classes - i)));
    body(i, hn::IfThenElse(inside, load(row + i), lowest), inside, load, store);
  });
}

/// The loss of one row, not yet normalised; writes its gradient to `grad` if there is one.
/// `shares` = sum(q). `spread` is label_smoothing / classes.
float row_loss(const CrossEntropy& p, std::int64_t row, float shares, float spread, float scale,
               float* HWY_RESTRICT grad) {
  const D d;
  const std::int64_t classes = p.logits.shape[1];
  const float* x = p.logits.as<float>() + row * classes;
  const float* weights = p.class_weights.present() ? p.class_weights.as<float>() : nullptr;
  const std::int32_t target = p.targets.as<std::int32_t>()[row];
  const V one = hn::Set(d, 1.0F);
  const auto weight_at = [=](std::int64_t i, auto load)
                             HWY_ATTR { return weights == nullptr ? one : load(weights + i); };

  // A NaN may be lost here: its exp below makes the whole row NaN.
  V maxima = hn::Set(d, -std::numeric_limits<float>::infinity());
  for_logits(x, classes, [&](std::int64_t, V value, auto, auto, auto) HWY_ATTR {
    maxima = hn::Max(maxima, value);
  });
  const V largest = hn::MaxOfLanes(d, maxima);

  V sums = hn::Zero(d);
  V distances = hn::Zero(d);
  for_logits(x, classes, [&](std::int64_t i, V value, auto inside, auto load, auto store) HWY_ATTR {
    const V shifted = hn::Sub(value, largest);
    const V e = exp(d, shifted);
    sums = hn::Add(sums, e);  // e^-inf = 0 past the end
    if (grad != nullptr) store(e, grad + i);
    if (spread != 0.0F) {
      const V weight = hn::IfThenElseZero(inside, weight_at(i, load));
      const V distance = hn::Mul(weight, shifted);
      distances = hn::Sub(distances, hn::IfThenZeroElse(hn::Eq(weight, hn::Zero(d)), distance));
    }
  });
  const float sum = hn::GetLane(hn::SumOfLanes(d, sums));
  const float target_weight = weights == nullptr ? 1.0F : weights[target];
  const float target_share = target_weight * (1.0F - static_cast<float>(p.label_smoothing));

  if (grad != nullptr) {
    const V factor = hn::Set(d, shares / sum * scale);
    const V spreads = hn::Set(d, spread * scale);
    for_vectors(classes, [&](std::int64_t i, auto load, auto store) HWY_ATTR {
      const V share = hn::Mul(weight_at(i, load), spreads);
      store(hn::MulSub(load(grad + i), factor, share), grad + i);
    });
    grad[target] -= target_share * scale;
  }
  float loss = shares * std::log(sum) + spread * hn::GetLane(hn::SumOfLanes(d, distances));
  if (target_share != 0.0F) loss += target_share * (hn::GetLane(largest) - x[target]);
  return loss;
}

}  // namespace ebb::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ebb::kernels::cpu {
namespace {

HWY_EXPORT(row_loss);

// Logits whose rows form one partial sum: a constant, so that results do not depend on the number
// of threads.
constexpr std::int64_t kBlock = 4096;
// A logit costs about as much as four light elements.
constexpr std::int64_t kBlockGrain = blocks_of(kParallelGrain, 4 * kBlock);

float sum_of_weights(const CrossEntropy& p) {
  const std::int64_t classes = p.logits.shape[1];
  if (!p.class_weights.present()) return static_cast<float>(classes);
  float sum = 0.0F;
  for (std::int64_t c = 0; c < classes; ++c) sum += p.class_weights.as<float>()[c];
  return sum;
}

/// Rows [first, last): writes their gradient and returns the sum of their losses.
float rows_loss(const CrossEntropy& p, std::int64_t first, std::int64_t last, float all_weights,
                float scale) {
  const std::int64_t classes = p.logits.shape[1];
  const auto smoothing = static_cast<float>(p.label_smoothing);
  const float spread = smoothing / static_cast<float>(classes);
  float total = 0.0F;
  for (std::int64_t row = first; row < last; ++row) {
    const std::int32_t target = p.targets.as<std::int32_t>()[row];
    float* grad = p.grad_logits.present() ? p.grad_logits.as<float>() + row * classes : nullptr;
    float shares = 0.0F;
    if (target != p.ignore_index) {
      const float weight = p.class_weights.present() ? p.class_weights.as<float>()[target] : 1.0F;
      shares = weight * (1.0F - smoothing) + spread * all_weights;
    }
    if (shares != 0.0F) {
      total += HWY_DYNAMIC_DISPATCH(row_loss)(p, row, shares, spread, scale, grad);
    } else if (grad != nullptr) {
      std::fill_n(grad, classes, 0.0F);
    }
  }
  return total;
}

}  // namespace

void cross_entropy(Context& context, const CrossEntropy& p) {
  if (p.logits.dtype == DType::f64) return reference::cross_entropy<double>(p);
  const std::int64_t rows = p.logits.shape[0];
  const std::int64_t rows_per_block =
      std::max<std::int64_t>(1, kBlock / std::max<std::int64_t>(1, p.logits.shape[1]));
  const std::int64_t blocks = blocks_of(rows, rows_per_block);
  const double scale = reference::checked_inverse_normalizer<float>(p);
  const float all_weights = sum_of_weights(p);
  auto* partials = context.workspace().acquire_array<float>(static_cast<std::size_t>(blocks));
  parallel_for(context, blocks, kBlockGrain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t block = begin; block < end; ++block) {
      const std::int64_t first = block * rows_per_block;
      partials[block] = rows_loss(p, first, std::min(rows, first + rows_per_block), all_weights,
                                  static_cast<float>(scale));
    }
  });
  double total = 0.0;
  for (std::int64_t block = 0; block < blocks; ++block) total += partials[block];
  *p.loss.as<float>() = static_cast<float>(total * scale);
}

}  // namespace ebb::kernels::cpu
#endif  // HWY_ONCE
