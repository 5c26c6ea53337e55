// Tiles of the attention kernels that multiply by tensor cores (mma.sync, sums in f32): of bf16, of
// f16, and of f32 rounded to TF32. What differs between them is in attention_mma_element.cuh.
//
// A warp owns 16 rows of scores. Lane 4 g + c of a 16 x 8 tile of sums has rows g and g + 8 and
// columns 2 c and 2 c + 1, which, rounded, is where mma wants its left operand: weights go from one
// product to the next without leaving registers. Rule: by head_dim, padded with zeros to 32, 64,
// 128 or, of 16-bit elements, 256 in shared memory; tiles have 64 keys, where a row has more than
// 256 bytes half as many, so that shared memory suffices. Products skip components and keys, 16 at
// a time, that are not there.
#pragma once

#include "kernels/attention/attention_mask.cuh"
#include "kernels/attention/attention_mma_element.cuh"

namespace ebb::kernels::cuda {

template <int kPaddedHeadDim, class T>
struct MmaTile {
  using Element = MmaElement<T>;
  static constexpr int kHeadDim = kPaddedHeadDim;
  static constexpr int kWarpRows = 16;
  static constexpr int kBlockRows = kAttentionWarps * kWarpRows;
  static constexpr int kKeys = kHeadDim * sizeof(T) > 256 ? 32 : 64;
  static constexpr int kSteps = kHeadDim / 16;
  static constexpr int kKeyWords = kHeadDim * static_cast<int>(sizeof(T)) / 4;  // of a row

  /// Rows that a tile of keys needs in shared memory.
  static int key_rows(std::int64_t keys) {
    return static_cast<int>(std::min<std::int64_t>(kKeys, (keys + 15) / 16 * 16));
  }
};

/// Calls body.operator()<D, T>() for the padded width of head_dim and what the operands are of.
template <class Body>
void for_mma_operands(const AttentionInputs& p, Body&& body) {
  static_assert(kMaxTf32HeadDim == 128);
  const std::int64_t head_dim = p.query.shape[3];
  for_storage(p.query.dtype, [&]<class T>(std::type_identity<T>) {
    if (head_dim <= 32) return body.template operator()<32, T>();
    if (head_dim <= 64) return body.template operator()<64, T>();
    if (head_dim <= 128) return body.template operator()<128, T>();
    if constexpr (!std::is_same_v<T, float>) return body.template operator()<256, T>();
  });
}

/// How teams are dealt: Teams counts 4 bytes to an element.
template <class Tile>
Teams mma_teams(std::int64_t queries, int key_rows) {
  return Teams(queries, Tile::kWarpRows, key_rows * Tile::kKeyWords);
}

/// How the lanes of a warp take chunks of rows.
template <int kHeadDim, class T>
struct MmaRowLanes {
  static constexpr int kLanes = kHeadDim / kPackOf<T>;  // of a row
  static constexpr int kRowsAtOnce = kWarpSize / kLanes;
};

/// Copies `count` rows of global memory to rows `tile_row` and on of a tile, by warp number `warp`
/// of `warps`, as products take them. A row whose bit of `kept` is clear becomes zeros and is not
/// read.
template <int kHeadDim, class T>
__device__ inline void load_mma_rows(T* tile, int tile_row, const RowsOf<const T>& from, int count,
                                     std::uint64_t kept, int head_dim, int warp, int warps) {
  using Element = MmaElement<T>;
  using Lanes = MmaRowLanes<kHeadDim, T>;
  const int lane = static_cast<int>(threadIdx.x) % kWarpSize;
  const int chunk = lane % Lanes::kLanes;
  const int first = warp * Lanes::kRowsAtOnce + lane / Lanes::kLanes;
  const int column = chunk * kPackOf<T>;
  if (column >= (head_dim + 15) / 16 * 16) return;  // products stop before
#pragma unroll 2
  for (int r = first; r < count; r += warps * Lanes::kRowsAtOnce) {
    uint4 x = make_uint4(0, 0, 0, 0);
    if (kept >> r & 1u) x = Element::load(from.row(r), column, head_dim, from.packs);
    ptx::store_shared(tile + mma_offset<kHeadDim, T>(tile_row + r, chunk), Element::rounded(x));
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
  using Element = MmaElement<T>;
  const int lane = static_cast<int>(threadIdx.x) % kWarpSize;
#pragma unroll
  for (int n = 0; n < 2 * kChunks; ++n) {
#pragma unroll
    for (int e = 0; e < 4; ++e) products[n][e] = 0.0F;
  }
#pragma unroll 1
  for (int s = 0; s < steps * (16 / Element::kComponents); ++s) {
    unsigned a[4];
    ptx::ldmatrix_x4(a, left + mma_offset<kHeadDim, T>(row + lane % 16, 2 * s + lane / 16));
#pragma unroll
    for (int n = 0; n < kChunks; ++n) {
      if (16 * n >= count) continue;
      unsigned b[4];
      const int from = other + 16 * n + lane / 16 * 8 + lane % 8;
      ptx::ldmatrix_x4(b, right + mma_offset<kHeadDim, T>(from, 2 * s + lane / 8 % 2));
      Element::multiply(products[2 * n], a, b[0], b[1]);
      Element::multiply(products[2 * n + 1], a, b[2], b[3]);
    }
  }
}

/// sums += weights (16 x 16) times rows [row, row + 16) of `right`, leaving out pairs whose bit of
/// `seen` (by half of the rows, a bit per column of the weights) is clear: lane by lane, for where
/// 0 times infinity or NaN must not be added.
template <class Tile, class T>
__device__ inline void add_selected(const typename Tile::Element::Weights& weights,
                                    const unsigned (&seen)[2], const T* right, int row, int steps,
                                    float (&sums)[2 * Tile::kSteps][4]) {
#pragma unroll 1
  for (int k = 0; k < 16; ++k) {
    const float weight[2] = {Tile::Element::weight(weights, 0, k),
                             Tile::Element::weight(weights, 1, k)};
#pragma unroll
    for (int s = 0; s < Tile::kSteps; ++s) {
      if (s >= steps) continue;
      const float4 x = Tile::Element::template columns<Tile::kHeadDim>(right, row + k, s);
#pragma unroll
      for (int r = 0; r < 2; ++r) {
        if ((seen[r] >> k & 1u) == 0) continue;
        float(&first)[4] = sums[2 * s];
        float(&second)[4] = sums[2 * s + 1];
        first[2 * r] = fmaf(weight[r], x.x, first[2 * r]);
        first[2 * r + 1] = fmaf(weight[r], x.y, first[2 * r + 1]);
        second[2 * r] = fmaf(weight[r], x.z, second[2 * r]);
        second[2 * r + 1] = fmaf(weight[r], x.w, second[2 * r + 1]);
      }
    }
  }
}

/// sums += weights (16 x 16) times rows [row, row + 16) of `right`. `diagonal`: some pairs do not
/// see each other (see add_selected); their weights are 0.
template <class Tile, class T>
__device__ inline void add_weighted(const typename Tile::Element::Weights& weights, bool diagonal,
                                    const unsigned (&seen)[2], const T* right, int row, int steps,
                                    float (&sums)[2 * Tile::kSteps][4]) {
  using Element = typename Tile::Element;
  if (diagonal) {
    const int lane = static_cast<int>(threadIdx.x) % kWarpSize;
    bool found = false;
    for (int chunk = lane / 16; chunk * kPackOf<T> < 16 * steps; chunk += 2) {
      const uint4 x = *reinterpret_cast<const uint4*>(
          right + mma_offset<Tile::kHeadDim, T>(row + lane % 16, chunk));
      found = found || Element::holds_infinity_or_nan(x.x) || Element::holds_infinity_or_nan(x.y) ||
              Element::holds_infinity_or_nan(x.z) || Element::holds_infinity_or_nan(x.w);
    }
    if (__any_sync(kAllLanes, found)) {
      return add_selected<Tile, T>(weights, seen, right, row, steps, sums);
    }
  }
#pragma unroll
  for (int s = 0; s < Tile::kSteps; ++s) {
    if (s >= steps) continue;
    Element::template add_columns<Tile::kHeadDim>(weights, right, row, s, sums[2 * s],
                                                  sums[2 * s + 1]);
  }
}

/// Writes a warp's 16 rows, rounded to T: row g + 8 r to row `row + 8 r` where exists[r]. For all
/// lanes together.
template <class Tile, class T>
__device__ inline void write_mma_rows(const RowsOf<T>& to, int row, const bool (&exists)[2],
                                      int head_dim, const float (&sums)[2 * Tile::kSteps][4]) {
#pragma unroll
  for (int s = 0; s < Tile::kSteps; ++s) {
    if (16 * s >= head_dim) continue;
#pragma unroll
    for (int r = 0; r < 2; ++r) {
      Tile::Element::write(to.row(row + 8 * r) + 16 * s, to.packs, exists[r], head_dim - 16 * s,
                           make_float4(sums[2 * s][2 * r], sums[2 * s][2 * r + 1],
                                       sums[2 * s + 1][2 * r], sums[2 * s + 1][2 * r + 1]));
    }
  }
}

}  // namespace ebb::kernels::cuda
