// Mean squared error on the CPU: moves 8 bytes per element, 12 with the gradient.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/mean_squared_error/mean_squared_error_cpu.cpp"
#include <hwy/foreach_target.h>
// Must come after foreach_target.h.
#include <hwy/highway.h>

#include "kernels/common/parallel.h"
#include "kernels/common/vector_loop.h"
#include "kernels/mean_squared_error/mean_squared_error_backends.h"
#include "kernels/mean_squared_error/mean_squared_error_reference.h"

HWY_BEFORE_NAMESPACE();
namespace ebb::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// Elements [first, first + count): writes their gradient and returns their sum of squares.
float sum_of_squares(const MeanSquaredError& p, std::int64_t first, std::int64_t count,
                     float twice_scale) {
  const hn::ScalableTag<float> d;
  using V = hn::Vec<decltype(d)>;
  const float* prediction = p.prediction.as<float>() + first;
  const float* target = p.target.as<float>() + first;
  float* grad = p.grad_prediction.present() ? p.grad_prediction.as<float>() + first : nullptr;
  const V slope = hn::Set(d, twice_scale);
  V total = hn::Zero(d);
  for_vectors(count, [&](std::int64_t i, auto load, auto store) HWY_ATTR {
    const V difference = hn::Sub(load(prediction + i), load(target + i));
    total = hn::MulAdd(difference, difference, total);
    if (grad != nullptr) store(hn::Mul(difference, slope), grad + i);
  });
  return hn::GetLane(hn::SumOfLanes(d, total));
}

}  // namespace ebb::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ebb::kernels::cpu {
namespace {

HWY_EXPORT(sum_of_squares);

// Elements whose squares form one partial sum: a constant, so that results do not depend on the
// number of threads.
constexpr std::int64_t kBlock = 4096;

}  // namespace

void mean_squared_error(Context& context, const MeanSquaredError& p) {
  if (p.prediction.dtype == DType::f64) return reference::mean_squared_error<double>(p);
  const std::int64_t elements = p.prediction.elements();
  const std::int64_t blocks = blocks_of(elements, kBlock);
  const double scale = reference::inverse_normalizer(p);
  auto* partials = context.workspace().acquire_array<float>(static_cast<std::size_t>(blocks));
  parallel_for(context, blocks, blocks_of(kParallelGrain, kBlock),
               [&](std::int64_t begin, std::int64_t end) {
                 for (std::int64_t block = begin; block < end; ++block) {
                   const std::int64_t first = block * kBlock;
                   partials[block] = HWY_DYNAMIC_DISPATCH(sum_of_squares)(
                       p, first, std::min(kBlock, elements - first),
                       static_cast<float>(2.0 * scale));
                 }
               });
  double total = 0.0;
  for (std::int64_t block = 0; block < blocks; ++block) total += partials[block];
  *p.loss.as<float>() = static_cast<float>(total * scale);
}

}  // namespace ebb::kernels::cpu
#endif  // HWY_ONCE
