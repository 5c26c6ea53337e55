// What the passes of the f32 backward direction share: a warp's rows of queries, and the gradient
// of their scores, computed anew from log_sum_exp.
#pragma once

#include "kernels/attention/attention_fma_tile.cuh"

namespace ebb::kernels::cuda {

template <int kHeadDim>
using BackwardTile = FmaTile<kHeadDim, (kHeadDim > 128  ? 1
                                        : kHeadDim > 32 ? 2
                                                        : 4)>;

/// Blocks whose registers a multiprocessor is to hold: as many as do without spilling.
constexpr int blocks_at_once(int head_dim) { return head_dim > 128 ? 1 : head_dim > 64 ? 2 : 3; }

/// The shared memory of a block, in floats.
template <class Tile>
struct BackwardShared {
  __device__ BackwardShared(float* memory, int slots, int key_rows)
      : query(memory),
        grad_output(query + Tile::kBlockRows * Tile::kHeadDim),
        probabilities(grad_output + Tile::kBlockRows * Tile::kHeadDim),
        grad_scores(probabilities + Tile::kBlockRows * Tile::kWeightStride),
        key(grad_scores + Tile::kBlockRows * Tile::kWeightStride),
        value(key + slots * key_rows * Tile::kHeadDim) {}

  static std::size_t bytes(int slots, int key_rows) {
    return 2 * sizeof(float) *
           static_cast<std::size_t>(Tile::kBlockRows * (Tile::kHeadDim + Tile::kWeightStride) +
                                    slots * key_rows * Tile::kHeadDim);
  }

  float* query;  // [block rows], scaled; zeros where a row sees no key
  float* grad_output;
  float* probabilities;  // [block rows][kWeightStride], times dropout factors
  float* grad_scores;
  float* key;  // [slots][key rows]
  float* value;
};

/// A warp's rows: lane 8 i + j knows rows i + 4 t.
template <class Tile>
struct QueryRows {
  int first;  // query of the warp's row 0
  int count;
  int tile_row;           // of row 0 in shared memory
  unsigned alive;         // bit r: row r exists and sees a key
  int seen[Tile::kRows];  // how many keys, from the first, a row may see; 0 when it is not alive
  float log_sum_exp[Tile::kRows];
  float delta[Tile::kRows];
};

/// The keys of a tile.
struct KeyTile {
  int begin, count;
  int row;           // of the first in shared memory
  unsigned visible;  // a bit per key
};

/// Copies the rows of grad_output that are alive to shared memory; lane r returns delta of row r.
template <class Tile>
__device__ float load_grad_output(const BackwardOperands<float>& p, const Place& place, int first,
                                  unsigned alive, float* tile, int tile_row) {
  using Lanes = RowLanes<Tile::kHeadDim>;
  const RowsOf<const float> grad_output = p.grad_output.head(place.b, place.h).from(first);
  const RowsOf<const float> output = p.output.head(place.b, place.h).from(first);
  const auto head_dim = static_cast<int>(p.geometry.head_dim);
  float delta = 0.0F;
#pragma unroll 1
  for (int r0 = 0; r0 < Tile::kWarpRows; r0 += Lanes::kRowsAtOnce) {
    const int r = r0 + place.lane / Lanes::kLanes;
    float sum = 0.0F;
#pragma unroll
    for (int u = 0; u < Lanes::kChunks; ++u) {
      const int chunk = place.lane % Lanes::kLanes + u * Lanes::kLanes;
      float4 gradient = make_float4(0.0F, 0.0F, 0.0F, 0.0F);
      if (alive >> r & 1u) {
        gradient = load_chunk(grad_output.row(r), chunk * 4, head_dim, grad_output.packs);
        sum = dot(gradient, load_chunk(output.row(r), chunk * 4, head_dim, output.packs), sum);
      }
      write_chunk<Tile::kHeadDim>(tile, tile_row + r, chunk, gradient);
    }
    sum = warp_reduce<Sum, Lanes::kLanes>(sum);
    const int own = place.lane - r0;
    const float passed =
        __shfl_sync(kAllLanes, sum, (own & (Lanes::kRowsAtOnce - 1)) * Lanes::kLanes);
    if (own >= 0 && own < Lanes::kRowsAtOnce) delta = passed;
  }
  return delta;
}

/// Loads a warp's rows of queries from `first` on. kDeltaKnown: delta is read, else computed, and
/// written where `p.delta` is there.
template <class Tile, bool kDeltaKnown>
__device__ QueryRows<Tile> load_query_rows(const BackwardOperands<float>& p, const Place& place,
                                           int first, const BackwardShared<Tile>& shared) {
  const AttentionGeometry& g = p.geometry;
  const auto head_dim = static_cast<int>(g.head_dim);
  QueryRows<Tile> rows;
  rows.first = first;
  rows.count = place.active ? max(0, min(Tile::kWarpRows, static_cast<int>(g.queries) - first)) : 0;
  rows.tile_row = place.warp * Tile::kWarpRows;
  const std::int64_t row = place.head * g.queries + first + place.lane;
  const bool exists = place.lane < rows.count;
  const float log_sum_exp = exists ? p.log_sum_exp[row] : -INFINITY;
  rows.alive = __ballot_sync(kAllLanes, log_sum_exp != -INFINITY);
  load_rows<Tile::kHeadDim>(shared.query, rows.tile_row, p.query.head(place.b, place.h).from(first),
                            Tile::kWarpRows, rows.alive, static_cast<float>(g.scale), head_dim, 0,
                            1);
  float delta = 0.0F;
  if constexpr (kDeltaKnown) {
    load_rows<Tile::kHeadDim>(shared.grad_output, rows.tile_row,
                              p.grad_output.head(place.b, place.h).from(first), Tile::kWarpRows,
                              rows.alive, 1.0F, head_dim, 0, 1);
    if (exists) delta = p.delta[row];
  } else {
    delta = load_grad_output<Tile>(p, place, first, rows.alive, shared.grad_output, rows.tile_row);
    if (exists && p.delta != nullptr) p.delta[row] = delta;
  }
#pragma unroll
  for (int t = 0; t < Tile::kRows; ++t) {
    const int r = place.lane / 8 + 4 * t;
    rows.log_sum_exp[t] = __shfl_sync(kAllLanes, log_sum_exp, r);
    rows.delta[t] = __shfl_sync(kAllLanes, delta, r);
    rows.seen[t] = (rows.alive >> r & 1u) != 0 ? visible_keys(g, first + r) : 0;
  }
  return rows;
}

/// Loads a head's tile of keys and values, for all warps of its team together.
template <class Tile>
__device__ KeyTile load_key_tile(const BackwardOperands<float>& p, const Place& place, int begin,
                                 const Teams& teams, int key_rows,
                                 const BackwardShared<Tile>& shared) {
  const auto head_dim = static_cast<int>(p.geometry.head_dim);
  KeyTile keys;
  keys.begin = begin;
  keys.count = max(0, min(Tile::kKeys, static_cast<int>(p.geometry.keys) - begin));
  keys.row = place.slot * key_rows;
  keys.visible = visible_word<Tile::kKeys>(p, place, begin);
  const int padded = (keys.count + 7) / 8 * 8;
  load_rows<Tile::kHeadDim>(shared.key, keys.row, p.key.head(place.b, place.h).from(begin), padded,
                            keys.visible, 1.0F, head_dim, place.team_warp, teams.warps);
  load_rows<Tile::kHeadDim>(shared.value, keys.row, p.value.head(place.b, place.h).from(begin),
                            padded, keys.visible, 1.0F, head_dim, place.team_warp, teams.warps);
  return keys;
}

/// The warp's probabilities times dropout factors, and the gradients of its scores; 0 where a row
/// does not see a key.
template <class Tile>
__device__ void differentiate(const BackwardOperands<float>& p, const Place& place,
                              const QueryRows<Tile>& rows, const KeyTile& keys,
                              const BackwardShared<Tile>& shared,
                              float (&probabilities)[Tile::kRows][Tile::kGroups],
                              float (&grad_scores)[Tile::kRows][Tile::kGroups]) {
  const AttentionGeometry& g = p.geometry;
  const int chunks = (static_cast<int>(g.head_dim) + 3) / 4;
  const int i = place.lane / 8;
  const int j = place.lane % 8;
  multiply_keys<Tile>(shared.query, rows.tile_row + i, shared.key, keys.row + j, keys.count, chunks,
                      probabilities);
  multiply_keys<Tile>(shared.grad_output, rows.tile_row + i, shared.value, keys.row + j, keys.count,
                      chunks, grad_scores);
  unsigned kept[Tile::kRows];
#pragma unroll
  for (unsigned& word : kept) word = ~0u;
  if (p.dropout.active()) {
    kept_words<Tile::kWarpRows, Tile::kKeys>(p.dropout, g.padded_keys,
                                             place.head * g.queries + rows.first, keys.begin,
                                             keys.count, i, 4, kept);
  }
  const float kept_factor = p.dropout.active() ? p.dropout.scale() : 1.0F;
  const RowsOf<const float> bias = p.bias.head(place.b, place.h);
#pragma unroll
  for (int t = 0; t < Tile::kRows; ++t) {
    // Bit 8 s: of the lane's own keys.
    const auto own_seen =
        static_cast<unsigned>((keys.visible & first_bits(rows.seen[t] - keys.begin)) >> j);
    const unsigned own_kept = kept[t] >> j;
    const float* own_bias =
        bias.data == nullptr ? nullptr : bias.row(rows.first + i + 4 * t) + keys.begin + j;
    if (own_bias != nullptr) {
#pragma unroll
      for (int s = 0; s < Tile::kGroups; ++s) {
        if ((own_seen >> (8 * s) & 1u) != 0) probabilities[t][s] += own_bias[8 * s];
      }
    }
#pragma unroll
    for (int s = 0; s < Tile::kGroups; ++s) {
      const bool seen = (own_seen >> (8 * s) & 1u) != 0;
      const float probability = __expf(probabilities[t][s] - rows.log_sum_exp[t]);
      const float factor = (own_kept >> (8 * s) & 1u) != 0 ? kept_factor : 0.0F;
      const float gradient = probability * fmaf(factor, grad_scores[t][s], -rows.delta[t]);
      probabilities[t][s] = seen ? probability * factor : 0.0F;
      grad_scores[t][s] = seen ? gradient : 0.0F;
    }
  }
}

/// Adds a tile's share to the lane's columns of grad_query; the warp's grad_scores lie in shared
/// memory.
template <class Tile>
__device__ void add_grad_query(const Place& place, const QueryRows<Tile>& rows, const KeyTile& keys,
                               bool diagonal, const BackwardShared<Tile>& shared,
                               float (&sums)[Tile::kRows][Tile::kHeadDim / 8]) {
  int limit[Tile::kRows];
#pragma unroll
  for (int t = 0; t < Tile::kRows; ++t) limit[t] = rows.seen[t] - keys.begin;
  const int row = rows.tile_row + place.lane / 8;
  if (diagonal) {
    add_weighted_keys<Tile, true>(shared.grad_scores, row, shared.key, keys.row, keys.count,
                                  place.lane % 8, limit, sums);
  } else {
    add_weighted_keys<Tile, false>(shared.grad_scores, row, shared.key, keys.row, keys.count,
                                   place.lane % 8, limit, sums);
  }
}

/// Writes the warp's rows of grad_query: zeros where a row sees no key.
template <class Tile>
__device__ void write_grad_query(const BackwardOperands<float>& p, const Place& place,
                                 const QueryRows<Tile>& rows,
                                 float (&sums)[Tile::kRows][Tile::kHeadDim / 8]) {
  using Own = Columns<Tile::kHeadDim, 8>;
  const RowsOf<float> grad_query = p.grad_query.head(place.b, place.h);
  const auto scale = static_cast<float>(p.geometry.scale);
#pragma unroll
  for (int t = 0; t < Tile::kRows; ++t) {
    const int r = place.lane / 8 + 4 * t;
    if (r >= rows.count) continue;
#pragma unroll
    for (int c = 0; c < Own::kCount; ++c) {
      sums[t][c] = (rows.alive >> r & 1u) != 0 ? sums[t][c] * scale : 0.0F;
    }
    Own::write(grad_query.row(rows.first + r), place.lane % 8,
               static_cast<int>(p.geometry.head_dim), grad_query.packs, sums[t]);
  }
}

}  // namespace ebb::kernels::cuda
