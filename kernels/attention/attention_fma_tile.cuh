// Tiles of the f32 attention kernels, which multiply by FMA.
//
// A warp holds a tile of 4 * kRows rows (queries) by kKeys keys: lane 8 i + j has rows i + 4 t and
// keys j + 8 g. Rule: by head_dim, padded with zeros to 16, 32, 64, 128 or 256 in shared memory;
// wider heads take fewer rows per lane (the kernels say how many) and, above 128, half the keys, so
// that registers and shared memory suffice.
//
// Tiles in shared memory have rows of kHeadDim floats without gaps. The 16-byte chunks of a row
// change places by its index, so that neither eight lanes that read one chunk of eight neighbouring
// rows nor those that read or write neighbouring chunks of a row meet in a bank.
#pragma once

#include <type_traits>

#include "kernels/attention/attention_mask.cuh"
#include "kernels/common/cuda/ptx.cuh"

namespace ebb::kernels::cuda {

template <int kPaddedHeadDim, int kLaneRows>
struct FmaTile {
  static constexpr int kHeadDim = kPaddedHeadDim;
  static constexpr int kRows = kLaneRows;  // of a lane
  static constexpr int kWarpRows = 4 * kRows;
  static constexpr int kBlockRows = kAttentionWarps * kWarpRows;
  static constexpr int kKeys = kHeadDim > 128 ? 16 : 32;
  static constexpr int kGroups = kKeys / 8;  // keys of a lane
  // Of a row of weights (probabilities or their gradients) in shared memory: lanes of a warp, which
  // hold 4 rows by 8 keys, meet in no bank.
  static constexpr int kWeightStride = kKeys + 8;

  /// Rows that a tile of keys needs in shared memory.
  static int key_rows(std::int64_t keys) {
    return static_cast<int>(std::min<std::int64_t>(kKeys, (keys + 7) / 8 * 8));
  }
};

/// Calls body(std::integral_constant<int, D>()) for the padded width of head_dim.
template <class Body>
void for_padded_head_dim(std::int64_t head_dim, Body&& body) {
  if (head_dim <= 16) return body(std::integral_constant<int, 16>());
  if (head_dim <= 32) return body(std::integral_constant<int, 32>());
  if (head_dim <= 64) return body(std::integral_constant<int, 64>());
  if (head_dim <= 128) return body(std::integral_constant<int, 128>());
  return body(std::integral_constant<int, 256>());
}

/// Where 16-byte chunk `chunk` of a row lies in a tile, in floats.
template <int kHeadDim>
__device__ inline int chunk_offset(int row, int chunk) {
  const int turn = kHeadDim == 16 ? row >> 1 & 3 : row & 7;
  return row * kHeadDim + (chunk ^ turn) * 4;
}

template <int kHeadDim>
__device__ inline float4 read_chunk(const float* tile, int row, int chunk) {
  return *reinterpret_cast<const float4*>(tile + chunk_offset<kHeadDim>(row, chunk));
}

template <int kHeadDim>
__device__ inline void write_chunk(float* tile, int row, int chunk, const float4& x) {
  ptx::store_shared(tile + chunk_offset<kHeadDim>(row, chunk), x);
}

/// The columns that each of kLanes lanes owns in rows of kHeadDim: vectors of kWidth neighbours, of
/// which lane j has numbers j, j + kLanes, ...
template <int kHeadDim, int kLanes>
struct Columns {
  static constexpr int kCount = kHeadDim / kLanes;
  static constexpr int kWidth = kCount < 4 ? kCount : 4;
  static constexpr int kVectors = kCount / kWidth;

  __device__ static int column(int lane, int vector) { return (lane + vector * kLanes) * kWidth; }

  /// Lane `lane`'s columns of a row of a tile.
  __device__ static void read(const float* tile, int row, int lane, float (&values)[kCount]) {
#pragma unroll
    for (int u = 0; u < kVectors; ++u) {
      const int at = column(lane, u);
      const float* from = tile + chunk_offset<kHeadDim>(row, at / 4) + at % 4;
      const auto pack = *reinterpret_cast<const Pack<float, kWidth>*>(from);
#pragma unroll
      for (int e = 0; e < kWidth; ++e) values[u * kWidth + e] = pack.values[e];
    }
  }

  /// Writes lane `lane`'s columns of a row in global memory, those below head_dim.
  __device__ static void write(float* row, int lane, int head_dim, bool packs,
                               const float (&values)[kCount]) {
#pragma unroll
    for (int u = 0; u < kVectors; ++u) {
      const int at = column(lane, u);
      if (packs) {
        Pack<float, kWidth> pack;
#pragma unroll
        for (int e = 0; e < kWidth; ++e) pack.values[e] = values[u * kWidth + e];
        if (at < head_dim) *reinterpret_cast<Pack<float, kWidth>*>(row + at) = pack;
      } else {
#pragma unroll
        for (int e = 0; e < kWidth; ++e) {
          if (at + e < head_dim) row[at + e] = values[u * kWidth + e];
        }
      }
    }
  }
};

/// How the lanes of a warp take chunks of rows.
template <int kHeadDim>
struct RowLanes {
  static constexpr int kLanes = kHeadDim / 4 < kWarpSize ? kHeadDim / 4 : kWarpSize;  // of a row
  static constexpr int kRowsAtOnce = kWarpSize / kLanes;
  static constexpr int kChunks = kHeadDim / 4 / kLanes;  // of a lane
};

/// Copies `count` rows of global memory times `factor` to rows `tile_row` and on of a tile, by warp
/// number `warp` of `warps`. A row whose bit of `kept` is clear becomes zeros and is not read.
template <int kHeadDim>
__device__ inline void load_rows(float* tile, int tile_row, const RowsOf<const float>& from,
                                 int count, unsigned kept, float factor, int head_dim, int warp,
                                 int warps) {
  using Lanes = RowLanes<kHeadDim>;
  const int lane = static_cast<int>(threadIdx.x) % kWarpSize;
  const int first = warp * Lanes::kRowsAtOnce + lane / Lanes::kLanes;
#pragma unroll 2
  for (int r = first; r < count; r += warps * Lanes::kRowsAtOnce) {
#pragma unroll
    for (int u = 0; u < Lanes::kChunks; ++u) {
      const int chunk = lane % Lanes::kLanes + u * Lanes::kLanes;
      float4 x = make_float4(0.0F, 0.0F, 0.0F, 0.0F);
      if (kept >> r & 1u) x = load_chunk(from.row(r), chunk * 4, head_dim, from.packs);
      x = make_float4(x.x * factor, x.y * factor, x.z * factor, x.w * factor);
      write_chunk<kHeadDim>(tile, tile_row + r, chunk, x);
    }
  }
}

/// products[t][g] = <row + 4 t of `rows`, key + 8 g of `keys`> for the first kGroups groups of
/// keys, over `chunks` chunks of components.
template <int kGroups, class Tile>
__device__ inline void multiply_groups(const float* rows, int row, const float* keys, int key,
                                       int chunks, float (&products)[Tile::kRows][Tile::kGroups]) {
#pragma unroll 1
  for (int c = 0; c < chunks; ++c) {
    float4 a[Tile::kRows];
#pragma unroll
    for (int t = 0; t < Tile::kRows; ++t) a[t] = read_chunk<Tile::kHeadDim>(rows, row + 4 * t, c);
#pragma unroll
    for (int g = 0; g < kGroups; ++g) {
      const float4 b = read_chunk<Tile::kHeadDim>(keys, key + 8 * g, c);
#pragma unroll
      for (int t = 0; t < Tile::kRows; ++t) products[t][g] = dot(a[t], b, products[t][g]);
    }
  }
}

/// The same for the groups that hold `count` keys; the others' products are zero.
template <class Tile, int kGroups = Tile::kGroups>
__device__ inline void multiply_keys(const float* rows, int row, const float* keys, int key,
                                     int count, int chunks,
                                     float (&products)[Tile::kRows][Tile::kGroups]) {
  if constexpr (kGroups == Tile::kGroups) {
#pragma unroll
    for (int t = 0; t < Tile::kRows; ++t) {
#pragma unroll
      for (int g = 0; g < kGroups; ++g) products[t][g] = 0.0F;
    }
  }
  if constexpr (kGroups > 0) {
    if (count > (kGroups - 1) * 8) {
      multiply_groups<kGroups, Tile>(rows, row, keys, key, chunks, products);
    } else {
      multiply_keys<Tile, kGroups - 1>(rows, row, keys, key, count, chunks, products);
    }
  }
}

/// Writes a lane's weights to shared memory, rows of kWeightStride.
template <class Tile>
__device__ inline void write_weights(float* weights, int row, int key,
                                     const float (&values)[Tile::kRows][Tile::kGroups]) {
#pragma unroll
  for (int t = 0; t < Tile::kRows; ++t) {
#pragma unroll
    for (int g = 0; g < Tile::kGroups; ++g) {
      weights[(row + 4 * t) * Tile::kWeightStride + key + 8 * g] = values[t][g];
    }
  }
}

/// sums[t] += the sum over `count` keys of weights[row + 4 t, k] * (lane `column_lane`'s columns of
/// key first_key + k). kSelect: only over keys k < limit[t], on the causal diagonal.
template <class Tile, bool kSelect>
__device__ inline void add_weighted_keys(const float* weights, int row, const float* keys,
                                         int first_key, int count, int column_lane,
                                         const int (&limit)[Tile::kRows],
                                         float (&sums)[Tile::kRows][Tile::kHeadDim / 8]) {
  using Own = Columns<Tile::kHeadDim, 8>;
#pragma unroll 1
  for (int k = 0; k < count; k += 4) {
    float4 weight[Tile::kRows];
#pragma unroll
    for (int t = 0; t < Tile::kRows; ++t) {
      weight[t] =
          *reinterpret_cast<const float4*>(weights + (row + 4 * t) * Tile::kWeightStride + k);
    }
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      float key[Own::kCount];
      Own::read(keys, first_key + k + i, column_lane, key);
#pragma unroll
      for (int t = 0; t < Tile::kRows; ++t) {
        if (kSelect && k + i >= limit[t]) continue;
        const float w = i == 0   ? weight[t].x
                        : i == 1 ? weight[t].y
                        : i == 2 ? weight[t].z
                                 : weight[t].w;
#pragma unroll
        for (int c = 0; c < Own::kCount; ++c) sums[t][c] = fmaf(w, key[c], sums[t][c]);
      }
    }
  }
}

}  // namespace ebb::kernels::cuda
