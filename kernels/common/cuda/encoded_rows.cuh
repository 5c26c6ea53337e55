// What encodings of numbers share on CUDA: each number of an input [rows, features] becomes `width`
// neighbouring components.
//
// A block takes a tile of components at once and goes on by whole rows: so what a component
// depends on besides the number, such as a frequency or the edges of a bin, is the same for all
// tiles of a thread and stays in its registers. It comes there through shared memory, so that a
// block reads each parameter once. Neighbouring threads have neighbouring components; they leave
// them in shared memory, from where they are written in packs of 16 bytes, whatever the width. The
// numbers of a tile go through shared memory too, each read once, by whole sectors.
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>

#include "kernels/common/blocks.h"
#include "kernels/common/cuda/divider.cuh"
#include "kernels/common/cuda/launch.h"
#include "kernels/common/cuda/runtime.h"
#include "kernels/common/cuda/storage.cuh"
#include "kernels/common/shape.h"

namespace ebb::cuda {

inline constexpr int kEncodingThreads = 256;
inline constexpr int kEncodingBlocks = 4;  // of a multiprocessor, as registers allow

/// The components of a tile, at most: a pack of 16 bytes a thread.
template <class T>
inline constexpr int kEncodingTile = kEncodingThreads* kPackOf<T>;

/// The elements of a sector, the least that memory moves.
template <class T>
inline constexpr std::uint32_t kSectorOf = 32 / sizeof(T);

struct EncodedRows {
  /// `encoded`: [rows, features, width].
  explicit EncodedRows(const Shape& encoded)
      : count(encoded.elements()),
        numbers(encoded[0] * encoded[1]),
        width(static_cast<std::uint32_t>(encoded[2])),
        features(static_cast<std::uint32_t>(encoded[1])),
        by_width(std::max(width, 1u)) {}

  std::int64_t count;  // of components
  std::int64_t numbers;
  std::uint32_t width;
  std::uint32_t features;
  Divider by_width;
};

/// What is kept of a table [features, per_feature]: the entries for the features of `count`
/// numbers, from feature `first` on; after the last one they begin anew.
struct TableExcerpt {
  /// put(i, entry) for every entry of the excerpt, of which each is read once.
  template <class T, class Put>
  __device__ void copy(const T* table, std::uint32_t per_feature, Put&& put) const {
    const std::int64_t size = std::int64_t{features} * per_feature;
    const std::uint32_t end = count * per_feature;
    for (std::uint32_t i = threadIdx.x; i < min(std::int64_t{end}, size); i += kEncodingThreads) {
      const std::int64_t from = std::int64_t{first} * per_feature + i;
      const T entry = table[from < size ? from : from - size];
      for (std::int64_t to = i; to < end; to += size) put(static_cast<std::uint32_t>(to), entry);
    }
  }

  std::uint32_t first;
  std::uint32_t features;
  std::uint32_t count;
};

/// Shared memory for what components are made from.
template <class T>
struct TableMemory {
  static constexpr std::uint32_t kEntries = kEncodingTile<T> * 5 / 4;
  static constexpr std::uint32_t kNumbers = kEncodingTile<T> / 4;

  alignas(16) T entries[kEntries];
  std::int32_t counts[kNumbers];
};

/// The thread's components of every tile, kEncodingThreads apart, and which of the tile's numbers
/// each is of.
template <class T, class Component>
struct TileComponents {
  /// Of tiles that begin at component `place` of a number of feature `feature`. tables(f, place)
  /// makes a component, where `tables` holds tables.per_feature() elements for each feature;
  /// tables.kept(excerpt, memory) holds those of a tile's numbers.
  template <class Tables>
  __device__ TileComponents(Tables tables, const EncodedRows& rows, std::uint32_t place,
                            std::uint32_t feature, TableMemory<T>& memory) {
    const std::uint32_t numbers = rows.by_width.quotient(place + kEncodingTile<T> - 1) + 1;
    const bool fits = numbers <= memory.kNumbers && std::uint64_t{numbers} * tables.per_feature() <=
                                                        std::uint64_t{memory.kEntries};
    if (fits) tables = tables.kept(TableExcerpt{feature, rows.features, numbers}, memory);
    __syncthreads();
#pragma unroll
    for (int j = 0; j < kPackOf<T>; ++j) {
      const std::uint32_t at = place + threadIdx.x + j * kEncodingThreads;
      number[j] = rows.by_width.quotient(at);
      const std::uint32_t f = fits ? number[j] : (feature + number[j]) % rows.features;
      component[j] = tables(f, rows.by_width.remainder(at, number[j]));
    }
  }

  Component component[kPackOf<T>];
  std::uint32_t number[kPackOf<T>];
};

/// Writes component(input[number]) to output[number * width + place], for all components, which
/// are those of `tables` (see TileComponents). The grid is that of encoding_grid().
template <class Component, class T, class Tables>
__device__ inline void write_components(const T* input, T* output, const EncodedRows& rows,
                                        const Tables& tables) {
  constexpr int kPack = kPackOf<T>;
  constexpr int kTile = kEncodingTile<T>;
  constexpr std::uint32_t kSector = kSectorOf<T>;
  __shared__ float numbers[kTile + 2 * kSector];
  __shared__ TableMemory<T> memory;
  T* const written = memory.entries;
  const bool aligned = reinterpret_cast<std::uintptr_t>(output) % 16 == 0;
  std::int64_t tile = std::int64_t{blockIdx.x} * kTile;
  std::int64_t tile_number = tile / rows.width;
  const auto tile_place = static_cast<std::uint32_t>(tile % rows.width);
  const auto tile_feature = static_cast<std::uint32_t>(tile_number % rows.features);
  const TileComponents<T, Component> mine(tables, rows, tile_place, tile_feature, memory);
  const T* const input_end = input + rows.numbers;
  const std::int64_t stride = std::int64_t{gridDim.x} * kTile;
  const std::int64_t stride_numbers = stride / rows.width;
  for (; tile < rows.count; tile += stride, tile_number += stride_numbers) {
    const auto count = static_cast<std::uint32_t>(min(std::int64_t{kTile}, rows.count - tile));
    // The numbers by whole sectors.
    const std::uint32_t before = static_cast<std::uint32_t>(tile_number) % kSector;
    const std::uint32_t last = before + rows.by_width.quotient(tile_place + count - 1);
    const T* from = input + tile_number - before;
    for (std::uint32_t i = threadIdx.x; i <= (last | (kSector - 1)); i += kEncodingThreads) {
      if (from + i < input_end) numbers[kSector - before + i] = to_f32(from[i]);
    }
    __syncthreads();  // the numbers are there, and the tile before is written
#pragma unroll
    for (int j = 0; j < kPack; ++j) {
      const std::uint32_t at = threadIdx.x + j * kEncodingThreads;
      if (at < count) {
        written[at] = from_f32<T>(mine.component[j](numbers[kSector + mine.number[j]]));
      }
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

/// The grid of a kernel whose blocks take tiles of `tile` items, of `count` in rows of `row`: a
/// block per tile, or, where these are more than `most`, as many as go on by whole rows.
inline unsigned encoding_grid(std::int64_t most, std::int64_t count, std::int64_t tile,
                              std::int64_t row) {
  const std::int64_t tiles = blocks_of(count, tile);
  const std::int64_t whole_rows = row / std::gcd(row, tile);
  if (tiles > most) most = std::max<std::int64_t>(most / whole_rows, 1) * whole_rows;
  return static_cast<unsigned>(std::min(tiles, most));
}

/// The blocks of kernels that are launched for kEncodingBlocks which are resident at once.
inline std::int64_t encoding_blocks(const Context& context) {
  return std::int64_t{kEncodingBlocks} * multiprocessor_count(context.device());
}

/// The grid of write_components().
template <class T>
unsigned encoding_grid(const Context& context, const EncodedRows& rows) {
  return encoding_grid(encoding_blocks(context), rows.count, kEncodingTile<T>,
                       std::int64_t{rows.width} * rows.features);
}

}  // namespace ebb::cuda
