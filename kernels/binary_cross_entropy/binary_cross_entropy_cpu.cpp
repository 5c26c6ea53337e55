// Binary cross-entropy on the CPU: rows are lanes. Moves 8 bytes per row, 12 with the gradient; one
// exp, one log1p and two divisions per vector of rows, two exps more for the focal loss.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/binary_cross_entropy/binary_cross_entropy_cpu.cpp"
#include <hwy/foreach_target.h>
// Must come after foreach_target.h.
#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>

#include "kernels/binary_cross_entropy/binary_cross_entropy_backends.h"
#include "kernels/binary_cross_entropy/binary_cross_entropy_reference.h"
#include "kernels/common/parallel.h"
#include "kernels/common/vector_loop.h"
#include "kernels/common/vector_math.h"

HWY_BEFORE_NAMESPACE();
namespace ebb::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// Of vectors of logits x and -x.
template <class V>
struct LogisticPair {
  V softplus;
  V softplus_negative;
  V sigmoid;
  V sigmoid_negative;
};

template <class D, class V = hn::Vec<D>>
LogisticPair<V> logistic_pair(D d, V x) {
  const V one = hn::Set(d, 1.0F);
  const V e = exp(d, hn::Neg(hn::Abs(x)));
  const V tail = hn::Log1p(d, e);
  const V larger = hn::Div(one, hn::Add(one, e));
  const V smaller = hn::Mul(e, larger);
  const auto below = hn::Lt(x, hn::Zero(d));
  return {.softplus = hn::Add(maximum(x, hn::Zero(d)), tail),
          .softplus_negative = hn::Add(maximum(hn::Neg(x), hn::Zero(d)), tail),
          .sigmoid = hn::IfThenElse(below, smaller, larger),
          .sigmoid_negative = hn::IfThenElse(below, larger, smaller)};
}

/// The pair as the focal loss has it: softplus(x) becomes sigmoid(x)^focusing * softplus(x), and
/// sigmoid(x) the derivative of that.
template <class D, class V>
LogisticPair<V> focused(D d, const LogisticPair<V>& p, float focusing) {
  const V gamma = hn::Set(d, focusing);
  const V power = exp(d, hn::Neg(hn::Mul(gamma, p.softplus_negative)));
  const V power_negative = exp(d, hn::Neg(hn::Mul(gamma, p.softplus)));
  // A factor of 0 leaves out what may be infinite.
  const auto rest = [&](V sigmoid, V softplus) {
    return hn::IfThenZeroElse(hn::Eq(sigmoid, hn::Zero(d)), hn::Mul(sigmoid, softplus));
  };
  const V slope = hn::MulAdd(gamma, rest(p.sigmoid_negative, p.softplus), p.sigmoid);
  const V slope_negative =
      hn::MulAdd(gamma, rest(p.sigmoid, p.softplus_negative), p.sigmoid_negative);
  return {.softplus = hn::Mul(power, p.softplus),
          .softplus_negative = hn::Mul(power_negative, p.softplus_negative),
          .sigmoid = hn::Mul(power, slope),
          .sigmoid_negative = hn::Mul(power_negative, slope_negative)};
}

/// Rows [first, first + count): writes their gradient and returns their share of the weighted sum.
/// `weights` are those of the rows, 0 where a row does not count.
float weighted_rows(const BinaryCrossEntropy& p, std::int64_t first, std::int64_t count,
                    const float* HWY_RESTRICT weights, float scale) {
  const hn::ScalableTag<float> d;
  using V = hn::Vec<decltype(d)>;
  const float* logits = p.logits.as<float>() + first;
  const float* targets = p.targets.as<float>() + first;
  float* grad = p.grad_logits.present() ? p.grad_logits.as<float>() + first : nullptr;
  const V zero = hn::Zero(d);
  const V one = hn::Set(d, 1.0F);
  const V kept = hn::Set(d, 1.0F - static_cast<float>(p.label_smoothing));
  const V smoothed = hn::Set(d, static_cast<float>(p.label_smoothing) / 2.0F);
  const V positive_weight = hn::Set(d, static_cast<float>(p.positive_weight));
  const auto focusing = static_cast<float>(p.focusing);
  V total = zero;
  for_vectors(count, [&](std::int64_t i, auto load, auto store) HWY_ATTR {
    const V x = load(logits + i);
    const V weight = load(weights + i);
    const V target = hn::MulAdd(load(targets + i), kept, smoothed);
    const V positive = hn::Mul(positive_weight, target);
    const V negative = hn::Sub(one, target);
    LogisticPair<V> logistic = logistic_pair(d, x);
    if (focusing != 0.0F) logistic = focused(d, logistic, focusing);
    const V loss_positive = hn::Mul(positive, logistic.softplus_negative);
    const V loss_negative = hn::Mul(negative, logistic.softplus);
    const V loss = hn::Add(hn::IfThenZeroElse(hn::Eq(positive, zero), loss_positive),
                           hn::IfThenZeroElse(hn::Eq(negative, zero), loss_negative));
    // Lanes past the end have weight 0.
    const auto skipped = hn::Eq(weight, zero);
    total = hn::Add(total, hn::IfThenZeroElse(skipped, hn::Mul(weight, loss)));
    if (grad != nullptr) {
      const V slope =
          hn::MulSub(negative, logistic.sigmoid, hn::Mul(positive, logistic.sigmoid_negative));
      const V gradient = hn::Mul(hn::Mul(weight, hn::Set(d, scale)), slope);
      store(hn::IfThenZeroElse(skipped, gradient), grad + i);
    }
  });
  return hn::GetLane(hn::SumOfLanes(d, total));
}

}  // namespace ebb::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ebb::kernels::cpu {
namespace {

HWY_EXPORT(weighted_rows);

// Rows whose losses form one partial sum: a constant, so that results do not depend on the number
// of threads.
constexpr std::int64_t kRowBlock = 256;
// A row costs about as much as eight light elements.
constexpr std::int64_t kBlockGrain = blocks_of(kParallelGrain, 8 * kRowBlock);

}  // namespace

void binary_cross_entropy(Context& context, const BinaryCrossEntropy& p) {
  if (p.logits.dtype == DType::f64) return reference::binary_cross_entropy<double>(p);
  const std::int64_t rows = p.logits.elements();
  const std::int64_t blocks = blocks_of(rows, kRowBlock);
  const double scale = reference::inverse_normalizer<float>(p);
  auto* partials = context.workspace().acquire_array<float>(static_cast<std::size_t>(blocks));
  parallel_for(context, blocks, kBlockGrain, [&](std::int64_t begin, std::int64_t end) {
    float weights[kRowBlock];
    for (std::int64_t block = begin; block < end; ++block) {
      const std::int64_t first = block * kRowBlock;
      const std::int64_t count = std::min(kRowBlock, rows - first);
      for (std::int64_t i = 0; i < count; ++i) {
        weights[i] = reference::row_weight<float>(p, first + i);
      }
      partials[block] =
          HWY_DYNAMIC_DISPATCH(weighted_rows)(p, first, count, weights, static_cast<float>(scale));
    }
  });
  double total = 0.0;
  for (std::int64_t block = 0; block < blocks; ++block) total += partials[block];
  *p.loss.as<float>() = static_cast<float>(total * scale);
}

}  // namespace ebb::kernels::cpu
#endif  // HWY_ONCE
