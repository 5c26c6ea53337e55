// Functions applied element by element: output[i] = function(inputs[i]...), computed in f32.
//
// A thread takes packs of 16 bytes, by a stride of the whole grid; what is left beyond the last
// whole pack, or everything where an operand is not aligned to 16 bytes, goes element by element,
// neighbours by neighbouring threads. Per element: sizeof(T) bytes moved for each operand.
#pragma once

#include "kernels/common/cuda/launch.h"
#include "kernels/common/cuda/storage.cuh"

namespace ebb::cuda {

inline constexpr int kMapThreads = 256;

template <int kCount, class Function, class T, class... Inputs>
__device__ inline void map_pack(Function function, std::int64_t at, T* output, Inputs... inputs) {
  float operands[sizeof...(Inputs)][kCount];
  int loaded = 0;
  (load_pack(inputs + at, operands[loaded++]), ...);
  float results[kCount];
#pragma unroll
  for (int i = 0; i < kCount; ++i) {
    results[i] = [&]<std::size_t... k>(std::index_sequence<k...>) {
      return function(operands[k][i]...);
    }
    (std::index_sequence_for<Inputs...>());
  }
  store_pack(output + at, results);
}

template <class Function, class T, class... Inputs>
__global__ void __launch_bounds__(kMapThreads)
    map_kernel(Function function, std::int64_t count, std::int64_t packs, T* output,
               Inputs... inputs) {
  constexpr int kPack = kPackOf<T>;
  const std::int64_t stride = std::int64_t{gridDim.x} * kMapThreads;
  const std::int64_t thread = std::int64_t{blockIdx.x} * kMapThreads + threadIdx.x;
  for (std::int64_t i = thread; i < packs; i += stride) {
    map_pack<kPack>(function, i * kPack, output, inputs...);
  }
  for (std::int64_t i = packs * kPack + thread; i < count; i += stride) {
    map_pack<1>(function, i, output, inputs...);
  }
}

/// output[i] = function(inputs[i]...) for `count` elements; the output may be any of the inputs.
/// `function` takes a float for each input and gives a float, on the device.
template <class Function, class T, class... Inputs>
void map_elements(const Context& context, const char* name, Function function, std::int64_t count,
                  T* output, Inputs... inputs) {
  const std::int64_t packs = aligned_to(16, output, inputs...) ? count / kPackOf<T> : 0;
  const std::int64_t items = packs > 0 ? packs : count;
  launch(context, {name, grid_for(context, items, kMapThreads), kMapThreads},
         map_kernel<Function, T, Inputs...>, function, count, packs, output, inputs...);
}

}  // namespace ebb::cuda
