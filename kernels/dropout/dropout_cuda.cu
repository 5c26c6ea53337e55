// Dropout on CUDA. A thread takes packs of 16 bytes, by a stride of the whole grid; operands that
// are not aligned so, or end within a pack, go element by element.
//
// Per element: 2 * sizeof(T) bytes moved. One Philox block (some 80 integer instructions) serves
// the elements of a pack, so memory stays the limit: 20 instructions an element in f32, 10 in bf16.
#include "kernels/common/cuda/dropout.cuh"
#include "kernels/common/cuda/launch.h"
#include "kernels/common/cuda/storage.cuh"
#include "kernels/dropout/dropout_backends.h"

namespace ebb::kernels::cuda {
namespace {

using namespace ebb::cuda;

constexpr int kThreads = 256;

template <int kPack, class T>
__global__ void __launch_bounds__(kThreads)
    dropout_kernel(const T* input, T* output, std::int64_t packs, DropoutSpec spec) {
  const std::int64_t stride = std::int64_t{gridDim.x} * kThreads;
  for (std::int64_t i = std::int64_t{blockIdx.x} * kThreads + threadIdx.x; i < packs; i += stride) {
    float values[kPack];
    float factors[kPack];
    load_pack(input + i * kPack, values);
    dropout_factors(spec, static_cast<std::uint64_t>(i * kPack), factors);
#pragma unroll
    for (int j = 0; j < kPack; ++j) values[j] *= factors[j];
    store_pack(output + i * kPack, values);
  }
}

template <int kPack, class T>
void run(Context& context, const Dropout& p, std::int64_t begin, std::int64_t packs) {
  DropoutSpec spec = p.dropout;
  spec.offset += static_cast<std::uint64_t>(begin);
  launch(context, {"dropout", grid_for(context, packs, kThreads), kThreads},
         dropout_kernel<kPack, T>, p.input.as<T>() + begin, p.output.as<T>() + begin, packs, spec);
}

}  // namespace

void dropout(Context& context, const Dropout& p) {
  for_storage(p.input.dtype, [&]<class T>(std::type_identity<T>) {
    const std::int64_t count = p.input.elements();
    const bool aligned = aligned_to(16, p.input.data, p.output.data);
    const std::int64_t packs = aligned ? count / kPackOf<T> : 0;
    const std::int64_t packed = packs * kPackOf<T>;
    run<kPackOf<T>, T>(context, p, 0, packs);
    run<1, T>(context, p, packed, count - packed);
  });
}

}  // namespace ebb::kernels::cuda
