// Elementwise arithmetic on the CPU: bound by memory, 8 to 12 bytes per element.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/elementwise/elementwise_cpu.cpp"
#include <hwy/foreach_target.h>
// Must come after foreach_target.h.
#include <hwy/highway.h>

#include "kernels/common/parallel.h"
#include "kernels/common/vector_loop.h"
#include "kernels/elementwise/elementwise_backends.h"
#include "kernels/elementwise/elementwise_reference.h"

HWY_BEFORE_NAMESPACE();
namespace ebb::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;

// A second operand shorter than half of this is repeated into a buffer of it, so that even a scalar
// or a row of 7 makes long pieces.
constexpr std::int64_t kTile = 1024;

template <BinaryOperation kOperation>
void combine(const float* first, const float* second, float* output, std::int64_t count) {
  for_vectors(count, [=](std::int64_t i, auto load, auto store) HWY_ATTR {
    const V a = load(first + i);
    const V b = load(second + i);
    if constexpr (kOperation == BinaryOperation::add) {
      store(hn::Add(a, b), output + i);
    } else if constexpr (kOperation == BinaryOperation::subtract) {
      store(hn::Sub(a, b), output + i);
    } else {
      store(hn::Mul(a, b), output + i);
    }
  });
}

template <BinaryOperation kOperation>
void combine_periodic(const Binary& p, std::int64_t begin, std::int64_t end) {
  const float* second = p.second.as<float>();
  std::int64_t period = p.second.elements();
  float repeated[kTile];
  if (2 * period <= kTile && period < p.first.elements()) {
    const std::int64_t length = period * (kTile / period);
    for (std::int64_t i = 0; i < length; ++i) {
      repeated[i] = i < period ? second[i] : repeated[i - period];
    }
    second = repeated;
    period = length;
  }
  for (std::int64_t start = begin; start < end;) {
    const std::int64_t column = start % period;
    const std::int64_t count = std::min(period - column, end - start);
    combine<kOperation>(p.first.as<float>() + start, second + column, p.output.as<float>() + start,
                        count);
    start += count;
  }
}

void binary_elements(const Binary& p, std::int64_t begin, std::int64_t end) {
  switch (p.operation) {
    case BinaryOperation::add:
      return combine_periodic<BinaryOperation::add>(p, begin, end);
    case BinaryOperation::subtract:
      return combine_periodic<BinaryOperation::subtract>(p, begin, end);
    case BinaryOperation::multiply:
      return combine_periodic<BinaryOperation::multiply>(p, begin, end);
  }
}

void scale_elements(const Scale& p, std::int64_t begin, std::int64_t end) {
  const V factor = hn::Set(D(), static_cast<float>(p.factor));
  const float* input = p.input.as<float>() + begin;
  float* output = p.output.as<float>() + begin;
  for_vectors(end - begin, [=](std::int64_t i, auto load, auto store)
                               HWY_ATTR { store(hn::Mul(factor, load(input + i)), output + i); });
}

void accumulate_elements(const Accumulate& p, std::int64_t begin, std::int64_t end) {
  const V alpha = hn::Set(D(), static_cast<float>(p.alpha));
  const float* input = p.input.as<float>() + begin;
  float* output = p.output.as<float>() + begin;
  for_vectors(end - begin, [=](std::int64_t i, auto load, auto store) HWY_ATTR {
    store(hn::MulAdd(alpha, load(input + i), load(output + i)), output + i);
  });
}

}  // namespace ebb::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ebb::kernels::cpu {
namespace {

HWY_EXPORT(binary_elements);
HWY_EXPORT(scale_elements);
HWY_EXPORT(accumulate_elements);

}  // namespace

void binary(Context& context, const Binary& p) {
  if (p.first.dtype == DType::f64) return reference::binary<double>(p);
  parallel_for(context, p.first.elements(), kParallelGrain,
               [&](std::int64_t begin, std::int64_t end) {
                 HWY_DYNAMIC_DISPATCH(binary_elements)(p, begin, end);
               });
}

void scale(Context& context, const Scale& p) {
  if (p.input.dtype == DType::f64) return reference::scale<double>(p);
  parallel_for(context, p.input.elements(), kParallelGrain,
               [&](std::int64_t begin, std::int64_t end) {
                 HWY_DYNAMIC_DISPATCH(scale_elements)(p, begin, end);
               });
}

void accumulate(Context& context, const Accumulate& p) {
  if (p.input.dtype == DType::f64) return reference::accumulate<double>(p);
  parallel_for(context, p.input.elements(), kParallelGrain,
               [&](std::int64_t begin, std::int64_t end) {
                 HWY_DYNAMIC_DISPATCH(accumulate_elements)(p, begin, end);
               });
}

}  // namespace ebb::kernels::cpu
#endif  // HWY_ONCE
