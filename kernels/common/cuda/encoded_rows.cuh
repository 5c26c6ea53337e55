// What encodings of numbers share on CUDA: each number of an input [rows, features] becomes `width`
// neighbouring components of the output.
//
// A block writes a tile of components at once and goes on by whole rows: so what a component
// depends on besides the number, such as a frequency or the edges of a bin, is the same for all
// tiles of a thread and stays in its registers. Neighbouring threads have neighbouring components;
// they leave them in shared memory, from where they are written in packs of 16 bytes, whatever the
// width. The numbers of a tile go through shared memory too, each read once.
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>

#include "kernels/common/blocks.h"
#include "kernels/common/cuda/launch.h"
#include "kernels/common/cuda/runtime.h"
#include "kernels/common/cuda/storage.cuh"

namespace ebb::cuda {

inline constexpr int kEncodingThreads = 256;
inline constexpr int kEncodingBlocks = 4;  // of a multiprocessor, as registers allow

/// The components of a tile: a pack of 16 bytes a thread.
template <class T>
inline constexpr int kEncodingTile = kEncodingThreads* kPackOf<T>;

struct EncodedRows {
  std::int64_t count;  // of components
  std::uint32_t width;
  std::uint32_t features;
};

/// Writes make(feature, place)(input[number]) to output[number * width + place], for all
/// components. The grid is that of encoding_grid().
template <class T, class Make>
__device__ inline void write_components(const T* input, T* output, const EncodedRows& rows,
                                        Make&& make) {
  constexpr int kPack = kPackOf<T>;
  constexpr int kTile = kEncodingTile<T>;
  __shared__ float numbers[kTile];
  __shared__ alignas(16) T written[kTile];
  const bool aligned = reinterpret_cast<std::uintptr_t>(output) % 16 == 0;
  std::int64_t tile = std::int64_t{blockIdx.x} * kTile;
  std::int64_t tile_number = tile / rows.width;
  const auto tile_place = static_cast<std::uint32_t>(tile % rows.width);
  const auto tile_feature = static_cast<std::uint32_t>(tile_number % rows.features);
  // The thread's components of every tile, kEncodingThreads apart, and which of a tile's numbers
  // each is of.
  decltype(make(0u, 0u)) components[kPack];
  std::uint32_t number[kPack];
#pragma unroll
  for (int j = 0; j < kPack; ++j) {
    const std::uint32_t place = tile_place + threadIdx.x + j * kEncodingThreads;
    number[j] = place / rows.width;
    components[j] = make((tile_feature + number[j]) % rows.features, place % rows.width);
  }
  const std::int64_t stride = std::int64_t{gridDim.x} * kTile;
  for (; tile < rows.count; tile += stride, tile_number += stride / rows.width) {
    const auto count = static_cast<std::uint32_t>(min(std::int64_t{kTile}, rows.count - tile));
    const std::uint32_t last_number = (tile_place + count - 1) / rows.width;
    for (std::uint32_t i = threadIdx.x; i <= last_number; i += kEncodingThreads) {
      numbers[i] = to_f32(input[tile_number + i]);
    }
    __syncthreads();  // the numbers are there, and the tile before is written
#pragma unroll
    for (int j = 0; j < kPack; ++j) {
      const std::uint32_t at = threadIdx.x + j * kEncodingThreads;
      if (at < count) written[at] = from_f32<T>(components[j](numbers[number[j]]));
    }
    __syncthreads();  // all are done with the numbers
    if (aligned && count == kTile) {
      const std::uint32_t at = threadIdx.x * kPack;
      *reinterpret_cast<uint4*>(output + tile + at) = *reinterpret_cast<const uint4*>(written + at);
    } else {
      for (std::uint32_t at = threadIdx.x; at < count; at += kEncodingThreads) {
        output[tile + at] = written[at];
      }
    }
  }
}

/// The grid of a kernel that calls write_components() once: a block per tile, or, where these are
/// more than are resident, as many as go on by whole rows.
template <class T>
unsigned encoding_grid(const Context& context, const EncodedRows& rows) {
  const std::int64_t tiles = blocks_of(rows.count, kEncodingTile<T>);
  const std::int64_t resident =
      std::int64_t{kEncodingBlocks} * multiprocessor_count(context.device());
  if (tiles <= resident) return static_cast<unsigned>(tiles);
  const std::int64_t row = std::int64_t{rows.width} * rows.features;
  const std::int64_t whole_rows = row / std::gcd<std::int64_t>(row, kEncodingTile<T>);
  const std::int64_t most = std::max<std::int64_t>(resident / whole_rows, 1) * whole_rows;
  return static_cast<unsigned>(std::min(tiles, most));
}

}  // namespace ebb::cuda
