// Elements of tensors on the device: conversion to and from f32, and packs that move 16 bytes at
// once.
#pragma once

#include <cstdint>
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <type_traits>
#include <utility>

#include "kernels/common/dtype.h"
#include "kernels/common/error.h"

namespace ebb::cuda {

__device__ inline float to_f32(float value) { return value; }
__device__ inline float to_f32(BFloat16 value) {
  return __uint_as_float(static_cast<unsigned>(value.bits) << 16);
}
__device__ inline float to_f32(Float16 value) { return __half2float(__ushort_as_half(value.bits)); }

/// Rounds to nearest, ties to even; NaN stays NaN.
template <class T>
__device__ inline T from_f32(float value) {
  if constexpr (std::is_same_v<T, float>) {
    return value;
  } else if constexpr (std::is_same_v<T, BFloat16>) {
    return {__bfloat16_as_ushort(__float2bfloat16_rn(value))};
  } else {
    return {__half_as_ushort(__float2half_rn(value))};
  }
}

/// `kCount` neighbours, moved by one instruction where they make 16, 8 or 4 bytes.
template <class T, int kCount>
struct alignas(sizeof(T) * kCount) Pack {
  T values[kCount];
};

/// How many elements of T a 128-bit access moves.
template <class T>
inline constexpr int kPackOf = 16 / static_cast<int>(sizeof(T));

/// Reads kCount elements at `from`, aligned to their pack, as f32.
template <int kCount, class T>
__device__ inline void load_pack(const T* from, float (&values)[kCount]) {
  const auto pack = *reinterpret_cast<const Pack<T, kCount>*>(from);
#pragma unroll
  for (int i = 0; i < kCount; ++i) values[i] = to_f32(pack.values[i]);
}

/// Writes kCount elements at `to`, aligned to their pack, rounded to T.
template <int kCount, class T>
__device__ inline void store_pack(T* to, const float (&values)[kCount]) {
  Pack<T, kCount> pack;
#pragma unroll
  for (int i = 0; i < kCount; ++i) pack.values[i] = from_f32<T>(values[i]);
  *reinterpret_cast<Pack<T, kCount>*>(to) = pack;
}

/// Whether all of `pointers` are aligned to `bytes`; null is.
template <class... Pointers>
bool aligned_to(std::size_t bytes, const Pointers*... pointers) {
  return ((reinterpret_cast<std::uintptr_t>(pointers) % bytes == 0) && ...);
}

/// Calls body(std::type_identity<T>()) for the element type `dtype`: f32, bf16 or f16.
template <class Body>
void for_storage(DType dtype, Body&& body) {
  switch (dtype) {
    case DType::f32:
      return body(std::type_identity<float>());
    case DType::bf16:
      return body(std::type_identity<BFloat16>());
    case DType::f16:
      return body(std::type_identity<Float16>());
    default:
      fail<UnsupportedError>("CUDA kernels compute on f32, bf16 and f16, not on {}",
                             name_of(dtype));
  }
}

}  // namespace ebb::cuda
