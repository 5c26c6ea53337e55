// Attention backward on CUDA, multiplied by tensor cores: bf16, f16, and f32 in TF32. No sum
// crosses warps, so none needs atomics, and each has one order.
//
// Two parts: a warp that owns 16 queries sums grad_query over the keys, one that owns 16 keys sums
// grad_key and grad_value over the queries; each computes the scores and their gradients anew and
// rounds them for the next product (7 products, 14 flops per score and component). Heads of up
// to 64 keys do both parts in one kernel, which moves every operand once. Longer heads take a
// kernel each; so do, for want of registers, all above head_dim 64, and above 128 grad_key and
// grad_value have a kernel each. grad_bias has a pass of its own
// (attention_bias_gradient_mma_cuda.cu).
#include "kernels/attention/attention_cuda.h"
#include "kernels/attention/attention_mma_backward.cuh"
#include "kernels/common/cuda/launch.h"

namespace ebb::kernels::cuda {
namespace {

/// Adds a tile of keys to the warp's sums of grad_query, without the scale.
template <class Tile, class T>
__device__ void add_keys(const BackwardOperands<T>& p, const Place& place,
                         const QueryChunk<Tile>& rows, const MmaKeyTile& keys,
                         const MmaBackwardShared<Tile, T>& shared,
                         float (&sums)[2 * Tile::kSteps][4]) {
  const AttentionGeometry& g = p.geometry;
  const int steps = (static_cast<int>(g.head_dim) + 15) / 16;
  const int row = place.lane / 4;
  const int all_see = visible_keys(g, rows.first);
#pragma unroll 1
  for (int key = 0; key < keys.count; key += 32) {
    float gradients[4][4];
    differentiate_queries(p, place, rows, keys, key, shared, gradients);
#pragma unroll
    for (int n = 0; n < 2; ++n) {
      const int begin = keys.begin + key + 16 * n;
      if (key + 16 * n >= keys.count) continue;
      float weights[2][4];
      unsigned seen[2];
#pragma unroll
      for (int r = 0; r < 2; ++r) {
        const int sees = visible_keys(g, rows.first + row + 8 * r) - begin;
        seen[r] = (1u << max(0, min(16, sees))) - 1u;
#pragma unroll
        for (int e = 0; e < 4; ++e) weights[r][e] = gradients[2 * n + r][e];
      }
      add_weighted<Tile>(Tile::Element::weights(weights), g.causal && begin + 16 > all_see, seen,
                         shared.key, keys.row + key + 16 * n, steps, sums);
    }
  }
}

/// Writes the warp's rows of grad_query: zeros where a row sees no key.
template <class Tile, class T>
__device__ void write_grad_query(const BackwardOperands<T>& p, const Place& place,
                                 const QueryChunk<Tile>& rows,
                                 const MmaBackwardShared<Tile, T>& shared,
                                 float (&sums)[2 * Tile::kSteps][4]) {
  const int row = place.lane / 4;
  const auto scale = static_cast<float>(p.geometry.scale);
  bool exists[2];
#pragma unroll
  for (int r = 0; r < 2; ++r) {
    exists[r] = row + 8 * r < rows.count;
    const bool alive = shared.log_sum_exp[rows.tile_row + row + 8 * r] != -INFINITY;
#pragma unroll
    for (int n = 0; n < 2 * Tile::kSteps; ++n) {
#pragma unroll
      for (int e = 2 * r; e < 2 * r + 2; ++e) sums[n][e] = alive ? sums[n][e] * scale : 0.0F;
    }
  }
  write_mma_rows<Tile>(p.grad_query.head(place.b, place.h), rows.first + row, exists,
                       static_cast<int>(p.geometry.head_dim), sums);
}

template <int kHeadDim, class T>
__global__ void __launch_bounds__(kAttentionThreads, (kHeadDim > 64 ? 2 : 3))
    query_kernel(const BackwardOperands<T> p, const Teams teams, int tiles, int key_rows) {
  using Tile = MmaTile<kHeadDim, T>;
  extern __shared__ uint4 shared_memory[];
  const AttentionGeometry& g = p.geometry;
  const Place place = place_of_warp(g, teams, tiles);
  const MmaBackwardShared<Tile, T> shared(shared_memory, kAttentionWarps / teams.warps, key_rows);
  // Under causality the last queries have the most work: they begin first.
  const int team_tile = g.causal ? tiles - 1 - place.tile : place.tile;
  const int block_first = team_tile * teams.warps * Tile::kWarpRows;
  QueryChunk<Tile> rows;
  rows.first = block_first + place.team_warp * Tile::kWarpRows;
  rows.tile_row = place.warp * Tile::kWarpRows;
  rows.count = load_mma_queries<Tile, false>(p, place, rows.first, shared);
  const int block_last =
      min(static_cast<int>(g.queries), block_first + teams.warps * Tile::kWarpRows) - 1;
  const int block_keys = visible_keys(g, block_last);
  const int warp_keys = rows.count == 0 ? 0 : visible_keys(g, rows.first + rows.count - 1);
  float sums[2 * Tile::kSteps][4] = {};
  for (int begin = 0; begin < block_keys; begin += Tile::kKeys) {
    if (begin > 0) __syncthreads();  // all are done with the tile before
    const MmaKeyTile keys = load_mma_keys<Tile>(p, place, begin, teams, key_rows, shared);
    __syncthreads();
    if (keys.visible == 0 || begin >= warp_keys) continue;
    add_keys(p, place, rows, keys, shared, sums);
  }
  __syncwarp();  // the rows' state is there, even without keys
  write_grad_query(p, place, rows, shared, sums);
}

/// A warp's sums over queries for 16 keys: grad_key without the scale, and grad_value.
template <class Tile, class T, bool kKey, bool kValue>
struct KeySums {
  /// Adds the team's queries from `first` on, `count` of them, whose rows begin at `tile_row`;
  /// `key`: the first of the 16 in the tile.
  __device__ void add(const BackwardOperands<T>& p, const Place& place, const MmaKeyTile& keys,
                      int key, int first, int tile_row, int count,
                      const MmaBackwardShared<Tile, T>& shared) {
    const AttentionGeometry& g = p.geometry;
    const int steps = (static_cast<int>(g.head_dim) + 15) / 16;
    const int row = place.lane / 4;
    const int shift = static_cast<int>(g.keys) - static_cast<int>(g.queries);
#pragma unroll 1
    for (int query = 0; query < count; query += 16) {
      // The first of the 16 queries that sees a key, by half of the rows.
      const int own = keys.begin + key + row - shift - first - query;
      const int begins[2] = {own, own + 8};
      if (g.causal && keys.begin + key - shift - first - query >= 16) continue;  // none sees any
      float products[2][4];
      float gradients[2][4];
      multiply_rows<Tile::kHeadDim, 1>(shared.key, keys.row + key, shared.query, tile_row + query,
                                       16, steps, products);
      if constexpr (kKey) {
        multiply_rows<Tile::kHeadDim, 1>(shared.value, keys.row + key, shared.grad_output,
                                         tile_row + query, 16, steps, gradients);
      }
      differentiate_keys(p, place, keys, key, first + query, tile_row + query, shared, products,
                         gradients);
      unsigned seen[2];
#pragma unroll
      for (int r = 0; r < 2; ++r) {
        const int begin = g.causal ? max(0, min(16, begins[r])) : 0;
        seen[r] = 0xffffu << begin & 0xffffu;
      }
      const bool diagonal = g.causal && keys.begin + key + 15 - shift > first + query;
      if constexpr (kKey) {
        add_weighted<Tile>(Tile::Element::weights(gradients), diagonal, seen, shared.query,
                           tile_row + query, steps, grad_key);
      }
      if constexpr (kValue) {
        add_weighted<Tile>(Tile::Element::weights(products), diagonal, seen, shared.grad_output,
                           tile_row + query, steps, grad_value);
      }
    }
  }

  /// Writes the sums, zeros for hidden keys.
  __device__ void write(const BackwardOperands<T>& p, const Place& place, const MmaKeyTile& keys,
                        int key) {
    const int row = place.lane / 4;
    const auto head_dim = static_cast<int>(p.geometry.head_dim);
    const auto scale = static_cast<float>(p.geometry.scale);
    bool exists[2];
    bool visible[2];
#pragma unroll
    for (int r = 0; r < 2; ++r) {
      const int k = key + row + 8 * r;
      exists[r] = place.active && k < keys.count;
      visible[r] = (keys.visible >> k & 1u) != 0;
    }
    if constexpr (kKey) {
      keep_visible(visible, scale, grad_key);
      write_mma_rows<Tile>(p.grad_key.head(place.b, place.h), keys.begin + key + row, exists,
                           head_dim, grad_key);
    }
    if constexpr (kValue) {
      keep_visible(visible, 1.0F, grad_value);
      write_mma_rows<Tile>(p.grad_value.head(place.b, place.h), keys.begin + key + row, exists,
                           head_dim, grad_value);
    }
  }

  float grad_key[kKey ? 2 * Tile::kSteps : 1][4] = {};
  float grad_value[kValue ? 2 * Tile::kSteps : 1][4] = {};

 private:
  /// Turns scores of 16 keys by 16 queries into probabilities times dropout factors, and gradients
  /// of probabilities into those of scores.
  __device__ static void differentiate_keys(const BackwardOperands<T>& p, const Place& place,
                                            const MmaKeyTile& keys, int key, int first,
                                            int tile_row, const MmaBackwardShared<Tile, T>& shared,
                                            float (&products)[2][4], float (&gradients)[2][4]) {
    const AttentionGeometry& g = p.geometry;
    const int row = place.lane / 4;
    const int column = place.lane % 4 * 2;
    unsigned word = ~0u;
    float kept_factor = 1.0F;
    if (p.dropout.active()) {
      // Lanes 2 q and 2 q + 1 get the word of query q, a bit per key.
      word = kept_row_word<16, 16>(p.dropout, g.padded_keys, place.head * g.queries + first,
                                   keys.begin + key, keys.count - key);
      kept_factor = p.dropout.scale();
    }
    const auto scale = static_cast<float>(g.scale);
    const RowsOf<const T> bias = p.bias.head(place.b, place.h);
#pragma unroll
    for (int n = 0; n < 2; ++n) {
#pragma unroll
      for (int i = 0; i < 2; ++i) {
        const int q = 8 * n + column + i;
        const float log_sum_exp = shared.log_sum_exp[tile_row + q];
        const float delta = shared.delta[tile_row + q];
        const int sees = log_sum_exp == -INFINITY ? 0 : visible_keys(g, first + q);
        const unsigned kept = __shfl_sync(kAllLanes, word, 2 * q);
#pragma unroll
        for (int r = 0; r < 2; ++r) {
          const int k = key + row + 8 * r;
          const bool seen = (keys.visible >> k & 1u) != 0 && keys.begin + k < sees;
          float score = products[n][2 * r + i] * scale;
          if (seen && bias.data != nullptr) score += to_f32(bias.row(first + q)[keys.begin + k]);
          const float factor = (kept >> (row + 8 * r) & 1u) != 0 ? kept_factor : 0.0F;
          const float grad_p = kKey ? gradients[n][2 * r + i] : 0.0F;
          const ScoreGradient result =
              differentiate_score(seen, score, log_sum_exp, grad_p, delta, factor);
          products[n][2 * r + i] = result.weight;
          if constexpr (kKey) gradients[n][2 * r + i] = result.gradient;
        }
      }
    }
  }

  __device__ static void keep_visible(const bool (&visible)[2], float factor,
                                      float (&sums)[2 * Tile::kSteps][4]) {
#pragma unroll
    for (int n = 0; n < 2 * Tile::kSteps; ++n) {
#pragma unroll
      for (int e = 0; e < 4; ++e) sums[n][e] = visible[e / 2] ? sums[n][e] * factor : 0.0F;
    }
  }
};

/// What a kernel that owns keys makes.
enum class Gradients { all, of_key_and_value, of_key, of_value };

template <int kHeadDim, class T, Gradients kGradients>
__global__ void __launch_bounds__(kAttentionThreads,
                                  (kHeadDim > 32 || kGradients == Gradients::all ? 2 : 3))
    key_kernel(const BackwardOperands<T> p, const Teams teams, int tiles, int key_rows) {
  using Tile = MmaTile<kHeadDim, T>;
  using Sums = KeySums<Tile, T, kGradients != Gradients::of_value, kGradients != Gradients::of_key>;
  constexpr bool kWholeHead = kGradients == Gradients::all;
  extern __shared__ uint4 shared_memory[];
  const AttentionGeometry& g = p.geometry;
  const Place place = place_of_warp(g, teams, tiles);
  const MmaBackwardShared<Tile, T> shared(shared_memory, kAttentionWarps / teams.warps, key_rows);
  const auto queries = static_cast<int>(g.queries);
  const int team_rows = teams.warps * Tile::kWarpRows;
  const MmaKeyTile keys =
      load_mma_keys<Tile>(p, place, place.tile * Tile::kKeys, teams, key_rows, shared);
  int begin = 0;
  if (!kWholeHead && g.causal) {
    // The tiles before see none of the keys.
    const int first = keys.begin + queries - static_cast<int>(g.keys);
    begin = max(0, min(first, queries - 1)) / team_rows * team_rows;
  }
  Sums sums;
  // Once even without queries: then gradients of keys are zeros.
  do {
    QueryChunk<Tile> rows;
    rows.first = begin + place.team_warp * Tile::kWarpRows;
    rows.tile_row = place.warp * Tile::kWarpRows;
    rows.count = load_mma_queries<Tile, !kWholeHead>(p, place, rows.first, shared);
    __syncthreads();  // the team's keys and queries are there
    if constexpr (kWholeHead) {
      float grad_query[2 * Tile::kSteps][4] = {};
      if (rows.count > 0) add_keys(p, place, rows, keys, shared, grad_query);
      write_grad_query(p, place, rows, shared, grad_query);
    }
    const bool last = begin + team_rows >= queries;
    // With fewer than 4 warps to a head there is one tile of queries, so that sums may be written
    // before the next 16 keys.
    for (int key = 16 * place.team_warp; key < keys.count; key += 16 * teams.warps) {
      sums.add(p, place, keys, key, begin, place.slot * team_rows, min(team_rows, queries - begin),
               shared);
      if (!last) continue;
      sums.write(p, place, keys, key);
      sums = Sums();
    }
    __syncthreads();  // all are done with the rows
    begin += team_rows;
  } while (begin < queries);
}

template <int kHeadDim, class T>
void run_backward(const Context& context, const BackwardOperands<T>& operands) {
  using Tile = MmaTile<kHeadDim, T>;
  const AttentionGeometry& g = operands.geometry;
  const int key_rows = Tile::key_rows(g.keys);
  const Teams teams = mma_teams<Tile>(g.queries, key_rows);
  const std::size_t shared = MmaBackwardShared<Tile, T>::bytes(teams.heads_per_block(), key_rows);
  const auto run = [&](auto kernel, std::int64_t tiles) {
    launch(context, {"attention_backward", teams.blocks(g, tiles), kAttentionThreads, shared},
           kernel, operands, teams, static_cast<int>(tiles), key_rows);
  };
  if constexpr (kHeadDim <= 64) {
    if (g.keys <= Tile::kKeys) return run(key_kernel<kHeadDim, T, Gradients::all>, 1);
  }
  run(query_kernel<kHeadDim, T>, blocks_of(g.queries, teams.warps * Tile::kWarpRows));
  const std::int64_t key_tiles = blocks_of(g.keys, Tile::kKeys);
  if constexpr (kHeadDim <= 128) {
    run(key_kernel<kHeadDim, T, Gradients::of_key_and_value>, key_tiles);
  } else {
    run(key_kernel<kHeadDim, T, Gradients::of_key>, key_tiles);
    run(key_kernel<kHeadDim, T, Gradients::of_value>, key_tiles);
  }
}

}  // namespace

void attention_backward_mma(const Context& context, const AttentionBackward& p, float* deltas) {
  for_mma_operands(p, [&]<int kHeadDim, class T> {
    run_backward<kHeadDim>(context, BackwardOperands<T>(p, deltas));
  });
}

}  // namespace ebb::kernels::cuda
