// Layer normalisation on the CPU: each row is read from memory once and stays in the first-level
// cache for the passes over it. Forward moves 8 bytes per element (16 with a residual), backward 12
// to 20. The sums over rows for gamma and beta stay in cache too, a partial row per block of rows.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/layer_norm/layer_norm_cpu.cpp"
#include <hwy/foreach_target.h>
// Must come after foreach_target.h.
#include <hwy/highway.h>

#include "kernels/common/dropout_factors.h"
#include "kernels/common/parallel.h"
#include "kernels/common/vector_loop.h"
#include "kernels/layer_norm/layer_norm_backends.h"
#include "kernels/layer_norm/layer_norm_reference.h"

#ifndef EBB_LAYER_NORM_CPU_ONCE_
#define EBB_LAYER_NORM_CPU_ONCE_
namespace ebb::kernels {

/// Rows whose dropout factors are made at once, so that short rows waste no part of a vector.
inline std::int64_t factor_rows(std::int64_t columns) {
  return 1024 / std::clamp<std::int64_t>(columns, 1, 1024);
}

}  // namespace ebb::kernels
#endif

HWY_BEFORE_NAMESPACE();
namespace ebb::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;

/// Makes the dropout factors of a group of rows if `row` is its first; gives those of `row`. Groups
/// begin at `first` and end at `last` or earlier.
HWY_INLINE const float* row_factors(const DropoutSpec& dropout, std::int64_t row,
                                    std::int64_t first, std::int64_t last, std::int64_t columns,
                                    float* factors) {
  const std::int64_t at = (row - first) % factor_rows(columns);
  if (at == 0) {
    const std::int64_t rows = std::min(factor_rows(columns), last - row);
    dropout_factors(dropout, static_cast<std::uint64_t>(row * columns), rows * columns, factors);
  }
  return factors + at * columns;
}

/// Writes residual + dropout(input) for one row; `factors` is null without dropout.
void add_residual(const LayerNormForward& p, std::int64_t start, std::int64_t columns,
                  const float* HWY_RESTRICT factors) {
  const float* input = p.input.as<float>() + start;
  const float* residual = p.residual.as<float>() + start;
  float* sum = p.sum.as<float>() + start;
  if (factors == nullptr) {
    for_vectors(columns, [=](std::int64_t i, auto load, auto store) HWY_ATTR {
      store(hn::Add(load(residual + i), load(input + i)), sum + i);
    });
    return;
  }
  for_vectors(columns, [=](std::int64_t i, auto load, auto store) HWY_ATTR {
    store(hn::MulAdd(load(input + i), load(factors + i), load(residual + i)), sum + i);
  });
}

/// Sum over the row of (x - center)^2, or of x when `square` is false.
template <bool kSquare>
HWY_INLINE float reduce_row(const float* HWY_RESTRICT x, std::int64_t columns, float center) {
  const D d;
  const V centers = hn::Set(d, center);
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  V total0 = hn::Zero(d);
  V total1 = hn::Zero(d);
  const auto add = [&](V total, V value) HWY_ATTR {
    if constexpr (!kSquare) return hn::Add(total, value);
    const V difference = hn::Sub(value, centers);
    return hn::MulAdd(difference, difference, total);
  };
  std::int64_t i = 0;
  for (; i + 2 * lanes <= columns; i += 2 * lanes) {
    total0 = add(total0, hn::LoadU(d, x + i));
    total1 = add(total1, hn::LoadU(d, x + i + lanes));
  }
  for (; i < columns; i += lanes) {
    const std::int64_t rest = std::min(lanes, columns - i);
    const auto mask = hn::FirstN(d, static_cast<std::size_t>(rest));
    const V value = rest == lanes ? hn::LoadU(d, x + i) : load_partial(d, x + i, rest);
    total0 = hn::IfThenElse(mask, add(total0, value), total0);
  }
  return hn::GetLane(hn::SumOfLanes(d, hn::Add(total0, total1)));
}

void forward_rows(const LayerNormForward& p, std::int64_t first, std::int64_t last,
                  float* factors) {
  const D d;
  const std::int64_t columns = p.input.shape[-1];
  const float* gamma = p.gamma.as<float>();
  const float* beta = p.beta.as<float>();
  for (std::int64_t row = first; row < last; ++row) {
    const std::int64_t start = row * columns;
    const float* x = p.input.as<float>() + start;
    if (p.residual.present()) {
      const float* of_row =
          p.dropout.active() ? row_factors(p.dropout, row, first, last, columns, factors) : nullptr;
      add_residual(p, start, columns, of_row);
      x = p.sum.as<float>() + start;
    }
    const float mean = reduce_row<false>(x, columns, 0.0F) / static_cast<float>(columns);
    const float variance = reduce_row<true>(x, columns, mean) / static_cast<float>(columns);
    const float inverse = 1.0F / std::sqrt(variance + static_cast<float>(p.epsilon));
    const V means = hn::Set(d, mean);
    const V inverses = hn::Set(d, inverse);
    float* output = p.output.as<float>() + start;
    for_vectors(columns, [=](std::int64_t i, auto load, auto store) HWY_ATTR {
      const V normalized = hn::Mul(hn::Sub(load(x + i), means), inverses);
      store(hn::MulAdd(normalized, load(gamma + i), load(beta + i)), output + i);
    });
    if (p.mean.present()) p.mean.as<float>()[row] = mean;
    if (p.inverse_deviation.present()) p.inverse_deviation.as<float>()[row] = inverse;
  }
}

/// Rows [first, last) of the gradient; adds their share of gamma's and beta's gradients to the
/// partial rows.
void backward_rows(const LayerNormBackward& p, std::int64_t first, std::int64_t last,
                   float* partial_gamma, float* partial_beta, float* factors) {
  const D d;
  const std::int64_t columns = p.sum.shape[-1];
  const float* gamma = p.gamma.as<float>();
  for (std::int64_t row = first; row < last; ++row) {
    const std::int64_t start = row * columns;
    const float* x = p.sum.as<float>() + start;
    const float* grad_output = p.grad_output.as<float>() + start;
    const V mean = hn::Set(d, p.mean.as<float>()[row]);
    const V inverse = hn::Set(d, p.inverse_deviation.as<float>()[row]);
    V total_g = hn::Zero(d);
    V total_gn = hn::Zero(d);
    for_vectors(columns, [&](std::int64_t i, auto load, auto store) HWY_ATTR {
      // Lanes past the end are at the mean and without a gradient, so they add nothing.
      const V gradient = load(grad_output + i);
      const V normalized = hn::Mul(hn::Sub(load(x + i, mean), mean), inverse);
      const V g = hn::Mul(gradient, load(gamma + i));
      total_g = hn::Add(total_g, g);
      total_gn = hn::MulAdd(g, normalized, total_gn);
      store(hn::MulAdd(gradient, normalized, load(partial_gamma + i)), partial_gamma + i);
      store(hn::Add(load(partial_beta + i), gradient), partial_beta + i);
    });
    const V scale = hn::Set(d, 1.0F / static_cast<float>(columns));
    const V mean_g = hn::Mul(hn::SumOfLanes(d, total_g), scale);
    const V mean_gn = hn::Mul(hn::SumOfLanes(d, total_gn), scale);
    const float* grad_sum = p.grad_sum.present() ? p.grad_sum.as<float>() + start : nullptr;
    float* grad_residual = p.grad_residual.as<float>() + start;
    float* grad_input = nullptr;
    const float* of_row = nullptr;
    if (p.dropout.active()) {
      grad_input = p.grad_input.as<float>() + start;
      of_row = row_factors(p.dropout, row, first, last, columns, factors);
    }
    for_vectors(columns, [&](std::int64_t i, auto load, auto store) HWY_ATTR {
      const V normalized = hn::Mul(hn::Sub(load(x + i), mean), inverse);
      const V centered = hn::NegMulAdd(normalized, mean_gn,
                                       hn::MulSub(load(grad_output + i), load(gamma + i), mean_g));
      V gradient = hn::Mul(inverse, centered);
      if (grad_sum != nullptr) gradient = hn::Add(gradient, load(grad_sum + i));
      store(gradient, grad_residual + i);
      if (grad_input != nullptr) store(hn::Mul(gradient, load(of_row + i)), grad_input + i);
    });
  }
}

}  // namespace ebb::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ebb::kernels::cpu {
namespace {

HWY_EXPORT(forward_rows);
HWY_EXPORT(backward_rows);

// Rows whose sums for gamma and beta form one partial row: a constant, so that results do not
// depend on the number of threads.
constexpr std::int64_t kRowBlock = 256;

}  // namespace

void layer_norm(Context& context, const LayerNormForward& p) {
  if (p.input.dtype == DType::f64) return reference::layer_norm<double>(p);
  const std::int64_t columns = p.input.shape[-1];
  if (p.input.elements() == 0) return;
  const std::int64_t rows = p.input.elements() / columns;
  // Dropout factors per thread, each thread knowing its own by where its rows begin.
  const std::int64_t factors_size = p.dropout.active() ? factor_rows(columns) * columns : 0;
  float* factors = nullptr;
  if (p.dropout.active()) {
    factors = context.workspace().acquire_array<float>(
        static_cast<std::size_t>(blocks_of(rows, kRowBlock) * factors_size));
  }
  parallel_for(context, blocks_of(rows, kRowBlock), blocks_of(kParallelGrain, kRowBlock * columns),
               [&](std::int64_t begin, std::int64_t end) {
                 HWY_DYNAMIC_DISPATCH(forward_rows)
                 (p, begin * kRowBlock, std::min(rows, end * kRowBlock),
                  factors + begin * factors_size);
               });
}

void layer_norm_backward(Context& context, const LayerNormBackward& p) {
  if (p.sum.dtype == DType::f64) return reference::layer_norm_backward<double>(p);
  const std::int64_t columns = p.sum.shape[-1];
  const std::int64_t rows = columns == 0 ? 0 : p.sum.elements() / columns;
  const std::int64_t blocks = blocks_of(rows, kRowBlock);
  // Per block of rows: a partial row for gamma, one for beta, then dropout factors.
  const std::int64_t scratch_size = (2 + (p.dropout.active() ? factor_rows(columns) : 0)) * columns;
  float* scratch =
      context.workspace().acquire_array<float>(static_cast<std::size_t>(blocks * scratch_size));
  parallel_for(context, blocks, blocks_of(kParallelGrain, kRowBlock * columns),
               [&](std::int64_t begin, std::int64_t end) {
                 for (std::int64_t block = begin; block < end; ++block) {
                   float* partial = scratch + block * scratch_size;
                   std::fill_n(partial, 2 * columns, 0.0F);
                   HWY_DYNAMIC_DISPATCH(backward_rows)
                   (p, block * kRowBlock, std::min(rows, (block + 1) * kRowBlock), partial,
                    partial + columns, partial + 2 * columns);
                 }
               });
  float* grad_gamma = p.grad_gamma.as<float>();
  float* grad_beta = p.grad_beta.as<float>();
  if (!p.accumulate_gamma) std::fill_n(grad_gamma, columns, 0.0F);
  if (!p.accumulate_beta) std::fill_n(grad_beta, columns, 0.0F);
  for (std::int64_t block = 0; block < blocks; ++block) {
    const float* partial = scratch + block * scratch_size;
    for (std::int64_t i = 0; i < columns; ++i) {
      grad_gamma[i] += partial[i];
      grad_beta[i] += partial[columns + i];
    }
  }
}

}  // namespace ebb::kernels::cpu
#endif  // HWY_ONCE
