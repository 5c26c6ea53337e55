// Tiles of the bf16 and f16 attention kernels, which multiply by tensor cores (mma.sync m16n8k16,
// sums in f32).
//
// A warp owns 16 rows of scores. Lane 4 g + c of a 16 x 8 tile of sums has rows g and g + 8 and
// columns 2 c and 2 c + 1, which, rounded to T, is where mma wants its left operand: weights go
// from one product to the next without leaving registers. Rule: by head_dim, padded with zeros to
// 32, 64, 128 or 256 in shared memory; tiles have 64 keys, above 128 half as many, so that shared
// memory suffices. Products skip components and keys, 16 at a time, that are not there.
//
// Tiles in shared memory have rows of kHeadDim elements without gaps. The 16-byte chunks of a row
// change places by its index, so that ldmatrix, which reads one chunk of eight neighbouring rows,
// and copies of whole rows meet in no bank.
#pragma once

#include <type_traits>

#include "kernels/attention/attention_mask.cuh"
#include "kernels/common/cuda/ptx.cuh"

namespace ebb::kernels::cuda {

template <int kPaddedHeadDim>
struct MmaTile {
  static constexpr int kHeadDim = kPaddedHeadDim;
  static constexpr int kWarpRows = 16;
  static constexpr int kBlockRows = kAttentionWarps * kWarpRows;
  static constexpr int kKeys = kHeadDim > 128 ? 32 : 64;
  static constexpr int kSteps = kHeadDim / 16;

  /// Rows that a tile of keys needs in shared memory.
  static int key_rows(std::int64_t keys) {
    return static_cast<int>(std::min<std::int64_t>(kKeys, (keys + 15) / 16 * 16));
  }
};

/// Calls body(std::integral_constant<int, D>()) for the padded width of head_dim.
template <class Body>
void for_mma_head_dim(std::int64_t head_dim, Body&& body) {
  if (head_dim <= 32) return body(std::integral_constant<int, 32>());
  if (head_dim <= 64) return body(std::integral_constant<int, 64>());
  if (head_dim <= 128) return body(std::integral_constant<int, 128>());
  return body(std::integral_constant<int, 256>());
}

/// How teams are dealt when tiles hold 16-bit elements: Teams counts 4 bytes to an element.
template <class Tile>
Teams mma_teams(std::int64_t queries, int key_rows) {
  return Teams(queries, Tile::kWarpRows, key_rows * Tile::kHeadDim / 2);
}

/// Where 16-byte chunk `chunk` of a row lies in a tile, in elements.
template <int kHeadDim>
__device__ inline int mma_offset(int row, int chunk) {
  const int turn = kHeadDim == 32 ? row >> 1 & 3 : row & 7;
  return row * kHeadDim + (chunk ^ turn) * 8;
}

/// Eight neighbouring components of a row in global memory; zeros past head_dim.
template <class T>
__device__ inline uint4 load_eight(const T* row, int column, int head_dim, bool packs) {
  uint4 chunk = make_uint4(0, 0, 0, 0);
  if (packs) {
    if (column < head_dim) chunk = *reinterpret_cast<const uint4*>(row + column);
    return chunk;
  }
  const auto pair = [&](int at) {
    const unsigned low = at < head_dim ? row[at].bits : 0u;
    const unsigned high = at + 1 < head_dim ? row[at + 1].bits : 0u;
    return high << 16 | low;
  };
  return make_uint4(pair(column), pair(column + 2), pair(column + 4), pair(column + 6));
}

/// The two elements in a word, as f32.
template <class T>
__device__ inline float2 unpack_pair(unsigned word) {
  return make_float2(to_f32(T{static_cast<std::uint16_t>(word & 0xffffu)}),
                     to_f32(T{static_cast<std::uint16_t>(word >> 16)}));
}

/// Two numbers rounded to T in a word.
template <class T>
__device__ inline unsigned pack_pair(float low, float high) {
  return static_cast<unsigned>(from_f32<T>(high).bits) << 16 | from_f32<T>(low).bits;
}

template <class T>
__device__ inline float dot_eight(const uint4& a, const uint4& b, float sum) {
  const unsigned x[4] = {a.x, a.y, a.z, a.w};
  const unsigned y[4] = {b.x, b.y, b.z, b.w};
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    const float2 p = unpack_pair<T>(x[i]);
    const float2 q = unpack_pair<T>(y[i]);
    sum = fmaf(p.y, q.y, fmaf(p.x, q.x, sum));
  }
  return sum;
}

/// How the lanes of a warp take chunks of 8 components of rows.
template <int kHeadDim>
struct MmaRowLanes {
  static constexpr int kLanes = kHeadDim / 8;  // of a row
  static constexpr int kRowsAtOnce = kWarpSize / kLanes;
};

/// Copies `count` rows of global memory to rows `tile_row` and on of a tile, by warp number `warp`
/// of `warps`. A row whose bit of `kept` is clear becomes zeros and is not read.
template <int kHeadDim, class T>
__device__ inline void load_mma_rows(T* tile, int tile_row, const RowsOf<const T>& from, int count,
                                     std::uint64_t kept, int head_dim, int warp, int warps) {
  using Lanes = MmaRowLanes<kHeadDim>;
  const int lane = static_cast<int>(threadIdx.x) % kWarpSize;
  const int chunk = lane % Lanes::kLanes;
  const int first = warp * Lanes::kRowsAtOnce + lane / Lanes::kLanes;
  if (chunk * 8 >= (head_dim + 15) / 16 * 16) return;  // products stop before
#pragma unroll 2
  for (int r = first; r < count; r += warps * Lanes::kRowsAtOnce) {
    uint4 x = make_uint4(0, 0, 0, 0);
    if (kept >> r & 1u) x = load_eight(from.row(r), chunk * 8, head_dim, from.packs);
    *reinterpret_cast<uint4*>(tile + mma_offset<kHeadDim>(tile_row + r, chunk)) = x;
  }
}

/// Bit i: whether key `first + i` exists and the padding mask leaves it. For all lanes together.
template <class Tile, class T>
__device__ inline std::uint64_t visible_keys_word(const Operands<T>& p, const Place& place,
                                                  int first) {
  std::uint64_t word = visible_word<32>(p, place, first);
  if constexpr (Tile::kKeys == 64) {
    word |= static_cast<std::uint64_t>(visible_word<32>(p, place, first + 32)) << 32;
  }
  return word;
}

/// Bit i of kept[r]: whether dropout keeps key `key + i` of row `lane / 4 + 8 r` of a warp's tile,
/// of which `count` keys are there. `row`: the first row's index among all rows of all heads. For
/// all lanes together, which draw for half of a row each.
template <class Tile>
__device__ inline void kept_keys_words(const DropoutSpec& spec, std::int64_t padded_keys,
                                       std::int64_t row, int key, int count,
                                       std::uint64_t (&kept)[2]) {
  constexpr int kBits = Tile::kKeys / 2;
  const int lane = static_cast<int>(threadIdx.x) % kWarpSize;
  const int begin = lane % 2 * kBits;
  const std::int64_t element = (row + lane / 2) * padded_keys + key + begin;
  const unsigned word =
      kept_word(spec, static_cast<std::uint64_t>(element), min(kBits, count - begin));
#pragma unroll
  for (int r = 0; r < 2; ++r) {
    const int owner = lane / 4 * 2 + 16 * r;
    const std::uint64_t high = __shfl_sync(kAllLanes, word, owner + 1);
    kept[r] = high << kBits | __shfl_sync(kAllLanes, word, owner);
  }
}

/// products = rows [row, row + 16) of `left` times rows [other, other + 16 * kChunks) of `right`,
/// over `steps` times 16 components; product 2 n + i is of rows 16 n + 8 i of `right`. Chunks of 16
/// rows from `count` on are left out: zeros.
template <int kHeadDim, int kChunks, class T>
__device__ inline void multiply_rows(const T* left, int row, const T* right, int other, int count,
                                     int steps, float (&products)[2 * kChunks][4]) {
  const int lane = static_cast<int>(threadIdx.x) % kWarpSize;
#pragma unroll
  for (int n = 0; n < 2 * kChunks; ++n) {
#pragma unroll
    for (int e = 0; e < 4; ++e) products[n][e] = 0.0F;
  }
#pragma unroll 1
  for (int s = 0; s < steps; ++s) {
    unsigned a[4];
    ptx::ldmatrix_x4(a, left + mma_offset<kHeadDim>(row + lane % 16, 2 * s + lane / 16));
#pragma unroll
    for (int n = 0; n < kChunks; ++n) {
      if (16 * n >= count) continue;
      unsigned b[4];
      const int from = other + 16 * n + lane / 16 * 8 + lane % 8;
      ptx::ldmatrix_x4(b, right + mma_offset<kHeadDim>(from, 2 * s + lane / 8 % 2));
      ptx::mma_m16n8k16<T>(products[2 * n], a, b[0], b[1]);
      ptx::mma_m16n8k16<T>(products[2 * n + 1], a, b[2], b[3]);
    }
  }
}

template <class T>
__device__ inline bool holds_infinity_or_nan(unsigned word) {
  constexpr unsigned kExponent = std::is_same_v<T, BFloat16> ? 0x7f80u : 0x7c00u;
  return (word & kExponent) == kExponent || (word >> 16 & kExponent) == kExponent;
}

/// sums += weights (16 x 16) times rows [row, row + 16) of `right`, leaving out pairs whose bit of
/// `seen` (by half of the rows, a bit per column of the weights) is clear: lane by lane, for where
/// 0 times infinity or NaN must not be added.
template <class Tile, class T>
__device__ inline void add_selected(const unsigned (&weights)[4], const unsigned (&seen)[2],
                                    const T* right, int row, int steps,
                                    float (&sums)[2 * Tile::kSteps][4]) {
  const int lane = static_cast<int>(threadIdx.x) % kWarpSize;
#pragma unroll 1
  for (int k = 0; k < 16; ++k) {
    const int owner = lane / 4 * 4 + k % 8 / 2;
    float weight[2];
#pragma unroll
    for (int r = 0; r < 2; ++r) {
      const unsigned pair = __shfl_sync(kAllLanes, k < 8 ? weights[r] : weights[2 + r], owner);
      const float2 both = unpack_pair<T>(pair);
      weight[r] = k % 2 == 0 ? both.x : both.y;
    }
#pragma unroll
    for (int n = 0; n < 2 * Tile::kSteps; ++n) {
      if (n >= 2 * steps) continue;
      const T* from = right + mma_offset<Tile::kHeadDim>(row + k, n) + lane % 4 * 2;
      const float2 x = unpack_pair<T>(*reinterpret_cast<const unsigned*>(from));
#pragma unroll
      for (int r = 0; r < 2; ++r) {
        if ((seen[r] >> k & 1u) == 0) continue;
        sums[n][2 * r] = fmaf(weight[r], x.x, sums[n][2 * r]);
        sums[n][2 * r + 1] = fmaf(weight[r], x.y, sums[n][2 * r + 1]);
      }
    }
  }
}

/// sums += weights (16 x 16, as mma takes its left operand) times rows [row, row + 16) of `right`.
/// `diagonal`: some pairs do not see each other (see add_selected); their weights are 0.
template <class Tile, class T>
__device__ inline void add_weighted(const unsigned (&weights)[4], bool diagonal,
                                    const unsigned (&seen)[2], const T* right, int row, int steps,
                                    float (&sums)[2 * Tile::kSteps][4]) {
  const int lane = static_cast<int>(threadIdx.x) % kWarpSize;
  const int from = row + lane % 16;
  if (diagonal) {
    bool found = false;
    for (int s = 0; s < steps; ++s) {
      const uint4 x = *reinterpret_cast<const uint4*>(
          right + mma_offset<Tile::kHeadDim>(from, 2 * s + lane / 16));
      found = found || holds_infinity_or_nan<T>(x.x) || holds_infinity_or_nan<T>(x.y) ||
              holds_infinity_or_nan<T>(x.z) || holds_infinity_or_nan<T>(x.w);
    }
    if (__any_sync(kAllLanes, found)) {
      return add_selected<Tile, T>(weights, seen, right, row, steps, sums);
    }
  }
#pragma unroll
  for (int s = 0; s < Tile::kSteps; ++s) {
    if (s >= steps) continue;
    unsigned b[4];
    ptx::ldmatrix_x4_trans(b, right + mma_offset<Tile::kHeadDim>(from, 2 * s + lane / 16));
    ptx::mma_m16n8k16<T>(sums[2 * s], weights, b[0], b[1]);
    ptx::mma_m16n8k16<T>(sums[2 * s + 1], weights, b[2], b[3]);
  }
}

/// Writes a warp's 16 rows, rounded to T: row g + 8 r to row `row + 8 r` where exists[r]. For all
/// lanes together. Lanes of a row trade, so that each writes 8 bytes and four of them a sector.
template <class Tile, class T>
__device__ inline void write_mma_rows(const RowsOf<T>& to, int row, const bool (&exists)[2],
                                      int head_dim, const float (&sums)[2 * Tile::kSteps][4]) {
  const int lane = static_cast<int>(threadIdx.x) % kWarpSize;
  const int c = lane % 4;
#pragma unroll
  for (int s = 0; s < Tile::kSteps; ++s) {
    if (16 * s >= head_dim) continue;
#pragma unroll
    for (int r = 0; r < 2; ++r) {
      const unsigned first = pack_pair<T>(sums[2 * s][2 * r], sums[2 * s][2 * r + 1]);
      const unsigned second = pack_pair<T>(sums[2 * s + 1][2 * r], sums[2 * s + 1][2 * r + 1]);
      T* at = to.row(row + 8 * r) + 16 * s;
      if (to.packs) {
        const int owner = lane / 4 * 4 + 2 * c % 4;
        const auto traded = [&](int from) {
          const unsigned of_first = __shfl_sync(kAllLanes, first, from);
          const unsigned of_second = __shfl_sync(kAllLanes, second, from);
          return c < 2 ? of_first : of_second;
        };
        const uint2 words = make_uint2(traded(owner), traded(owner + 1));
        if (exists[r] && 16 * s + 4 * c < head_dim) {
          *reinterpret_cast<uint2*>(at + 4 * c) = words;
        }
      } else if (exists[r]) {
        const auto put = [&](int column, unsigned bits) {
          if (16 * s + column < head_dim) at[column].bits = static_cast<std::uint16_t>(bits);
        };
        put(2 * c, first & 0xffffu);
        put(2 * c + 1, first >> 16);
        put(8 + 2 * c, second & 0xffffu);
        put(8 + 2 * c + 1, second >> 16);
      }
    }
  }
}

}  // namespace ebb::kernels::cuda
