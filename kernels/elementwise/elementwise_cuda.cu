// Elementwise arithmetic on CUDA: bound by memory, 2 (scale) or 3 * sizeof(T) bytes and one
// operation per element, computed in f32 and rounded once to T.
//
// Scale and accumulate are kernels/common/cuda/map.cuh. Of a binary operation the first operand and
// the output move in packs of 16 bytes where they are aligned so. The second, which repeats every
// `period` elements, does too where the period is whole packs; else its elements are read one by
// one, from the caches. A thread finds its column by one division and goes on by additions.
#include "kernels/common/cuda/map.cuh"
#include "kernels/common/cuda/repeated.cuh"
#include "kernels/elementwise/elementwise_backends.h"

namespace ebb::kernels::cuda {
namespace {

using namespace ebb::cuda;

constexpr int kThreads = 256;

__device__ float combine(BinaryOperation operation, float a, float b) {
  if (operation == BinaryOperation::add) return a + b;
  return operation == BinaryOperation::subtract ? a - b : a * b;
}

/// The packs (kCount elements) of a thread, from pack `first` to the one before `last`.
template <int kCount, class T>
__device__ void combine_packs(BinaryOperation operation, const T* first, const T* second, T* output,
                              std::int64_t begin, std::int64_t end, std::int64_t stride,
                              Columns columns, bool second_in_packs) {
  if (begin >= end) return;
  std::int64_t column = columns.first(begin * kCount);
  for (std::int64_t i = begin; i < end; i += stride) {
    float a[kCount];
    float b[kCount];
    load_pack(first + i * kCount, a);
    load_repeated(second, column, columns.period, second_in_packs, b);
#pragma unroll
    for (int j = 0; j < kCount; ++j) a[j] = combine(operation, a[j], b[j]);
    store_pack(output + i * kCount, a);
    column = columns.next(column);
  }
}

template <class T>
__global__ void __launch_bounds__(kThreads)
    binary_kernel(BinaryOperation operation, const T* first, const T* second, T* output,
                  std::int64_t count, std::int64_t packs, Columns pack_columns,
                  Columns element_columns, bool second_in_packs) {
  constexpr int kPack = kPackOf<T>;
  const std::int64_t stride = std::int64_t{gridDim.x} * kThreads;
  const std::int64_t thread = std::int64_t{blockIdx.x} * kThreads + threadIdx.x;
  combine_packs<kPack>(operation, first, second, output, thread, packs, stride, pack_columns,
                       second_in_packs);
  combine_packs<1>(operation, first, second, output, packs * kPack + thread, count, stride,
                   element_columns, true);
}

template <class T>
void run_binary(Context& context, const Binary& p) {
  const std::int64_t count = p.first.elements();
  if (count == 0) return;
  const std::int64_t period = p.second.elements();
  const std::int64_t packs = aligned_to(16, p.first.data, p.output.data) ? count / kPackOf<T> : 0;
  const bool second_in_packs =
      aligned_to(16, p.second.data) && (period % kPackOf<T> == 0 || period == count);
  const unsigned blocks = grid_for(context, packs > 0 ? packs : count, kThreads);
  const std::int64_t stride = std::int64_t{blocks} * kThreads;
  launch(context, {"binary", blocks, kThreads}, binary_kernel<T>, p.operation, p.first.as<T>(),
         p.second.as<T>(), p.output.as<T>(), count, packs, columns_of(period, stride * kPackOf<T>),
         columns_of(period, stride), second_in_packs);
}

struct Multiply {
  float factor;
  __device__ float operator()(float x) const { return factor * x; }
};

struct MultiplyAdd {
  float factor;
  __device__ float operator()(float x, float sum) const { return fmaf(factor, x, sum); }
};

}  // namespace

void binary(Context& context, const Binary& p) {
  for_storage(p.first.dtype, [&]<class T>(std::type_identity<T>) { run_binary<T>(context, p); });
}

void scale(Context& context, const Scale& p) {
  for_storage(p.input.dtype, [&]<class T>(std::type_identity<T>) {
    map_elements(context, "scale", Multiply{static_cast<float>(p.factor)}, p.input.elements(),
                 p.output.as<T>(), p.input.as<T>());
  });
}

void accumulate(Context& context, const Accumulate& p) {
  for_storage(p.input.dtype, [&]<class T>(std::type_identity<T>) {
    T* output = p.output.as<T>();
    map_elements(context, "accumulate", MultiplyAdd{static_cast<float>(p.alpha)},
                 p.input.elements(), output, p.input.as<T>(), static_cast<const T*>(output));
  });
}

}  // namespace ebb::kernels::cuda
