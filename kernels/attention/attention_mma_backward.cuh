// What the passes of the backward direction on tensor cores share: rows of queries and of keys in
// shared memory, and the gradient of a score, computed anew from log_sum_exp.
#pragma once

#include "kernels/attention/attention_mma_tile.cuh"

namespace ebb::kernels::cuda {

/// The shared memory of a block.
template <class Tile, class T>
struct MmaBackwardShared {
  __device__ MmaBackwardShared(void* memory, int slots, int key_rows)
      : query(static_cast<T*>(memory)),
        grad_output(query + Tile::kBlockRows * Tile::kHeadDim),
        key(grad_output + Tile::kBlockRows * Tile::kHeadDim),
        value(key + slots * key_rows * Tile::kHeadDim),
        log_sum_exp(reinterpret_cast<float*>(value + slots * key_rows * Tile::kHeadDim)),
        delta(log_sum_exp + Tile::kBlockRows) {}

  static std::size_t bytes(int slots, int key_rows) {
    return 2 * (sizeof(T) * Tile::kHeadDim *
                    static_cast<std::size_t>(Tile::kBlockRows + slots * key_rows) +
                sizeof(float) * Tile::kBlockRows);
  }

  T* query;  // [block rows]; zeros where a row sees no key
  T* grad_output;
  T* key;  // [slots][key rows]
  T* value;
  float* log_sum_exp;  // [block rows]; -inf where a row is not there or sees no key
  float* delta;
};

/// Copies the 16 rows of grad_output that are alive to shared memory; lane r returns delta of row
/// r.
template <class Tile, class T>
__device__ float load_mma_grad_output(const BackwardOperands<T>& p, const Place& place, int first,
                                      unsigned alive, T* tile, int tile_row) {
  using Element = typename Tile::Element;
  using Lanes = MmaRowLanes<Tile::kHeadDim, T>;
  const RowsOf<const T> grad_output = p.grad_output.head(place.b, place.h).from(first);
  const RowsOf<const T> output = p.output.head(place.b, place.h).from(first);
  const auto head_dim = static_cast<int>(p.geometry.head_dim);
  const int chunk = place.lane % Lanes::kLanes;
  const int column = chunk * kPackOf<T>;
  float delta = 0.0F;
#pragma unroll 1
  for (int r0 = 0; r0 < Tile::kWarpRows; r0 += Lanes::kRowsAtOnce) {
    const int r = r0 + place.lane / Lanes::kLanes;
    float sum = 0.0F;
    uint4 gradient = make_uint4(0, 0, 0, 0);
    if (alive >> r & 1u) {
      // Rounded as the products of it are, so that what they have in common cancels.
      gradient =
          Element::rounded(Element::load(grad_output.row(r), column, head_dim, grad_output.packs));
      sum = Element::dot(gradient, Element::load(output.row(r), column, head_dim, output.packs),
                         0.0F);
    }
    ptx::store_shared(tile + mma_offset<Tile::kHeadDim, T>(tile_row + r, chunk), gradient);
    sum = warp_reduce<Sum, Lanes::kLanes>(sum);
    const int own = place.lane - r0;
    const float passed =
        __shfl_sync(kAllLanes, sum, (own & (Lanes::kRowsAtOnce - 1)) * Lanes::kLanes);
    if (own >= 0 && own < Lanes::kRowsAtOnce) delta = passed;
  }
  return delta;
}

/// Loads the warp's 16 rows of queries from `first` on; returns how many there are. kDeltaKnown:
/// delta is read, else computed, and written where `p.delta` is there.
template <class Tile, bool kDeltaKnown, class T>
__device__ int load_mma_queries(const BackwardOperands<T>& p, const Place& place, int first,
                                const MmaBackwardShared<Tile, T>& shared) {
  const AttentionGeometry& g = p.geometry;
  const auto head_dim = static_cast<int>(g.head_dim);
  const int count =
      place.active ? max(0, min(Tile::kWarpRows, static_cast<int>(g.queries) - first)) : 0;
  const int tile_row = place.warp * Tile::kWarpRows;
  const std::int64_t row = place.head * g.queries + first + place.lane;
  const bool exists = place.lane < count;
  const float log_sum_exp = exists ? p.log_sum_exp[row] : -INFINITY;
  const unsigned alive = __ballot_sync(kAllLanes, log_sum_exp != -INFINITY);
  load_mma_rows<Tile::kHeadDim>(shared.query, tile_row, p.query.head(place.b, place.h).from(first),
                                Tile::kWarpRows, alive, head_dim, 0, 1);
  float delta = 0.0F;
  if constexpr (kDeltaKnown) {
    load_mma_rows<Tile::kHeadDim>(shared.grad_output, tile_row,
                                  p.grad_output.head(place.b, place.h).from(first), Tile::kWarpRows,
                                  alive, head_dim, 0, 1);
    if (exists) delta = p.delta[row];
  } else {
    delta = load_mma_grad_output<Tile>(p, place, first, alive, shared.grad_output, tile_row);
    if (exists && p.delta != nullptr) p.delta[row] = delta;
  }
  if (place.lane < Tile::kWarpRows) {
    shared.log_sum_exp[tile_row + place.lane] = log_sum_exp;
    shared.delta[tile_row + place.lane] = delta;
  }
  return count;
}

/// The keys of a tile.
struct MmaKeyTile {
  int begin, count;
  int row;                // of the first in shared memory
  std::uint64_t visible;  // a bit per key
};

/// Loads a head's tile of keys and values, for all warps of its team together.
template <class Tile, class T>
__device__ MmaKeyTile load_mma_keys(const BackwardOperands<T>& p, const Place& place, int begin,
                                    const Teams& teams, int key_rows,
                                    const MmaBackwardShared<Tile, T>& shared) {
  const auto head_dim = static_cast<int>(p.geometry.head_dim);
  MmaKeyTile keys;
  keys.begin = begin;
  keys.count = max(0, min(Tile::kKeys, static_cast<int>(p.geometry.keys) - begin));
  keys.row = place.slot * key_rows;
  keys.visible = visible_keys_word<Tile>(p, place, begin);
  const int padded = (keys.count + 15) / 16 * 16;
  load_mma_rows<Tile::kHeadDim>(shared.key, keys.row, p.key.head(place.b, place.h).from(begin),
                                padded, keys.visible, head_dim, place.team_warp, teams.warps);
  load_mma_rows<Tile::kHeadDim>(shared.value, keys.row, p.value.head(place.b, place.h).from(begin),
                                padded, keys.visible, head_dim, place.team_warp, teams.warps);
  return keys;
}

/// What becomes of one score: its probability times the dropout factor, and its gradient.
struct ScoreGradient {
  float weight;
  float gradient;
};

__device__ inline ScoreGradient differentiate_score(bool seen, float score, float log_sum_exp,
                                                    float grad_p, float delta, float factor) {
  const float probability = __expf(score - log_sum_exp);
  return {seen ? probability * factor : 0.0F,
          seen ? probability * fmaf(factor, grad_p, -delta) : 0.0F};
}

/// Which queries and keys the elements of a warp's part of the score matrix belong to, and what is
/// known of the rows of queries.
template <class Tile>
struct QueryChunk {
  int first;     // query of row 0
  int tile_row;  // of row 0 in shared memory
  int count;     // of queries that are there
};

/// The gradients of 16 x 32 scores: of the warp's queries, and keys key .. key + 31 of the tile.
/// gradients[n][e] is of the element as mma lays it out.
template <class Tile, class T>
__device__ void differentiate_queries(const BackwardOperands<T>& p, const Place& place,
                                      const QueryChunk<Tile>& rows, const MmaKeyTile& keys, int key,
                                      const MmaBackwardShared<Tile, T>& shared,
                                      float (&gradients)[4][4]) {
  const AttentionGeometry& g = p.geometry;
  const int steps = (static_cast<int>(g.head_dim) + 15) / 16;
  const int row = place.lane / 4;
  const int column = place.lane % 4 * 2;
  float products[4][4];
  multiply_rows<Tile::kHeadDim, 2>(shared.query, rows.tile_row, shared.key, keys.row + key,
                                   keys.count - key, steps, products);
  multiply_rows<Tile::kHeadDim, 2>(shared.grad_output, rows.tile_row, shared.value, keys.row + key,
                                   keys.count - key, steps, gradients);
  unsigned kept[2] = {~0u, ~0u};
  float kept_factor = 1.0F;
  if (p.dropout.active()) {
    kept_words<Tile::kWarpRows, 32>(p.dropout, g.padded_keys, place.head * g.queries + rows.first,
                                    keys.begin + key, keys.count - key, row, 8, kept);
    kept_factor = p.dropout.scale();
  }
  const auto scale = static_cast<float>(g.scale);
  const RowsOf<const T> bias = p.bias.head(place.b, place.h);
#pragma unroll
  for (int r = 0; r < 2; ++r) {
    const int q = row + 8 * r;
    const float log_sum_exp = shared.log_sum_exp[rows.tile_row + q];
    const float delta = shared.delta[rows.tile_row + q];
    const int sees = log_sum_exp == -INFINITY ? 0 : visible_keys(g, rows.first + q);
    // Bit 8 n + i: of the lane's own keys.
    const auto own_seen =
        static_cast<unsigned>((keys.visible & first_bits(sees - keys.begin)) >> (key + column));
    const unsigned own_kept = kept[r] >> column;
    const T* own_bias =
        bias.data == nullptr ? nullptr : bias.row(rows.first + q) + keys.begin + key + column;
#pragma unroll
    for (int n = 0; n < 4; ++n) {
#pragma unroll
      for (int i = 0; i < 2; ++i) {
        const bool seen = (own_seen >> (8 * n + i) & 1u) != 0;
        float score = products[n][2 * r + i] * scale;
        if (seen && own_bias != nullptr) score += to_f32(own_bias[8 * n + i]);
        const float factor = (own_kept >> (8 * n + i) & 1u) != 0 ? kept_factor : 0.0F;
        gradients[n][2 * r + i] =
            differentiate_score(seen, score, log_sum_exp, gradients[n][2 * r + i], delta, factor)
                .gradient;
      }
    }
  }
}

}  // namespace ebb::kernels::cuda
