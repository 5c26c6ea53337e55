// Embedding on the CPU: bound by memory, 8 bytes per element forward, 12 backward. Backward, a
// thread owns columns of the table rather than rows: the work then splits evenly however skewed the
// indices are.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/embedding/embedding_cpu.cpp"
#include <hwy/foreach_target.h>
// Must come after foreach_target.h.
#include <hwy/highway.h>

#include "kernels/common/parallel.h"
#include "kernels/common/vector_loop.h"
#include "kernels/embedding/embedding_backends.h"
#include "kernels/embedding/embedding_reference.h"

HWY_BEFORE_NAMESPACE();
namespace ebb::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// Columns [begin, end) of the gradient of the table.
void backward_columns(const EmbeddingBackward& p, std::int64_t begin, std::int64_t end) {
  const std::int64_t count = p.grad_table.shape[0];
  const std::int64_t dim = p.grad_table.shape[1];
  const std::int64_t columns = end - begin;
  float* grad_table = p.grad_table.as<float>() + begin;
  const float* grad_output = p.grad_output.as<float>() + begin;
  if (!p.accumulate) {
    for (std::int64_t row = 0; row < count; ++row) {
      std::fill_n(grad_table + row * dim, columns, 0.0F);
    }
  }
  const std::int32_t* indices = p.indices.as<std::int32_t>();
  for (std::int64_t i = 0; i < p.indices.elements(); ++i) {
    const float* from = grad_output + reference::row_offset(p.grad_output, i);
    float* to = grad_table + indices[i] * dim;
    for_vectors(columns, [=](std::int64_t column, auto load, auto store) HWY_ATTR {
      store(hn::Add(load(to + column), load(from + column)), to + column);
    });
  }
}

}  // namespace ebb::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ebb::kernels::cpu {
namespace {

HWY_EXPORT(backward_columns);

// Columns that threads share out: a cache line of f32, so that no two write to one line.
constexpr std::int64_t kColumnBlock = 16;

void check_indices(std::string_view operation, const ConstView& view, std::int64_t count) {
  const std::int32_t* indices = view.as<std::int32_t>();
  for (std::int64_t i = 0; i < view.elements(); ++i) {
    if (indices[i] >= 0 && indices[i] < count) continue;
    fail("{}: index {} at position {} is outside the table, which has {} rows", operation,
         indices[i], i, count);
  }
}

}  // namespace

void embedding(Context& context, const EmbeddingForward& p) {
  const std::int64_t dim = p.table.shape[1];
  check_indices("embedding", p.indices, p.table.shape[0]);
  if (p.table.dtype == DType::f64) return reference::embedding<double>(p);
  parallel_for(context, p.indices.elements(),
               blocks_of(kParallelGrain, std::max<std::int64_t>(dim, 1)),
               [&](std::int64_t begin, std::int64_t end) {
                 const std::int32_t* indices = p.indices.as<std::int32_t>();
                 for (std::int64_t i = begin; i < end; ++i) {
                   std::copy_n(p.table.as<float>() + indices[i] * dim, dim,
                               p.output.as<float>() + reference::row_offset(p.output, i));
                 }
               });
}

void embedding_backward(Context& context, const EmbeddingBackward& p) {
  check_indices("embedding_backward", p.indices, p.grad_table.shape[0]);
  if (p.grad_table.dtype == DType::f64) return reference::embedding_backward<double>(p);
  const std::int64_t dim = p.grad_table.shape[1];
  const std::int64_t block_work = (p.indices.elements() + p.grad_table.shape[0]) * kColumnBlock;
  parallel_for(context, blocks_of(dim, kColumnBlock),
               blocks_of(kParallelGrain, std::max<std::int64_t>(block_work, 1)),
               [&](std::int64_t begin, std::int64_t end) {
                 HWY_DYNAMIC_DISPATCH(backward_columns)
                 (p, begin * kColumnBlock, std::min(dim, end * kColumnBlock));
               });
}

}  // namespace ebb::kernels::cpu
#endif  // HWY_ONCE
