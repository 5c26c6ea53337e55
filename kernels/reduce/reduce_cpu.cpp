// Reductions on the CPU: one pass over the input, bound by memory. A task is one block of one outer
// index; its partial sums go to the workspace and are then added block by block.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/reduce/reduce_cpu.cpp"
#include <hwy/foreach_target.h>
// Must come after foreach_target.h.
#include <hwy/highway.h>

#include "kernels/common/parallel.h"
#include "kernels/common/vector_loop.h"
#include "kernels/reduce/reduce_backends.h"
#include "kernels/reduce/reduce_reference.h"

HWY_BEFORE_NAMESPACE();
namespace ebb::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;

/// The sum of `count` neighbours, in four running vectors.
float sum_block(const float* HWY_RESTRICT terms, std::int64_t count) {
  const D d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  V total0 = hn::Zero(d);
  V total1 = hn::Zero(d);
  V total2 = hn::Zero(d);
  V total3 = hn::Zero(d);
  std::int64_t i = 0;
  for (; i + 4 * lanes <= count; i += 4 * lanes) {
    total0 = hn::Add(total0, hn::LoadU(d, terms + i));
    total1 = hn::Add(total1, hn::LoadU(d, terms + i + lanes));
    total2 = hn::Add(total2, hn::LoadU(d, terms + i + 2 * lanes));
    total3 = hn::Add(total3, hn::LoadU(d, terms + i + 3 * lanes));
  }
  for_vectors(count - i, [&](std::int64_t j, auto load, auto) HWY_ATTR {
    total0 = hn::Add(total0, load(terms + i + j));  // lanes past the end add 0
  });
  total0 = hn::Add(hn::Add(total0, total1), hn::Add(total2, total3));
  return hn::GetLane(hn::SumOfLanes(d, total0));
}

/// partial[0, columns) = the sum of `rows` neighbouring rows.
void sum_rows(const float* terms, std::int64_t rows, std::int64_t columns, float* partial) {
  std::fill_n(partial, columns, 0.0F);
  for (std::int64_t row = 0; row < rows; ++row) {
    const float* from = terms + row * columns;
    for_vectors(columns, [=](std::int64_t i, auto load, auto store) HWY_ATTR {
      store(hn::Add(load(partial + i), load(from + i)), partial + i);
    });
  }
}

void sum_buffer_elements(const SumBuffers& p, std::int64_t begin, std::int64_t end) {
  float* output = p.output.as<float>();
  for_vectors(end - begin, [&](std::int64_t i, auto load, auto store) HWY_ATTR {
    V total = load(p.inputs[0].as<float>() + begin + i);
    for (const ConstView& input : p.inputs.subspan(1)) {
      total = hn::Add(total, load(input.as<float>() + begin + i));
    }
    store(total, output + begin + i);
  });
}

double sum_squares_block(const float* HWY_RESTRICT terms, std::int64_t count) {
  const hn::ScalableTag<double> d;
  const hn::Rebind<float, decltype(d)> df;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  auto total0 = hn::Zero(d);
  auto total1 = hn::Zero(d);
  std::int64_t i = 0;
  for (; i + 2 * lanes <= count; i += 2 * lanes) {
    const auto first = hn::PromoteTo(d, hn::LoadU(df, terms + i));
    const auto second = hn::PromoteTo(d, hn::LoadU(df, terms + i + lanes));
    total0 = hn::MulAdd(first, first, total0);
    total1 = hn::MulAdd(second, second, total1);
  }
  double rest = 0.0;
  for (; i < count; ++i) rest += static_cast<double>(terms[i]) * static_cast<double>(terms[i]);
  return hn::GetLane(hn::SumOfLanes(d, hn::Add(total0, total1))) + rest;
}

}  // namespace ebb::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ebb::kernels::cpu {
namespace {

HWY_EXPORT(sum_block);
HWY_EXPORT(sum_rows);
HWY_EXPORT(sum_buffer_elements);
HWY_EXPORT(sum_squares_block);

// Terms that one block adds up, by the layout: constants, so that results do not depend on the
// number of threads.
constexpr std::int64_t kContiguousBlock = 1024;
constexpr std::int64_t kRowBlock = 256;
constexpr std::int64_t kSquaresBlock = 4096;

/// Adds the partial rows of one outer index in f64 and writes the output.
void combine(const Reduce& p, const ReduceExtents& extents, std::int64_t blocks, std::int64_t outer,
             const float* partial) {
  const double divisor =
      p.operation == ReduceOperation::mean ? static_cast<double>(extents.n) : 1.0;
  float* output = p.output.as<float>() + outer * extents.inner;
  for (std::int64_t i = 0; i < extents.inner; ++i) {
    double total = 0.0;
    for (std::int64_t block = 0; block < blocks; ++block) {
      total += static_cast<double>(partial[block * extents.inner + i]);
    }
    total /= divisor;
    output[i] = static_cast<float>(p.accumulate ? static_cast<double>(output[i]) + total : total);
  }
}

}  // namespace

void reduce(Context& context, const Reduce& p) {
  if (p.input.dtype == DType::f64) return reference::reduce<double>(p);
  const ReduceExtents extents = reduce_extents(p.input.shape, p.dimension);
  const std::int64_t block_size = extents.inner == 1 ? kContiguousBlock : kRowBlock;
  const std::int64_t blocks = blocks_of(extents.n, block_size);
  const std::int64_t tasks = extents.outer * blocks;
  float* partial =
      context.workspace().acquire_array<float>(static_cast<std::size_t>(tasks * extents.inner));
  const std::int64_t task_size = std::min(block_size, extents.n) * extents.inner;
  const auto run_tasks = [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t task = begin; task < end; ++task) {
      const std::int64_t first = task % blocks * block_size;
      const std::int64_t rows = std::min(block_size, extents.n - first);
      const float* terms =
          p.input.as<float>() + (task / blocks * extents.n + first) * extents.inner;
      if (extents.inner == 1) {
        partial[task] = HWY_DYNAMIC_DISPATCH(sum_block)(terms, rows);
      } else {
        HWY_DYNAMIC_DISPATCH(sum_rows)(terms, rows, extents.inner, partial + task * extents.inner);
      }
    }
  };
  parallel_for(context, tasks, blocks_of(kParallelGrain, std::max<std::int64_t>(task_size, 1)),
               run_tasks);
  for (std::int64_t outer = 0; outer < extents.outer; ++outer) {
    combine(p, extents, blocks, outer, partial + outer * blocks * extents.inner);
  }
}

void sum_buffers(Context& context, const SumBuffers& p) {
  if (p.output.dtype == DType::f64) return reference::sum_buffers<double>(p);
  const auto count = static_cast<std::int64_t>(p.inputs.size());
  parallel_for(context, p.output.elements(), blocks_of(kParallelGrain, count),
               [&](std::int64_t begin, std::int64_t end) {
                 HWY_DYNAMIC_DISPATCH(sum_buffer_elements)(p, begin, end);
               });
}

double sum_of_squares(Context& context, const ConstView& input) {
  if (input.dtype == DType::f64) return reference::sum_of_squares<double>(input);
  const std::int64_t count = input.elements();
  const std::int64_t blocks = blocks_of(count, kSquaresBlock);
  double* partial = context.workspace().acquire_array<double>(static_cast<std::size_t>(blocks));
  parallel_for(context, blocks, kParallelGrain / kSquaresBlock,
               [&](std::int64_t begin, std::int64_t end) {
                 for (std::int64_t block = begin; block < end; ++block) {
                   const std::int64_t first = block * kSquaresBlock;
                   partial[block] = HWY_DYNAMIC_DISPATCH(sum_squares_block)(
                       input.as<float>() + first, std::min(kSquaresBlock, count - first));
                 }
               });
  double total = 0.0;
  for (std::int64_t block = 0; block < blocks; ++block) total += partial[block];
  return total;
}

}  // namespace ebb::kernels::cpu
#endif  // HWY_ONCE
