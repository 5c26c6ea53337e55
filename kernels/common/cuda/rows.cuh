// How kernels that reduce over the last dimension deal rows to threads.
//
//   columns                        row on             held in
//   up to 16 packs                 half a warp        registers, one pack a thread
//   up to 16, not in packs         half a warp        registers, one element a thread
//   up to 32, not in packs         a warp             registers, one element a thread
//   up to 512                      a warp             registers, 16 elements a thread
//   up to 4096                     256 threads        registers, 16 elements a thread
//   more                           256 threads        shared memory, if it holds a row; else they
//                                                     are read again in each pass
//
// A pack is 16 bytes where columns are whole packs and operands aligned so, else one element.
// Softmax and cross-entropy deal rows of up to 32 columns otherwise (short_rows.cuh).
#pragma once

#include <algorithm>
#include <cstdint>

#include "kernels/common/cuda/collectives.cuh"
#include "kernels/common/cuda/launch.h"
#include "kernels/common/cuda/ptx.cuh"
#include "kernels/common/cuda/runtime.h"
#include "kernels/common/cuda/storage.cuh"

namespace ebb::cuda {

inline constexpr int kRowThreads = 256;  // of a block
inline constexpr int kPerThread = 16;    // elements of a row that a thread keeps in registers

/// kGroup threads share a row, each with kPacks packs of kPack neighbours; the packs of a group
/// alternate, so that its loads are coalesced. kPacks = 0: a row does not fit.
template <int kGroup_, int kPacks_, int kPack_>
struct RowLayout {
  static constexpr int kGroup = kGroup_;
  static constexpr int kPacks = kPacks_;
  static constexpr int kPack = kPack_;
  static constexpr int kGroups = kRowThreads / kGroup;  // rows that a block has at work

  /// The first column of pack `i` of the calling thread.
  __device__ static std::int64_t column(int i) {
    return (std::int64_t{i} * kGroup + threadIdx.x % kGroup) * kPack;
  }
  /// The group of the calling thread in its block.
  __device__ static int group() { return static_cast<int>(threadIdx.x) / kGroup; }
};

/// Calls body(row, present) for every stride-th row from the calling thread's group on, within
/// [begin, end). The threads of a block stay together, so that they may reduce and wait: where only
/// some have a row left, `present` is false for the others.
template <class Layout, class Body>
__device__ void for_rows(std::int64_t begin, std::int64_t end, std::int64_t stride, Body&& body) {
  for (; begin < end; begin += stride) {
    const std::int64_t row = begin + Layout::group();
    body(row, row < end);
  }
}

/// A vector over the columns in shared memory, for all rows of a block. It is under way until
/// wait_for_columns(), so that the block may read its first rows meanwhile.
template <class Layout, class T>
__device__ void copy_columns(const T* vector, std::int64_t columns, T* shared) {
  constexpr int kPack = Layout::kPack;
  for (std::int64_t c = std::int64_t{threadIdx.x} * kPack; c < columns; c += kRowThreads * kPack) {
    if constexpr (kPack == 1) {
      shared[c] = vector[c];
    } else {
      ptx::cp_async_16(shared + c, vector + c);
    }
  }
  ptx::cp_async_commit_group();
}

/// Until copy_columns() of all threads of the block are done.
__device__ inline void wait_for_columns() {
  ptx::cp_async_wait_group<0>();
  __syncthreads();
}

/// Calls body(column) for each pack of the calling thread in a row that does not fit into
/// registers.
template <class Layout, class Body>
__device__ void for_long_row(std::int64_t columns, Body&& body) {
  constexpr int kPack = Layout::kPack;
  for (std::int64_t column = std::int64_t{threadIdx.x} * kPack; column < columns;
       column += kRowThreads * kPack) {
    body(column);
  }
}

template <class T, int kPack>
__device__ inline uint4 words_of(const float (&values)[kPack]) {
  Pack<T, kPack> pack;
#pragma unroll
  for (int j = 0; j < kPack; ++j) pack.values[j] = from_f32<T>(values[j]);
  return *reinterpret_cast<const uint4*>(&pack);
}

/// store_pack() to global memory by one instruction, also in loops over long rows, where the
/// compiler would take it apart.
template <int kPack, class T>
__device__ inline void store_whole_pack(T* to, const float (&values)[kPack]) {
  if constexpr (kPack == 1) {
    *to = from_f32<T>(values[0]);
  } else {
    ptx::store_global(to, words_of<T>(values));
  }
}

/// The same to shared memory.
template <int kPack, class T>
__device__ inline void keep_pack(T* to, const float (&values)[kPack]) {
  if constexpr (kPack == 1) {
    *to = from_f32<T>(values[0]);
  } else {
    const uint4 words = words_of<T>(values);
    ptx::store_shared(to, make_float4(__uint_as_float(words.x), __uint_as_float(words.y),
                                      __uint_as_float(words.z), __uint_as_float(words.w)));
  }
}

/// `bytes`, if a block's shared memory holds so much of a long row, else 0. A thread keeps and
/// finds its own packs there, so that it need not wait.
inline std::size_t kept_bytes(const Context& context, std::size_t bytes) {
  return bytes <= shared_bytes_of_block(context.device()) ? bytes : 0;
}

/// Over the threads of a row; every thread of the warp, and of the block where a row is on all of
/// it, takes part.
template <class Layout, class Operation>
__device__ float row_reduce(float value) {
  if constexpr (Layout::kGroup <= kWarpSize) {
    return warp_reduce<Operation, Layout::kGroup>(value);
  } else {
    __shared__ float scratch[kRowThreads / kWarpSize];
    return block_reduce<Operation>(value, scratch);
  }
}

/// Calls body(RowLayout) by the rule above, for elements of T, but for rows of up to 32 columns
/// that are not in packs.
template <class T, class Body>
void for_longer_row_layout(std::int64_t columns, bool in_packs, Body&& body) {
  constexpr int kPack = kPackOf<T>;
  constexpr int kHalfWarp = kWarpSize / 2;
  const bool on_warp = columns <= kWarpSize * kPerThread;
  const bool is_long = columns > kRowThreads * kPerThread;
  if (is_long && in_packs) return body(RowLayout<kRowThreads, 0, kPack>());
  if (is_long) return body(RowLayout<kRowThreads, 0, 1>());
  if (!in_packs && on_warp) return body(RowLayout<kWarpSize, kPerThread, 1>());
  if (!in_packs) return body(RowLayout<kRowThreads, kPerThread, 1>());
  if (columns <= kHalfWarp * kPack) return body(RowLayout<kHalfWarp, 1, kPack>());
  if (on_warp) return body(RowLayout<kWarpSize, kPerThread / kPack, kPack>());
  return body(RowLayout<kRowThreads, kPerThread / kPack, kPack>());
}

/// The same for rows of every length.
template <class T, class Body>
void for_row_layout(std::int64_t columns, bool in_packs, Body&& body) {
  constexpr int kHalfWarp = kWarpSize / 2;
  if (!in_packs && columns <= kHalfWarp) return body(RowLayout<kHalfWarp, 1, 1>());
  if (!in_packs && columns <= kWarpSize) return body(RowLayout<kWarpSize, 1, 1>());
  for_longer_row_layout<T>(columns, in_packs, std::forward<Body>(body));
}

}  // namespace ebb::cuda
