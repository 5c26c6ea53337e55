// A stable sort of an embedding's indices by table row on CUDA: least significant digit first, 8
// bits a pass, so one pass for tables of up to 255 rows and two for up to 65535. Stable sorting of
// integers has one result, so it is deterministic.
//
// A pass is three launches: digits are counted by tile of 2048 indices, the counts of every digit
// are summed up over tiles, and the indices of each tile go to their places. Within a tile a warp
// takes 256 neighbours in order, and its lanes keep the counts in registers: in shared memory
// digits that are equal modulo 32 would meet in a bank. Per index and pass 8 bytes are read twice
// and written once, and half a byte of counts moves five times.
#pragma once

#include <algorithm>
#include <cstdint>

#include "kernels/common/blocks.h"
#include "kernels/common/cuda/collectives.cuh"
#include "kernels/common/cuda/launch.h"

namespace ebb::kernels::cuda {

inline constexpr int kDigits = 256;
inline constexpr int kSortThreads = kDigits;  // a thread takes a digit where digits are the work
inline constexpr int kSortWarps = kSortThreads / ebb::cuda::kWarpSize;
inline constexpr int kDigitsOfLane = kDigits / ebb::cuda::kWarpSize;
inline constexpr int kSortRounds = 8;
inline constexpr int kSortTile = kSortThreads * kSortRounds;
inline constexpr int kSumThreads = 1024;

/// Keys are table rows; `most` stands for all that are no rows, and sorts last.
struct SortItems {
  const std::uint32_t* keys;
  const std::uint32_t* positions;  // null: they count from 0
  std::uint32_t n;
  std::uint32_t most;

  __device__ std::uint32_t key(std::uint32_t i) const { return min(keys[i], most); }
  __device__ std::uint32_t position(std::uint32_t i) const {
    return positions == nullptr ? i : positions[i];
  }
};

/// How often each warp of the block has met each digit.
using DigitCounts = std::uint32_t[kSortWarps][kDigits];

/// The digits that the lanes of a warp hold, as one mask of lanes for each bit.
class WarpDigits {
 public:
  /// Every lane takes part; kDigits is no digit.
  __device__ explicit WarpDigits(std::uint32_t digit)
      : digits_(__ballot_sync(ebb::cuda::kAllLanes, digit < kDigits)) {
#pragma unroll
    for (int bit = 0; bit < kBits; ++bit) {
      bits_[bit] = __ballot_sync(ebb::cuda::kAllLanes, (digit >> bit & 1u) != 0);
    }
  }
  /// The lanes that hold `digit`.
  __device__ unsigned holders(std::uint32_t digit) const {
    unsigned lanes = digits_;
#pragma unroll
    for (int bit = 0; bit < kBits; ++bit) lanes &= bits_[bit] ^ ((digit >> bit & 1u) - 1u);
    return lanes;
  }

 private:
  static constexpr int kBits = 8;

  unsigned digits_;
  unsigned bits_[kBits];
};

/// A number for each digit in the registers of a warp: lane l has those of the digits l modulo 32.
class WarpTable {
 public:
  /// For the digits that keys have from bit `shift` on.
  __device__ WarpTable(const SortItems& items, int shift)
      : used_((items.most >> shift) / ebb::cuda::kWarpSize + 1) {}

  __device__ void load(const std::uint32_t (&table)[kDigits]) {
#pragma unroll
    for (int j = 0; j < kDigitsOfLane; ++j) numbers_[j] = table[digit_of(j)];
  }
  __device__ void store(std::uint32_t (&table)[kDigits]) const {
#pragma unroll
    for (int j = 0; j < kDigitsOfLane; ++j) table[digit_of(j)] = numbers_[j];
  }
  /// Adds to the number of each digit how many lanes hold it.
  __device__ void count(const WarpDigits& digits) {
#pragma unroll
    for (std::uint32_t j = 0; j < kDigitsOfLane; ++j) {
      if (j >= used_) break;
      numbers_[j] += __popc(digits.holders(digit_of(j)));
    }
  }
  /// The number of `digit`; every lane takes part.
  __device__ std::uint32_t operator[](std::uint32_t digit) const {
    std::uint32_t number = 0;
#pragma unroll
    for (std::uint32_t j = 0; j < kDigitsOfLane; ++j) {
      if (j >= used_) break;
      const std::uint32_t of_lane =
          __shfl_sync(ebb::cuda::kAllLanes, numbers_[j], digit % ebb::cuda::kWarpSize);
      if (digit / ebb::cuda::kWarpSize == j) number = of_lane;
    }
    return number;
  }

 private:
  __device__ static std::uint32_t digit_of(std::uint32_t j) {
    return j * ebb::cuda::kWarpSize | threadIdx.x % ebb::cuda::kWarpSize;
  }

  std::uint32_t used_;  // of the numbers of a lane
  std::uint32_t numbers_[kDigitsOfLane] = {};
};

/// Calls body(i, digit) in order for the items of the calling warp's part of tile blockIdx.x. Past
/// the end `digit` is kDigits.
template <class Body>
__device__ inline void for_digits(const SortItems& items, int shift, Body&& body) {
  const std::uint32_t lane = threadIdx.x % ebb::cuda::kWarpSize;
  const std::uint32_t warp = threadIdx.x / ebb::cuda::kWarpSize;
  const std::uint32_t begin = blockIdx.x * kSortTile + warp * (kSortTile / kSortWarps) + lane;
  for (int round = 0; round < kSortRounds; ++round) {
    const std::uint32_t i = begin + round * ebb::cuda::kWarpSize;
    body(i, i < items.n ? items.key(i) >> shift & (kDigits - 1) : kDigits);
  }
}

/// Every thread takes part.
__device__ inline void count_digits(const SortItems& items, int shift, DigitCounts& counts) {
  WarpTable table(items, shift);
  for_digits(items, shift,
             [&](std::uint32_t, std::uint32_t digit) { table.count(WarpDigits(digit)); });
  table.store(counts[threadIdx.x / ebb::cuda::kWarpSize]);
  __syncthreads();
}

/// The sum of the values of the lanes up to the calling one.
__device__ inline std::uint32_t warp_sum_up_to(std::uint32_t value) {
  const std::uint32_t lane = threadIdx.x % ebb::cuda::kWarpSize;
#pragma unroll
  for (int distance = 1; distance < ebb::cuda::kWarpSize; distance *= 2) {
    const std::uint32_t before = __shfl_up_sync(ebb::cuda::kAllLanes, value, distance);
    if (lane >= distance) value += before;
  }
  return value;
}

/// The sum of the values of the threads before the calling one, of a block of kSortThreads.
__device__ inline std::uint32_t sum_before(std::uint32_t value,
                                           std::uint32_t (&scratch)[kSortWarps]) {
  const std::uint32_t warp = threadIdx.x / ebb::cuda::kWarpSize;
  std::uint32_t sum = warp_sum_up_to(value);
  if (threadIdx.x % ebb::cuda::kWarpSize == ebb::cuda::kWarpSize - 1) scratch[warp] = sum;
  __syncthreads();
  for (std::uint32_t w = 0; w < warp; ++w) sum += scratch[w];
  return sum - value;
}

/// counts[tile][digit] of the items.
__global__ void __launch_bounds__(kSortThreads)
    count_tiles(SortItems items, int shift, std::uint32_t* counts) {
  __shared__ DigitCounts by_warp;
  count_digits(items, shift, by_warp);
  std::uint32_t count = 0;
  for (const auto& of_warp : by_warp) count += of_warp[threadIdx.x];
  counts[std::size_t{blockIdx.x} * kDigits + threadIdx.x] = count;
}

/// Replaces the counts of every digit by the sums over the tiles before; totals[digit] is the sum
/// over all. A lane takes a digit, a warp a run of tiles.
__global__ void __launch_bounds__(kSumThreads)
    sum_tiles(std::uint32_t* counts, std::uint32_t tiles, std::uint32_t* totals) {
  constexpr int kWarps = kSumThreads / ebb::cuda::kWarpSize;
  __shared__ std::uint32_t sums[kWarps][ebb::cuda::kWarpSize];
  const std::uint32_t lane = threadIdx.x % ebb::cuda::kWarpSize;
  const std::uint32_t warp = threadIdx.x / ebb::cuda::kWarpSize;
  const std::uint32_t digit = blockIdx.x * ebb::cuda::kWarpSize + lane;
  const std::uint32_t run = (tiles + kWarps - 1) / kWarps;
  const std::uint32_t begin = min(warp * run, tiles);
  const std::uint32_t end = min(begin + run, tiles);
  std::uint32_t sum = 0;
#pragma unroll 4
  for (std::uint32_t tile = begin; tile < end; ++tile) {
    sum += counts[std::size_t{tile} * kDigits + digit];
  }
  sums[warp][lane] = sum;
  __syncthreads();
  std::uint32_t before = 0;
  for (std::uint32_t w = 0; w < warp; ++w) before += sums[w][lane];
  if (warp == kWarps - 1) totals[digit] = before + sum;
#pragma unroll 4
  for (std::uint32_t tile = begin; tile < end; ++tile) {
    std::uint32_t& count = counts[std::size_t{tile} * kDigits + digit];
    const std::uint32_t of_tile = count;
    count = before;
    before += of_tile;
  }
}

__global__ void __launch_bounds__(kSortThreads)
    place_items(SortItems items, int shift, const std::uint32_t* counts,
                const std::uint32_t* totals, std::uint32_t* keys, std::uint32_t* positions) {
  __shared__ DigitCounts places;
  __shared__ std::uint32_t scratch[kSortWarps];
  count_digits(items, shift, places);
  // The place of the first item of each warp and digit.
  std::uint32_t place = sum_before(totals[threadIdx.x], scratch);
  place += counts[std::size_t{blockIdx.x} * kDigits + threadIdx.x];
  for (auto& of_warp : places) {
    const std::uint32_t count = of_warp[threadIdx.x];
    of_warp[threadIdx.x] = place;
    place += count;
  }
  __syncthreads();
  WarpTable table(items, shift);
  table.load(places[threadIdx.x / ebb::cuda::kWarpSize]);
  const unsigned lanes_before = (1u << threadIdx.x % ebb::cuda::kWarpSize) - 1u;
  for_digits(items, shift, [&](std::uint32_t i, std::uint32_t digit) {
    const unsigned peers = __match_any_sync(ebb::cuda::kAllLanes, digit);
    const std::uint32_t to = table[digit] + __popc(peers & lanes_before);
    if (digit < kDigits) {
      keys[to] = items.key(i);
      positions[to] = items.position(i);
    }
    table.count(WarpDigits(digit));
  });
}

/// Scratch memory of a sort.
struct SortBuffers {
  std::uint32_t* keys[2];
  std::uint32_t* positions[2];
  std::uint32_t* counts;  // kDigits for each tile
  std::uint32_t* totals;  // kDigits
};

inline std::int64_t sort_tiles(std::int64_t n) { return blocks_of(n, kSortTile); }

/// Sorts indices[0, n), n at most 2^31; the result lies in one of the pairs of buffers.
inline SortItems sort_indices(Context& context, const std::int32_t* indices, std::int64_t n,
                              std::int64_t rows, const SortBuffers& buffers) {
  // As unsigned numbers, negative indices are no rows either; no index reaches rows beyond these.
  rows = std::min(rows, std::int64_t{1} << 31);
  SortItems items{.keys = reinterpret_cast<const std::uint32_t*>(indices),
                  .positions = nullptr,
                  .n = static_cast<std::uint32_t>(n),
                  .most = static_cast<std::uint32_t>(rows)};
  const std::int64_t tiles = sort_tiles(n);
  for (int shift = 0, side = 0; shift < 32 && rows >> shift != 0; shift += 8, side = 1 - side) {
    ebb::cuda::launch(context, {"embedding_backward", tiles, kSortThreads}, count_tiles, items,
                      shift, buffers.counts);
    ebb::cuda::launch(context, {"embedding_backward", kDigits / ebb::cuda::kWarpSize, kSumThreads},
                      sum_tiles, buffers.counts, tiles, buffers.totals);
    ebb::cuda::launch(context, {"embedding_backward", tiles, kSortThreads}, place_items, items,
                      shift, buffers.counts, buffers.totals, buffers.keys[side],
                      buffers.positions[side]);
    items.keys = buffers.keys[side];
    items.positions = buffers.positions[side];
  }
  return items;
}

}  // namespace ebb::kernels::cuda
