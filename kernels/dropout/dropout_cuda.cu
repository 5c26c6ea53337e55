// Dropout on CUDA. A thread takes packs of 16 bytes, by a stride of the whole grid; operands that
// are not aligned so, or end within a pack, go element by element.
//
// Per element: 2 * sizeof(T) bytes moved. A Philox block takes some 110 PTX instructions and
// decides for 8 elements. In bf16 and f16 these are a pack. In f32 they are two, of neighbouring
// lanes: a lane draws for one of its two packs and its neighbour for the other, and they exchange
// halves of what they drew. Counted: 28 instructions an element in f32, 32 in bf16. Where the first
// element begins no Philox block, f32 draws one for each pack (51 an element), and packs that lie
// across blocks draw both (59 in bf16).
#include "kernels/common/blocks.h"
#include "kernels/common/cuda/collectives.cuh"
#include "kernels/common/cuda/dropout.cuh"
#include "kernels/common/cuda/launch.h"
#include "kernels/common/cuda/storage.cuh"
#include "kernels/dropout/dropout_backends.h"

namespace ebb::kernels::cuda {
namespace {

using namespace ebb::cuda;

constexpr int kThreads = 256;
constexpr int kPair = kPackOf<float>;  // elements of half a Philox block

/// The spec with a step that a kernel need not read again.
__device__ DropoutSpec with_step(DropoutSpec spec) {
  spec.key = spec.drawn_key();
  spec.device_step = nullptr;
  return spec;
}

template <int kPack, class T>
__global__ void __launch_bounds__(kThreads)
    dropout_kernel(const T* input, T* output, std::int64_t packs, const DropoutSpec given) {
  const DropoutSpec spec = with_step(given);
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

/// f32 in packs, where element 0 begins a Philox block. A warp takes 64 packs, whose 32 blocks its
/// lanes draw: lane l moves packs l and 32 + l, both the first or both the second half of a block.
__global__ void __launch_bounds__(kThreads)
    dropout_pairs_kernel(const float* input, float* output, std::int64_t packs,
                         const DropoutSpec given) {
  const DropoutSpec spec = with_step(given);
  const std::uint32_t threshold = spec.threshold();
  const float scale = spec.scale();
  const unsigned lane = threadIdx.x % kWarpSize;
  const bool odd = lane % 2 != 0;
  const std::int64_t stride = 2 * std::int64_t{gridDim.x} * kThreads;
  std::int64_t first = 2 * (std::int64_t{blockIdx.x} * kThreads + threadIdx.x - lane);
  for (; first < packs; first += stride) {
    const std::int64_t own[2] = {first + lane, first + kWarpSize + lane};
    float values[2][kPair];
#pragma unroll
    for (int i = 0; i < 2; ++i) {
      if (own[i] < packs) load_pack(input + own[i] * kPair, values[i]);
    }
    const std::int64_t drawn = odd ? own[1] - 1 : own[0];
    const std::array<std::uint32_t, 4> words =
        philox(spec.key, spec.element(static_cast<std::uint64_t>(drawn * kPair)) / 8);
    std::uint32_t other[2];  // of the neighbour's block, the half that is this lane's
#pragma unroll
    for (int i = 0; i < 2; ++i) {
      other[i] = __shfl_xor_sync(kAllLanes, odd ? words[i] : words[2 + i], 1);
    }
#pragma unroll
    for (int i = 0; i < 2; ++i) {
      const bool drew = odd == (i == 1);
#pragma unroll
      for (int j = 0; j < kPair; ++j) {
        const std::uint32_t mine = odd ? words[2 + j / 2] : words[j / 2];
        values[i][j] *= keeps(drew ? mine : other[j / 2], j, threshold) ? scale : 0.0F;
      }
      if (own[i] < packs) store_pack(output + own[i] * kPair, values[i]);
    }
  }
}

/// Whether element 0 begins a Philox block, and so does every 8th after it.
bool begins_block(const DropoutSpec& spec) {
  return (spec.first_element | spec.offset | spec.run | spec.stride) % 8 == 0;
}

template <class T>
void run_packs(const Context& context, const Dropout& p, std::int64_t packs) {
  if constexpr (std::is_same_v<T, float>) {
    if (begins_block(p.dropout)) {
      return launch(context,
                    {"dropout", grid_for(context, blocks_of(packs, 2), kThreads), kThreads},
                    dropout_pairs_kernel, p.input.as<T>(), p.output.as<T>(), packs, p.dropout);
    }
  }
  launch(context, {"dropout", grid_for(context, packs, kThreads), kThreads},
         dropout_kernel<kPackOf<T>, T>, p.input.as<T>(), p.output.as<T>(), packs, p.dropout);
}

/// Elements [begin, begin + count), one at a time.
template <class T>
void run_elements(const Context& context, const Dropout& p, std::int64_t begin,
                  std::int64_t count) {
  DropoutSpec spec = p.dropout;
  spec.offset += static_cast<std::uint64_t>(begin);
  launch(context, {"dropout", grid_for(context, count, kThreads), kThreads}, dropout_kernel<1, T>,
         p.input.as<T>() + begin, p.output.as<T>() + begin, count, spec);
}

}  // namespace

void dropout(Context& context, const Dropout& p) {
  for_storage(p.input.dtype, [&]<class T>(std::type_identity<T>) {
    const std::int64_t count = p.input.elements();
    const bool aligned = aligned_to(16, p.input.data, p.output.data);
    const std::int64_t packs = aligned ? count / kPackOf<T> : 0;
    run_packs<T>(context, p, packs);
    run_elements<T>(context, p, packs * kPackOf<T>, count - packs * kPackOf<T>);
  });
}

}  // namespace ebb::kernels::cuda
