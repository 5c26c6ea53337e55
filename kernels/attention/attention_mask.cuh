// What a tile of scores does not see, and what dropout keeps of it: words with a bit per key.
#pragma once

#include "kernels/attention/attention_operands.cuh"
#include "kernels/common/cuda/dropout.cuh"

namespace ebb::kernels::cuda {

/// How many keys, from the first, causality lets query `q` see.
__device__ inline int visible_keys(const AttentionGeometry& g, int q) {
  const auto keys = static_cast<int>(g.keys);
  if (!g.causal) return keys;
  return max(0, min(keys, q + 1 + keys - static_cast<int>(g.queries)));
}

/// A word of 64 bits, of which the first `count` are set: none below 0, all from 64 on.
__device__ inline std::uint64_t first_bits(int count) {
  return count >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << max(count, 0)) - 1;
}

/// Bit i: whether key `first + i` exists and the padding mask leaves it, for i < kKeys. For all
/// lanes of a warp together.
template <int kKeys, class T>
__device__ inline unsigned visible_word(const Operands<T>& p, const Place& place, int first) {
  const int key = first + place.lane;
  bool visible = place.active && place.lane < kKeys && key < p.geometry.keys;
  if (visible && p.padding != nullptr) {
    visible = p.padding[place.b * p.geometry.keys + key] == 0;
  }
  return __ballot_sync(kAllLanes, visible);
}

/// What dropout keeps of a warp's tile of kWarpRows rows and kKeys keys: a word with a bit per key
/// for row `lane / (32 / kWarpRows)`. `row`: the first row's index among all rows of all heads;
/// `key`: the first key; `count`: how many keys there are. For all lanes together.
template <int kWarpRows, int kKeys>
__device__ inline unsigned kept_row_word(const DropoutSpec& spec, std::int64_t padded_keys,
                                         std::int64_t row, int key, int count) {
  constexpr int kRowLanes = kWarpSize / kWarpRows;
  constexpr int kBits = kKeys / kRowLanes;
  const int lane = static_cast<int>(threadIdx.x) % kWarpSize;
  const int begin = lane % kRowLanes * kBits;
  const std::int64_t element = (row + lane / kRowLanes) * padded_keys + key + begin;
  unsigned word = kept_word(spec, static_cast<std::uint64_t>(element), min(kBits, count - begin))
                  << begin;
#pragma unroll
  for (int distance = 1; distance < kRowLanes; distance *= 2) {
    word |= __shfl_xor_sync(kAllLanes, word, distance);
  }
  return word;
}

/// The same for rows `first_of_lane + step * t`.
template <int kWarpRows, int kKeys, int kWords>
__device__ inline void kept_words(const DropoutSpec& spec, std::int64_t padded_keys,
                                  std::int64_t row, int key, int count, int first_of_lane, int step,
                                  unsigned (&words)[kWords]) {
  const unsigned word = kept_row_word<kWarpRows, kKeys>(spec, padded_keys, row, key, count);
#pragma unroll
  for (int t = 0; t < kWords; ++t) {
    words[t] = __shfl_sync(kAllLanes, word, (first_of_lane + step * t) * (kWarpSize / kWarpRows));
  }
}

}  // namespace ebb::kernels::cuda
