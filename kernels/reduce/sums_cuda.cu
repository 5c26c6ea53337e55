// Sums of buffers and of squares on CUDA.
//
// Sum of buffers: a thread adds a pack of 16 bytes of each buffer, in order, in f32, and rounds
// once. sizeof(T) bytes moved for each buffer's element and for each result.
//
// Sum of squares: a block adds up one of at most 1024 parts, fixed by the number of elements, in
// f64; the host adds the parts in order. Per element sizeof(T) bytes moved and one f64
// multiply-add.
#include <array>

#include "kernels/common/blocks.h"
#include "kernels/common/cuda/clipping.cuh"
#include "kernels/common/cuda/launch.h"
#include "kernels/common/cuda/runtime.h"
#include "kernels/common/cuda/storage.cuh"
#include "kernels/reduce/reduce_backends.h"

namespace ebb::kernels::cuda {
namespace {

using namespace ebb::cuda;

constexpr int kThreads = 256;
constexpr int kMostBuffers = 64;  // that one launch adds

template <class T>
struct Buffers {
  const T* data[kMostBuffers];
  int count;
};

template <int kPack, class T>
__global__ void __launch_bounds__(kThreads)
    sum_buffers_kernel(const __grid_constant__ Buffers<T> buffers, T* output, std::int64_t packs) {
  const std::int64_t stride = std::int64_t{gridDim.x} * kThreads;
  for (std::int64_t i = std::int64_t{blockIdx.x} * kThreads + threadIdx.x; i < packs; i += stride) {
    float total[kPack];
    load_pack(buffers.data[0] + i * kPack, total);
#pragma unroll 4
    for (int k = 1; k < buffers.count; ++k) {
      float values[kPack];
      load_pack(buffers.data[k] + i * kPack, values);
#pragma unroll
      for (int j = 0; j < kPack; ++j) total[j] += values[j];
    }
    store_pack(output + i * kPack, total);
  }
}

template <class T>
bool aligned(const Buffers<T>& buffers, const T* output) {
  bool all = aligned_to(16, output);
  for (int k = 0; k < buffers.count; ++k) all = all && aligned_to(16, buffers.data[k]);
  return all;
}

template <class T>
void add(Context& context, const Buffers<T>& buffers, T* output, std::int64_t count) {
  constexpr int kPack = kPackOf<T>;
  const std::int64_t packs = aligned(buffers, output) ? count / kPack : 0;
  launch(context, {"sum_buffers", grid_for(context, packs, kThreads), kThreads},
         sum_buffers_kernel<kPack, T>, buffers, output, packs);
  Buffers<T> rest = buffers;
  for (int k = 0; k < rest.count; ++k) rest.data[k] += packs * kPack;
  const std::int64_t left = count - packs * kPack;
  launch(context, {"sum_buffers", grid_for(context, left, kThreads), kThreads},
         sum_buffers_kernel<1, T>, rest, output + packs * kPack, left);
}

constexpr std::int64_t kMostParts = 1024;

template <int kPack, class T>
__global__ void __launch_bounds__(kThreads)
    sum_of_squares_kernel(const T* input, double* sums, std::int64_t n, std::int64_t part_size) {
  __shared__ double scratch[kThreads / kWarpSize];
  const std::int64_t begin = blockIdx.x * part_size;
  const std::int64_t end = min(n, begin + part_size);
  double parts[kPack] = {};
#pragma unroll 4
  for (std::int64_t i = begin + threadIdx.x * kPack; i < end; i += kThreads * kPack) {
    float values[kPack] = {};
    if (i + kPack <= end) {
      load_pack(input + i, values);
    } else {
#pragma unroll
      for (int j = 0; j < kPack; ++j) {
        if (i + j < end) values[j] = to_f32(input[i + j]);
      }
    }
#pragma unroll
    for (int j = 0; j < kPack; ++j) {
      const auto value = static_cast<double>(values[j]);
      parts[j] = fma(value, value, parts[j]);
    }
  }
  double sum = 0.0;
#pragma unroll
  for (int j = 0; j < kPack; ++j) sum += parts[j];
  const double total = sum_over_block<kThreads>(sum, scratch);
  if (threadIdx.x == 0) sums[blockIdx.x] = total;
}

}  // namespace

void sum_buffers(Context& context, const SumBuffers& p) {
  for_storage(p.output.dtype, [&]<class T>(std::type_identity<T>) {
    T* output = p.output.as<T>();
    Buffers<T> buffers{};
    for (const ConstView& input : p.inputs) {
      if (buffers.count == kMostBuffers) {
        add(context, buffers, output, p.output.elements());
        buffers = {{output}, 1};
      }
      buffers.data[buffers.count++] = input.as<T>();
    }
    add(context, buffers, output, p.output.elements());
  });
}

double sum_of_squares(Context& context, const ConstView& input) {
  const std::int64_t n = input.elements();
  // Whole kibis, so that a part begins at a pack.
  const std::int64_t part_size =
      std::max<std::int64_t>(blocks_of(blocks_of(n, kMostParts), 1024), 1) * 1024;
  const std::int64_t parts = blocks_of(n, part_size);
  if (parts == 0) return 0.0;
  auto* sums = context.workspace().acquire_array<double>(static_cast<std::size_t>(parts));
  for_storage(input.dtype, [&]<class T>(std::type_identity<T>) {
    const T* data = input.as<T>();
    const auto kernel =
        aligned_to(16, data) ? sum_of_squares_kernel<kPackOf<T>, T> : sum_of_squares_kernel<1, T>;
    launch(context, {"sum_of_squares", static_cast<unsigned>(parts), kThreads}, kernel, data, sums,
           n, part_size);
  });
  std::array<double, kMostParts> found;
  copy(context.stream(), found.data(), sums, static_cast<std::size_t>(parts) * sizeof(double));
  context.synchronize();
  double total = 0.0;
  for (std::int64_t part = 0; part < parts; ++part) total += found[static_cast<std::size_t>(part)];
  return total;
}

}  // namespace ebb::kernels::cuda
