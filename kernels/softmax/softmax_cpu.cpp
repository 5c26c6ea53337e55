// Softmax on the CPU: a row is read from memory once and stays in the first-level cache for its
// passes (maximum; exponentials and their sum; division). Moves 8 bytes per element forward and 12
// backward.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/softmax/softmax_cpu.cpp"
#include <hwy/foreach_target.h>
// Must come after foreach_target.h.
#include <limits>

#include <hwy/highway.h>

#include "kernels/common/parallel.h"
#include "kernels/common/vector_loop.h"
#include "kernels/common/vector_math.h"
#include "kernels/softmax/softmax_backends.h"
#include "kernels/softmax/softmax_reference.h"

HWY_BEFORE_NAMESPACE();
namespace ebb::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;

/// The largest element, or anything at all when the row holds a NaN.
HWY_INLINE float largest_of(const float* HWY_RESTRICT x, std::int64_t columns) {
  const D d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const V lowest = hn::Set(d, -std::numeric_limits<float>::infinity());
  V largest = lowest;
  std::int64_t i = 0;
  for (; i + lanes <= columns; i += lanes) largest = hn::Max(largest, hn::LoadU(d, x + i));
  if (i < columns) {
    const auto mask = hn::FirstN(d, static_cast<std::size_t>(columns - i));
    largest = hn::Max(largest, hn::IfThenElse(mask, load_partial(d, x + i, columns - i), lowest));
  }
  return hn::GetLane(hn::MaxOfLanes(d, largest));
}

/// Writes exp(x - largest) and returns the sum.
HWY_INLINE float exponentials(const float* x, std::int64_t columns, float largest, float* output) {
  const D d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const V shift = hn::Set(d, largest);
  V total = hn::Zero(d);
  for_vectors(columns, [&](std::int64_t i, auto load, auto store) HWY_ATTR {
    const V value = exp(d, hn::Sub(load(x + i), shift));
    store(value, output + i);
    const auto inside = static_cast<std::size_t>(std::min(lanes, columns - i));
    total = hn::Add(total, hn::IfThenElseZero(hn::FirstN(d, inside), value));
  });
  return hn::GetLane(hn::SumOfLanes(d, total));
}

void softmax_rows(const SoftmaxForward& p, std::int64_t first, std::int64_t last) {
  const D d;
  const std::int64_t columns = p.input.shape[-1];
  for (std::int64_t row = first; row < last; ++row) {
    const float* input = p.input.as<float>() + row * columns;
    float* output = p.output.as<float>() + row * columns;
    const float total = exponentials(input, columns, largest_of(input, columns), output);
    const V inverse = hn::Set(d, 1.0F / total);
    for_vectors(columns, [=](std::int64_t i, auto load, auto store)
                             HWY_ATTR { store(hn::Mul(load(output + i), inverse), output + i); });
  }
}

void softmax_backward_rows(const SoftmaxBackward& p, std::int64_t first, std::int64_t last) {
  const D d;
  const std::int64_t columns = p.output.shape[-1];
  for (std::int64_t row = first; row < last; ++row) {
    const float* output = p.output.as<float>() + row * columns;
    const float* grad_output = p.grad_output.as<float>() + row * columns;
    float* grad_input = p.grad_input.as<float>() + row * columns;
    V total = hn::Zero(d);
    for_vectors(columns, [&](std::int64_t i, auto load, auto) HWY_ATTR {
      total = hn::MulAdd(load(output + i), load(grad_output + i), total);
    });
    const V mean = hn::SumOfLanes(d, total);
    for_vectors(columns, [=](std::int64_t i, auto load, auto store) HWY_ATTR {
      store(hn::Mul(load(output + i), hn::Sub(load(grad_output + i), mean)), grad_input + i);
    });
  }
}

}  // namespace ebb::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ebb::kernels::cpu {
namespace {

HWY_EXPORT(softmax_rows);
HWY_EXPORT(softmax_backward_rows);

}  // namespace

void softmax(Context& context, const SoftmaxForward& p) {
  if (p.input.dtype == DType::f64) return reference::softmax<double>(p);
  if (p.input.elements() == 0) return;
  const std::int64_t columns = p.input.shape[-1];
  parallel_for(context, p.input.elements() / columns, blocks_of(kParallelGrain, columns),
               [&](std::int64_t begin, std::int64_t end) {
                 HWY_DYNAMIC_DISPATCH(softmax_rows)(p, begin, end);
               });
}

void softmax_backward(Context& context, const SoftmaxBackward& p) {
  if (p.output.dtype == DType::f64) return reference::softmax_backward<double>(p);
  if (p.output.elements() == 0) return;
  const std::int64_t columns = p.output.shape[-1];
  parallel_for(context, p.output.elements() / columns, blocks_of(kParallelGrain, columns),
               [&](std::int64_t begin, std::int64_t end) {
                 HWY_DYNAMIC_DISPATCH(softmax_backward_rows)(p, begin, end);
               });
}

}  // namespace ebb::kernels::cpu
#endif  // HWY_ONCE
