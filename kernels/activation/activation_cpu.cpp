// Activations on the CPU: one pass over the elements, in tiles whose dropout factors fit a small
// buffer on the stack. Forward moves 8 bytes per element (12 with the derivative), backward 12.
// GELU costs about 40 operations per vector with its derivative, which shares the exponential and
// the tail; recomputing both in the backward direction costs twice that. Dropout adds about 10.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/activation/activation_cpu.cpp"
#include <hwy/foreach_target.h>
// Must come after foreach_target.h.
#include <hwy/highway.h>

#include "kernels/activation/activation_backends.h"
#include "kernels/activation/activation_reference.h"
#include "kernels/activation/activation_vectors.h"
#include "kernels/common/dropout_factors.h"
#include "kernels/common/parallel.h"
#include "kernels/common/vector_loop.h"

HWY_BEFORE_NAMESPACE();
namespace ebb::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;

// Elements whose dropout factors are made at once: 4 KiB, many whole Philox vectors.
constexpr std::int64_t kTile = 1024;

/// Calls body(start, column, count, factors) over pieces of the elements [first, last): a piece
/// lies in one row of `columns` and in one tile. `factors` are those of the piece, or null without
/// dropout.
template <class Body>
HWY_INLINE void for_pieces(const DropoutSpec& dropout, std::int64_t first, std::int64_t last,
                           std::int64_t columns, Body&& body) {
  HWY_ALIGN float factors[kTile];
  std::int64_t column = first % columns;
  for (std::int64_t tile = first; tile < last; tile += kTile) {
    const std::int64_t end = std::min(last, tile + kTile);
    if (dropout.active()) {
      dropout_factors(dropout, static_cast<std::uint64_t>(tile), end - tile, factors);
    }
    for (std::int64_t start = tile; start < end;) {
      const std::int64_t count = std::min(columns - column, end - start);
      body(start, column, count, dropout.active() ? factors + (start - tile) : nullptr);
      start += count;
      column = column + count == columns ? 0 : column + count;
    }
  }
}

template <Activation kKind>
void forward(const ActivationForward& p, std::int64_t first, std::int64_t last) {
  const bool biased = p.bias.present();
  const std::int64_t columns = biased ? p.bias.elements() : p.input.elements();
  const auto piece = [&](std::int64_t start, std::int64_t column, std::int64_t count,
                         const float* factors) HWY_ATTR {
    const D d;
    const float* input = p.input.as<float>() + start;
    const float* bias = biased ? p.bias.as<float>() + column : nullptr;
    float* derivative = p.derivative.present() ? p.derivative.as<float>() + start : nullptr;
    float* output = p.output.as<float>() + start;
    for_vectors(count, [=](std::int64_t i, auto load, auto store) HWY_ATTR {
      V x = load(input + i);
      if (bias != nullptr) x = hn::Add(x, load(bias + i));
      const Activated<V> y = activate<kKind>(d, x);
      const V factor = factors != nullptr ? load(factors + i) : hn::Set(d, 1.0F);
      if (derivative != nullptr) store(hn::Mul(factor, y.derivative), derivative + i);
      store(hn::Mul(factor, y.value), output + i);
    });
  };
  for_pieces(p.dropout, first, last, columns, piece);
}

void forward_elements(const ActivationForward& p, std::int64_t first, std::int64_t last) {
  switch (p.kind) {
    case Activation::identity:
      return forward<Activation::identity>(p, first, last);
    case Activation::relu:
      return forward<Activation::relu>(p, first, last);
    case Activation::gelu:
      return forward<Activation::gelu>(p, first, last);
    case Activation::silu:
      return forward<Activation::silu>(p, first, last);
  }
}

/// Elements [first, last) of grad_input; adds them to the row `bias_sums` unless it is null.
void backward_elements(const ActivationBackward& p, std::int64_t first, std::int64_t last,
                       float* bias_sums) {
  const std::int64_t columns = bias_sums != nullptr ? p.grad_bias.elements() : last - first;
  for (std::int64_t start = first; start < last; start += columns) {
    const float* derivative = p.derivative.as<float>() + start;
    const float* grad_output = p.grad_output.as<float>() + start;
    float* grad_input = p.grad_input.as<float>() + start;
    for_vectors(columns, [=](std::int64_t i, auto load, auto store) HWY_ATTR {
      const V gradient = hn::Mul(load(derivative + i), load(grad_output + i));
      store(gradient, grad_input + i);
      if (bias_sums != nullptr) store(hn::Add(load(bias_sums + i), gradient), bias_sums + i);
    });
  }
}

}  // namespace ebb::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ebb::kernels::cpu {
namespace {

HWY_EXPORT(forward_elements);
HWY_EXPORT(backward_elements);

// Rows whose sum for grad_bias forms one partial row: a constant, so that results do not depend on
// the number of threads.
constexpr std::int64_t kRowBlock = 256;

}  // namespace

void activation(Context& context, const ActivationForward& p) {
  if (p.input.dtype == DType::f64) return reference::activation<double>(p);
  parallel_for(context, p.input.elements(), kParallelGrain,
               [&](std::int64_t begin, std::int64_t end) {
                 HWY_DYNAMIC_DISPATCH(forward_elements)(p, begin, end);
               });
}

void activation_backward(Context& context, const ActivationBackward& p) {
  if (p.grad_output.dtype == DType::f64) return reference::activation_backward<double>(p);
  const std::int64_t count = p.grad_output.elements();
  if (!p.grad_bias.present()) {
    parallel_for(context, count, kParallelGrain, [&](std::int64_t begin, std::int64_t end) {
      HWY_DYNAMIC_DISPATCH(backward_elements)(p, begin, end, nullptr);
    });
    return;
  }
  const std::int64_t columns = p.grad_bias.elements();
  const std::int64_t block_size = kRowBlock * columns;
  const std::int64_t blocks = count == 0 ? 0 : blocks_of(count, block_size);
  float* partial_rows =
      context.workspace().acquire_array<float>(static_cast<std::size_t>(blocks * columns));
  const auto run_blocks = [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t block = begin; block < end; ++block) {
      float* sums = partial_rows + block * columns;
      std::fill_n(sums, columns, 0.0F);
      HWY_DYNAMIC_DISPATCH(backward_elements)
      (p, block * block_size, std::min(count, (block + 1) * block_size), sums);
    }
  };
  parallel_for(context, blocks, blocks_of(kParallelGrain, std::max<std::int64_t>(block_size, 1)),
               run_blocks);
  float* grad_bias = p.grad_bias.as<float>();
  if (!p.accumulate) std::fill_n(grad_bias, columns, 0.0F);
  for (std::int64_t block = 0; block < blocks; ++block) {
    for (std::int64_t i = 0; i < columns; ++i) grad_bias[i] += partial_rows[block * columns + i];
  }
}

}  // namespace ebb::kernels::cpu
#endif  // HWY_ONCE
