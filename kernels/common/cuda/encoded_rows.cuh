// What encodings of numbers share on CUDA: each number of an input [rows, features] becomes `width`
// neighbouring components of the output.
#pragma once

#include <cstdint>

#include "kernels/common/blocks.h"
#include "kernels/common/cuda/launch.h"
#include "kernels/common/cuda/storage.cuh"

namespace ebb::cuda {

inline constexpr int kEncodingThreads = 256;

/// The components that a block writes: two packs of 16 bytes a thread.
template <class T>
inline constexpr int kEncodingTile = kEncodingThreads* kPackOf<T> * 2;

/// Writes component(number, feature, place) to output[number * width + place], for all of `count`
/// components. Writes are packs of 16 bytes, whatever the width, if the output is aligned so.
template <class T, class Component>
__device__ inline void write_components(T* output, std::int64_t count, std::uint32_t width,
                                        std::uint32_t features, Component&& component) {
  constexpr int kPack = kPackOf<T>;
  const bool aligned = reinterpret_cast<std::uintptr_t>(output) % 16 == 0;
  const std::int64_t tile = std::int64_t{blockIdx.x} * kEncodingTile<T>;
  // 64-bit divisions once, small ones for each pack.
  const std::int64_t tile_number = tile / width;
  const auto tile_place = static_cast<std::uint32_t>(tile % width);
  const auto tile_feature = static_cast<std::uint32_t>(tile_number % features);
  for (std::uint32_t in_tile = threadIdx.x * kPack; in_tile < kEncodingTile<T>;
       in_tile += kEncodingThreads * kPack) {
    const std::int64_t first = tile + in_tile;
    if (first >= count) return;
    const std::uint32_t numbers = (tile_place + in_tile) / width;
    std::uint32_t place = tile_place + in_tile - numbers * width;
    std::uint32_t feature = (tile_feature + numbers) % features;
    std::int64_t number = tile_number + numbers;
    float values[kPack];
#pragma unroll
    for (int j = 0; j < kPack; ++j) {
      values[j] = first + j < count ? component(number, feature, place) : 0.0F;
      if (++place < width) continue;
      place = 0;
      ++number;
      if (++feature == features) feature = 0;
    }
    if (aligned && first + kPack <= count) {
      store_pack(output + first, values);
    } else {
#pragma unroll
      for (int j = 0; j < kPack; ++j) {
        if (first + j < count) output[first + j] = from_f32<T>(values[j]);
      }
    }
  }
}

/// The grid of a kernel that calls write_components() once.
template <class T>
unsigned encoding_grid(std::int64_t count) {
  return static_cast<unsigned>(blocks_of(count, kEncodingTile<T>));
}

}  // namespace ebb::cuda
