// Fill and cast on CUDA, for every element type: bound by memory.
//
// Cast: a thread converts as many neighbours as make 16 bytes of the wider type, so that both sides
// move whole sectors; the rest, or everything where an operand is not aligned to its part, goes one
// by one. sizeof(From) + sizeof(To) bytes per element.
// Fill: one kernel for all types stores a pattern of 16 bytes; every element size divides 16, so a
// byte at address a is byte a mod 16 of the pattern, wherever the output begins.
#include <algorithm>
#include <cstring>

#include "kernels/common/cuda/launch.h"
#include "kernels/common/cuda/runtime.h"
#include "kernels/common/cuda/storage.cuh"
#include "kernels/elementwise/elementwise_backends.h"
#include "kernels/elementwise/elementwise_element_types.h"
#include "kernels/elementwise/elementwise_reference.h"

namespace ebb::kernels::cuda {
namespace {

using namespace ebb::cuda;

constexpr int kThreads = 256;
constexpr int kPatternBytes = 16;

using Pattern = Pack<std::uint32_t, 4>;

template <class T>
inline constexpr bool kIsHalf = std::is_same_v<T, BFloat16> || std::is_same_v<T, Float16>;

/// reference::convert, with the device's instructions for bf16 and f16.
template <class To, class From>
__device__ To convert(From value) {
  if constexpr (kIsHalf<From>) {
    return convert<To>(to_f32(value));
  } else if constexpr (kIsHalf<To>) {
    return from_f32<To>(static_cast<float>(value));
  } else {
    return reference::convert<To>(value);
  }
}

template <int kCount, class From, class To>
__device__ void cast_pack(const From* input, To* output) {
  const auto from = *reinterpret_cast<const Pack<From, kCount>*>(input);
  Pack<To, kCount> to;
#pragma unroll
  for (int i = 0; i < kCount; ++i) to.values[i] = convert<To>(from.values[i]);
  *reinterpret_cast<Pack<To, kCount>*>(output) = to;
}

template <int kPack, class From, class To>
__global__ void __launch_bounds__(kThreads)
    cast_kernel(const From* input, To* output, std::int64_t count, std::int64_t packs) {
  const std::int64_t stride = std::int64_t{gridDim.x} * kThreads;
  const std::int64_t thread = std::int64_t{blockIdx.x} * kThreads + threadIdx.x;
  for (std::int64_t i = thread; i < packs; i += stride) {
    cast_pack<kPack>(input + i * kPack, output + i * kPack);
  }
  for (std::int64_t i = packs * kPack + thread; i < count; i += stride) {
    cast_pack<1>(input + i, output + i);
  }
}

template <class From, class To>
void run_cast(Context& context, const Cast& p) {
  constexpr int kPack = kPackOf<std::conditional_t<(sizeof(From) > sizeof(To)), From, To>>;
  const std::int64_t count = p.input.elements();
  const bool aligned = aligned_to(kPack * sizeof(From), p.input.data) &&
                       aligned_to(kPack * sizeof(To), p.output.data);
  const std::int64_t packs = aligned ? count / kPack : 0;
  launch(context, {"cast", grid_for(context, packs > 0 ? packs : count, kThreads), kThreads},
         cast_kernel<kPack, From, To>, p.input.as<From>(), p.output.as<To>(), count, packs);
}

/// Bytes [0, head) and [head + packs * 16, bytes) byte by byte; `output` + head is aligned.
__global__ void __launch_bounds__(kThreads)
    fill_kernel(Pattern pattern, unsigned char* output, std::int64_t bytes, int head,
                std::int64_t packs) {
  const std::int64_t stride = std::int64_t{gridDim.x} * kThreads;
  const std::int64_t thread = std::int64_t{blockIdx.x} * kThreads + threadIdx.x;
  auto* whole = reinterpret_cast<Pattern*>(output + head);
  for (std::int64_t i = thread; i < packs; i += stride) whole[i] = pattern;
  // Before and behind the whole packs, each of the first 16 threads stores its byte of the pattern.
  if (thread >= kPatternBytes) return;
  // Selected, not indexed: a register array has no addresses.
  std::uint32_t word = pattern.values[0];
#pragma unroll
  for (int i = 1; i < 4; ++i) {
    if (thread / 4 == i) word = pattern.values[i];
  }
  const auto mine = static_cast<unsigned char>(word >> (thread % 4 * 8));
  const std::int64_t before = head - kPatternBytes + thread;
  const std::int64_t behind = head + packs * kPatternBytes + thread;
  if (before >= 0 && before < bytes) output[before] = mine;
  if (behind < bytes) output[behind] = mine;
}

}  // namespace

void fill(Context& context, const Fill& p) {
  with_element_type(p.output.dtype, [&]<class T>(std::type_identity<T>) {
    const T value = reference::convert<T>(p.value);
    Pattern pattern;
    for (std::size_t i = 0; i < kPatternBytes; i += sizeof(T)) {
      std::memcpy(reinterpret_cast<char*>(pattern.values) + i, &value, sizeof(T));
    }
    const std::int64_t bytes = p.output.elements() * static_cast<std::int64_t>(sizeof(T));
    const auto past =
        static_cast<int>(reinterpret_cast<std::uintptr_t>(p.output.data) % kPatternBytes);
    const int head = past == 0 ? 0 : kPatternBytes - past;
    const std::int64_t packs = std::max<std::int64_t>(bytes - head, 0) / kPatternBytes;
    const unsigned blocks = bytes == 0 ? 0 : grid_for(context, packs + 1, kThreads);
    launch(context, {"fill", blocks, kThreads}, fill_kernel, pattern, p.output.as<unsigned char>(),
           bytes, head, packs);
  });
}

void cast(Context& context, const Cast& p) {
  with_element_type(p.input.dtype, [&]<class From>(std::type_identity<From>) {
    with_element_type(p.output.dtype, [&]<class To>(std::type_identity<To>) {
      if constexpr (std::is_same_v<From, To>) {
        ebb::cuda::copy(context.stream(), p.output.data, p.input.data,
                        static_cast<std::size_t>(p.input.elements()) * sizeof(To));
      } else {
        run_cast<From, To>(context, p);
      }
    });
  });
}

}  // namespace ebb::kernels::cuda
