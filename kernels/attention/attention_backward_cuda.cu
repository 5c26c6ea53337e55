// Attention backward on CUDA in f32, multiplied by FMA. No sum crosses blocks, so none needs
// atomics, and each has one order.
//
// Heads of up to 32 keys and head_dim 128: one pass. A block holds all keys of its heads and
// goes over their queries; scores and their gradients are computed once (5 products, 10 flops per
// score and component) and every operand is moved once. Longer and wider heads: a pass whose blocks
// own queries (grad_query, and delta for the other pass), then one whose blocks own a tile of keys
// (grad_key, grad_value): 7 products, 14 flops. grad_bias has a pass of its own
// (attention_bias_gradient_cuda.cu).
//
// Heads are dealt to blocks as in the forward direction. A warp computes the scores of its own
// queries; sums over queries are divided by keys, 8 to a warp, over the weights that all warps of
// the head left in shared memory.
#include "kernels/attention/attention_cuda.h"
#include "kernels/attention/attention_fma_backward.cuh"
#include "kernels/common/cuda/launch.h"
#include "kernels/common/cuda/runtime.h"

namespace ebb::kernels::cuda {
namespace {

template <int kHeadDim>
__global__ void __launch_bounds__(kAttentionThreads, blocks_at_once(kHeadDim))
    query_kernel(const BackwardOperands<float> p, const Teams teams, int tiles, int key_rows) {
  using Tile = BackwardTile<kHeadDim>;
  extern __shared__ float4 shared_memory[];
  const AttentionGeometry& g = p.geometry;
  const Place place = place_of_warp(g, teams, tiles);
  const BackwardShared<Tile> shared(reinterpret_cast<float*>(shared_memory),
                                    kAttentionWarps / teams.warps, key_rows);
  // Under causality the last queries have the most work: they begin first.
  const int team_tile = g.causal ? tiles - 1 - place.tile : place.tile;
  const int block_first = team_tile * teams.warps * Tile::kWarpRows;
  const QueryRows<Tile> rows = load_query_rows<Tile, false>(
      p, place, block_first + place.team_warp * Tile::kWarpRows, shared);
  const int block_last =
      min(static_cast<int>(g.queries), block_first + teams.warps * Tile::kWarpRows) - 1;
  const int block_keys = visible_keys(g, block_last);
  const int warp_keys = rows.count == 0 ? 0 : visible_keys(g, rows.first + rows.count - 1);
  const int all_see = visible_keys(g, rows.first);
  float sums[Tile::kRows][kHeadDim / 8] = {};
  for (int begin = 0; begin < block_keys; begin += Tile::kKeys) {
    if (begin > 0) __syncthreads();  // all are done with the tile before
    const KeyTile keys = load_key_tile<Tile>(p, place, begin, teams, key_rows, shared);
    __syncthreads();
    if (keys.visible == 0 || begin >= warp_keys) continue;
    float probabilities[Tile::kRows][Tile::kGroups];
    float grad_scores[Tile::kRows][Tile::kGroups];
    differentiate<Tile>(p, place, rows, keys, shared, probabilities, grad_scores);
    write_weights<Tile>(shared.grad_scores, rows.tile_row + place.lane / 8, place.lane % 8,
                        grad_scores);
    __syncwarp();
    add_grad_query<Tile>(place, rows, keys, begin + keys.count > all_see, shared, sums);
  }
  write_grad_query<Tile>(p, place, rows, sums);
}

/// sums[i] += the sum over `count` queries of weights[row + q, key + i] * (lane `column_lane`'s
/// columns of row + q of `queries`). kSelect: only over queries q >= first[i], on the causal
/// diagonal.
template <class Tile, bool kSelect>
__device__ void add_weighted_queries(const float* weights, int key, const float* queries, int row,
                                     int count, int column_lane, const int (&first)[4],
                                     float (&sums)[4][Tile::kHeadDim / 16]) {
  using Own = Columns<Tile::kHeadDim, 16>;
#pragma unroll 2
  for (int q = 0; q < count; ++q) {
    const auto weight =
        *reinterpret_cast<const Pack<float, 4>*>(weights + (row + q) * Tile::kWeightStride + key);
    float query[Own::kCount];
    Own::read(queries, row + q, column_lane, query);
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      if (kSelect && q < first[i]) continue;
#pragma unroll
      for (int c = 0; c < Own::kCount; ++c) {
        sums[i][c] = fmaf(weight.values[i], query[c], sums[i][c]);
      }
    }
  }
}

/// A lane's share of grad_key and grad_value: 4 keys, the columns of lane `lane % 16`.
template <class Tile>
struct KeySums {
  using Own = Columns<Tile::kHeadDim, 16>;

  /// Adds `count` queries from `first` on, whose rows begin at `row` in shared memory.
  __device__ void add(const AttentionGeometry& g, const BackwardShared<Tile>& shared,
                      const KeyTile& keys, int key, int lane, int first, int row, int count) {
    const auto shift = static_cast<int>(g.keys - g.queries);
    int begins[4];  // the first query of the tile that sees each key
#pragma unroll
    for (int i = 0; i < 4; ++i) begins[i] = keys.begin + key + i - shift - first;
    if (g.causal && begins[3] > 0) {
      add_weighted_queries<Tile, true>(shared.grad_scores, key, shared.query, row, count, lane % 16,
                                       begins, grad_key);
      add_weighted_queries<Tile, true>(shared.probabilities, key, shared.grad_output, row, count,
                                       lane % 16, begins, grad_value);
    } else {
      add_weighted_queries<Tile, false>(shared.grad_scores, key, shared.query, row, count,
                                        lane % 16, begins, grad_key);
      add_weighted_queries<Tile, false>(shared.probabilities, key, shared.grad_output, row, count,
                                        lane % 16, begins, grad_value);
    }
  }

  /// Writes the sums, zeros for hidden keys, and begins anew.
  __device__ void write(const BackwardOperands<float>& p, const Place& place, const KeyTile& keys,
                        int key) {
    const RowsOf<float> to_key = p.grad_key.head(place.b, place.h).from(keys.begin);
    const RowsOf<float> to_value = p.grad_value.head(place.b, place.h).from(keys.begin);
    const auto head_dim = static_cast<int>(p.geometry.head_dim);
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      const int k = key + i;
      const bool visible = (keys.visible >> k & 1u) != 0;
#pragma unroll
      for (int c = 0; c < Own::kCount; ++c) {
        if (!visible) grad_key[i][c] = grad_value[i][c] = 0.0F;
      }
      if (k < keys.count && place.active) {
        Own::write(to_key.row(k), place.lane % 16, head_dim, to_key.packs, grad_key[i]);
        Own::write(to_value.row(k), place.lane % 16, head_dim, to_value.packs, grad_value[i]);
      }
#pragma unroll
      for (int c = 0; c < Own::kCount; ++c) grad_key[i][c] = grad_value[i][c] = 0.0F;
    }
  }

  float grad_key[4][Own::kCount] = {};
  float grad_value[4][Own::kCount] = {};
};

/// kWholeHead: the tile holds all keys, so that grad_query is complete too.
template <int kHeadDim, bool kWholeHead>
__global__ void __launch_bounds__(kAttentionThreads,
                                  kWholeHead&& kHeadDim <= 16 ? 2 : blocks_at_once(kHeadDim))
    key_kernel(const BackwardOperands<float> p, const Teams teams, int tiles, int key_rows) {
  using Tile = BackwardTile<kHeadDim>;
  extern __shared__ float4 shared_memory[];
  const AttentionGeometry& g = p.geometry;
  const Place place = place_of_warp(g, teams, tiles);
  const BackwardShared<Tile> shared(reinterpret_cast<float*>(shared_memory),
                                    kAttentionWarps / teams.warps, key_rows);
  const auto queries = static_cast<int>(g.queries);
  const int team_rows = teams.warps * Tile::kWarpRows;
  const KeyTile keys =
      load_key_tile<Tile>(p, place, place.tile * Tile::kKeys, teams, key_rows, shared);
  int begin = 0;
  if (!kWholeHead && g.causal) {
    // The tiles before see none of the keys.
    const int first = keys.begin + queries - static_cast<int>(g.keys);
    begin = max(0, min(first, queries - 1)) / team_rows * team_rows;
  }
  KeySums<Tile> sums;
  // Once even without queries: then gradients of keys are zeros.
  do {
    const QueryRows<Tile> rows = load_query_rows<Tile, !kWholeHead>(
        p, place, begin + place.team_warp * Tile::kWarpRows, shared);
    __syncthreads();  // the team's keys are there
    float probabilities[Tile::kRows][Tile::kGroups];
    float grad_scores[Tile::kRows][Tile::kGroups];
    differentiate<Tile>(p, place, rows, keys, shared, probabilities, grad_scores);
    const int row = rows.tile_row + place.lane / 8;
    write_weights<Tile>(shared.probabilities, row, place.lane % 8, probabilities);
    write_weights<Tile>(shared.grad_scores, row, place.lane % 8, grad_scores);
    if constexpr (kWholeHead) {
      __syncwarp();
      float grad_query[Tile::kRows][kHeadDim / 8] = {};
      add_grad_query<Tile>(place, rows, keys, g.causal, shared, grad_query);
      write_grad_query<Tile>(p, place, rows, grad_query);
    }
    __syncthreads();  // all rows' weights are there
    const bool last = begin + team_rows >= queries;
    // With fewer than 4 warps to a head there is one tile of queries, so that sums may be written
    // before the next 8 keys.
    for (int group = place.team_warp; group < Tile::kGroups; group += teams.warps) {
      const int key = group * 8 + place.lane / 16 * 4;
      if (group * 8 < keys.count) {
        sums.add(g, shared, keys, key, place.lane, begin, place.slot * team_rows,
                 min(team_rows, queries - begin));
      }
      if (last) sums.write(p, place, keys, key);
    }
    __syncthreads();  // all are done with the rows
    begin += team_rows;
  } while (begin < queries);
}

template <int kHeadDim>
void run_backward(const Context& context, const BackwardOperands<float>& operands) {
  using Tile = BackwardTile<kHeadDim>;
  const AttentionGeometry& g = operands.geometry;
  const int key_rows = Tile::key_rows(g.keys);
  Teams teams(g.queries, Tile::kWarpRows, key_rows * kHeadDim);
  const auto shared_bytes = [&] {
    return BackwardShared<Tile>::bytes(teams.heads_per_block(), key_rows);
  };
  // Below compute capability 8.0 not every block has enough for several heads.
  while (teams.heads_per_block() > 1 &&
         shared_bytes() > ebb::cuda::shared_bytes_of_block(context.device())) {
    teams.warps *= 2;
  }
  const std::size_t shared = shared_bytes();
  // Wider heads lack the registers for both.
  if constexpr (kHeadDim <= 128) {
    if (g.keys <= Tile::kKeys) {
      return launch(context, {"attention_backward", teams.blocks(g, 1), kAttentionThreads, shared},
                    key_kernel<kHeadDim, true>, operands, teams, 1, key_rows);
    }
  }
  const auto query_tiles = static_cast<int>(blocks_of(g.queries, teams.warps * Tile::kWarpRows));
  launch(context, {"attention_backward", teams.blocks(g, query_tiles), kAttentionThreads, shared},
         query_kernel<kHeadDim>, operands, teams, query_tiles, key_rows);
  const auto key_tiles = static_cast<int>(blocks_of(g.keys, Tile::kKeys));
  launch(context, {"attention_backward", teams.blocks(g, key_tiles), kAttentionThreads, shared},
         key_kernel<kHeadDim, false>, operands, teams, key_tiles, key_rows);
}

}  // namespace

void attention_backward_fma(const Context& context, const AttentionBackward& p, float* deltas) {
  const BackwardOperands<float> operands(p, deltas);
  for_padded_head_dim(p.query.shape[3], [&](auto head_dim) {
    run_backward<decltype(head_dim)::value>(context, operands);
  });
}

}  // namespace ebb::kernels::cuda
