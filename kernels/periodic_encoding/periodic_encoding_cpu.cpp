// Periodic encoding on the CPU: frequencies are lanes. Forward writes 4 bytes per component and
// spends about 20 instructions on a vector of sines and cosines; backward reads 8 and reuses them.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/periodic_encoding/periodic_encoding_cpu.cpp"
#include <hwy/foreach_target.h>
// Must come after foreach_target.h.
#include <numbers>

#include <hwy/highway.h>

#include "kernels/common/parallel.h"
#include "kernels/common/vector_loop.h"
#include "kernels/common/vector_math.h"
#include "kernels/periodic_encoding/periodic_encoding_backends.h"
#include "kernels/periodic_encoding/periodic_encoding_reference.h"

HWY_BEFORE_NAMESPACE();
namespace ebb::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using D = hn::ScalableTag<float>;

/// The encodings of elements [begin, end) of the input.
void encode(const PeriodicEncodingForward& p, std::int64_t begin, std::int64_t end) {
  const D d;
  const std::int64_t features = p.input.shape[1];
  const std::int64_t k = p.frequencies.shape[1];
  for (std::int64_t i = begin; i < end; ++i) {
    const auto x = hn::Set(d, p.input.as<float>()[i]);
    const float* frequencies = p.frequencies.as<float>() + i % features * k;
    float* output = p.output.as<float>() + i * (2 * k + 1);
    for_vectors(k, [=](std::int64_t j, auto load, auto store) HWY_ATTR {
      hn::Vec<D> sine;
      hn::Vec<D> cosine;
      sin_cos_turns(d, hn::Mul(load(frequencies + j), x), sine, cosine);
      store(sine, output + j);
      store(cosine, output + k + j);
    });
    output[2 * k] = 1.0F;
  }
}

/// Rows [first, last) of the input's gradient; adds their share to `grad_frequencies`.
void backward_rows(const PeriodicEncodingBackward& p, std::int64_t first, std::int64_t last,
                   float* HWY_RESTRICT grad_frequencies) {
  const D d;
  const std::int64_t features = p.input.shape[1];
  const std::int64_t k = p.frequencies.shape[1];
  const auto turn = hn::Set(d, 2.0F * std::numbers::pi_v<float>);
  for (std::int64_t i = first * features; i < last * features; ++i) {
    const auto x = hn::Set(d, p.input.as<float>()[i]);
    const float* frequencies = p.frequencies.as<float>() + i % features * k;
    const float* output = p.output.as<float>() + i * (2 * k + 1);
    const float* grad_output = p.grad_output.as<float>() + i * (2 * k + 1);
    float* partial = grad_frequencies + i % features * k;
    auto total = hn::Zero(d);
    for_vectors(k, [&](std::int64_t j, auto load, auto store) HWY_ATTR {
      // Lanes past the end load zero frequencies and gradients, so they add nothing.
      const auto cross = hn::Mul(load(grad_output + k + j), load(output + j));
      const auto derivative =
          hn::Mul(turn, hn::MulSub(load(grad_output + j), load(output + k + j), cross));
      store(hn::MulAdd(x, derivative, load(partial + j)), partial + j);
      total = hn::MulAdd(load(frequencies + j), derivative, total);
    });
    if (p.grad_input.present()) {
      p.grad_input.as<float>()[i] = hn::GetLane(hn::SumOfLanes(d, total));
    }
  }
}

}  // namespace ebb::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ebb::kernels::cpu {
namespace {

HWY_EXPORT(encode);
HWY_EXPORT(backward_rows);

// Rows whose shares of the frequencies' gradients form one partial sum: a constant, so that results
// do not depend on the number of threads.
constexpr std::int64_t kRowBlock = 256;

}  // namespace

void periodic_encoding(Context& context, const PeriodicEncodingForward& p) {
  if (p.input.dtype == DType::f64) return reference::periodic_encoding<double>(p);
  parallel_for(context, p.input.elements(),
               blocks_of(kParallelGrain, 8 * (p.frequencies.shape[1] + 1)),
               [&](std::int64_t begin, std::int64_t end) {
                 HWY_DYNAMIC_DISPATCH(encode)
                 (p, begin, end);
               });
}

void periodic_encoding_backward(Context& context, const PeriodicEncodingBackward& p) {
  if (p.input.dtype == DType::f64) return reference::periodic_encoding_backward<double>(p);
  const std::int64_t rows = p.input.shape[0];
  const std::int64_t count = p.frequencies.elements();
  const std::int64_t blocks = blocks_of(rows, kRowBlock);
  float* partials =
      context.workspace().acquire_array<float>(static_cast<std::size_t>(blocks * count));
  parallel_for(context, blocks, blocks_of(kParallelGrain, kRowBlock * (count + 1)),
               [&](std::int64_t begin, std::int64_t end) {
                 for (std::int64_t block = begin; block < end; ++block) {
                   float* partial = partials + block * count;
                   std::fill_n(partial, count, 0.0F);
                   HWY_DYNAMIC_DISPATCH(backward_rows)
                   (p, block * kRowBlock, std::min(rows, (block + 1) * kRowBlock), partial);
                 }
               });
  if (!p.grad_frequencies.present()) return;
  float* grad_frequencies = p.grad_frequencies.as<float>();
  if (!p.accumulate) std::fill_n(grad_frequencies, count, 0.0F);
  for (std::int64_t block = 0; block < blocks; ++block) {
    for (std::int64_t j = 0; j < count; ++j) grad_frequencies[j] += partials[block * count + j];
  }
}

}  // namespace ebb::kernels::cpu
#endif  // HWY_ONCE
