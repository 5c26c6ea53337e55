// Sums of buffers on CUDA: a thread adds a pack of 16 bytes of each buffer, in order, in f32, and
// rounds once. sizeof(T) bytes moved for each buffer's element and for each result.
#include "kernels/common/cuda/launch.h"
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

}  // namespace ebb::kernels::cuda
