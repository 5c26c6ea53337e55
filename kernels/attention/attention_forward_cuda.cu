// Attention forward on CUDA in f32, multiplied by FMA.
//
// A block of 4 warps works on 4, 2 or 1 heads, as 1, 2 or 4 warps are filled by a head's queries
// (16 to a warp, 8 where head_dim exceeds 64, see attention_fma_tile.cuh): short sequences fill
// blocks with heads, long ones with queries of one head, which share its tiles of keys. For each
// tile of 32 keys (16 above head_dim 128) a warp computes scores in registers, brings their softmax
// up to date, passes the weights through shared memory and adds weight times value in registers.
//
// Per score and component: 4 flops. Bytes moved: query and output once, key and value once for each
// 64 (32) queries of a head, from the second time on mostly out of the second-level cache. Per
// score besides: an exponential, and an eighth of a Philox block under dropout.
#include "kernels/attention/attention_cuda.h"
#include "kernels/attention/attention_fma_tile.cuh"
#include "kernels/attention/attention_online_softmax.cuh"
#include "kernels/common/cuda/launch.h"

namespace ebb::kernels::cuda {
namespace {

template <int kHeadDim>
using Tile = FmaTile<kHeadDim, (kHeadDim > 64 ? 2 : 4)>;

/// Blocks whose registers a multiprocessor is to hold: as many as do without spilling.
constexpr int blocks_at_once(int head_dim) { return head_dim > 64 ? 2 : 3; }

/// The shared memory of a block, in floats.
template <class Tile>
struct Shared {
  __device__ Shared(float* memory, int slots, int key_rows)
      : query(memory),
        weights(query + Tile::kBlockRows * Tile::kHeadDim),
        key(weights + Tile::kBlockRows * Tile::kWeightStride),
        value(key + slots * key_rows * Tile::kHeadDim) {}

  static std::size_t bytes(int slots, int key_rows) {
    return sizeof(float) *
           static_cast<std::size_t>(Tile::kBlockRows * (Tile::kHeadDim + Tile::kWeightStride) +
                                    2 * slots * key_rows * Tile::kHeadDim);
  }

  float* query;    // [block rows], scaled
  float* weights;  // [block rows][kWeightStride]
  float* key;      // [slots][key rows]
  float* value;
};

/// The lane's scores with the bias, -inf where a key is not seen. limit[t]: how many keys of the
/// tile row t may see.
template <class Tile>
__device__ void mask_scores(const RowsOf<const float>& bias, int row, int key, unsigned visible,
                            const int (&limit)[Tile::kRows],
                            float (&scores)[Tile::kRows][Tile::kGroups]) {
#pragma unroll
  for (int t = 0; t < Tile::kRows; ++t) {
    const auto own = static_cast<unsigned>((visible & first_bits(limit[t])) >> key);
    const float* from = bias.data == nullptr ? nullptr : bias.row(row + 4 * t) + key;
#pragma unroll
    for (int g = 0; g < Tile::kGroups; ++g) {
      const bool seen = (own >> (8 * g) & 1u) != 0;
      if (seen && from != nullptr) scores[t][g] += from[8 * g];
      if (!seen) scores[t][g] = -INFINITY;
    }
  }
}

template <int kHeadDim>
__global__ void __launch_bounds__(kAttentionThreads, blocks_at_once(kHeadDim))
    forward_kernel(const ForwardOperands<float> p, const Teams teams, int tiles, int key_rows) {
  using Tile = Tile<kHeadDim>;
  using Own = Columns<kHeadDim, 8>;
  extern __shared__ float4 shared_memory[];
  const AttentionGeometry& g = p.geometry;
  const Place place = place_of_warp(g, teams, tiles);
  const Shared<Tile> shared(reinterpret_cast<float*>(shared_memory), kAttentionWarps / teams.warps,
                            key_rows);
  const auto head_dim = static_cast<int>(g.head_dim);
  const int chunks = (head_dim + 3) / 4;
  const int i = place.lane / 8;
  const int j = place.lane % 8;
  const int tile_row = place.warp * Tile::kWarpRows + i;  // in shared memory
  const auto keys = static_cast<int>(g.keys);
  // Under causality the last queries have the most work: they begin first.
  const int team_tile = g.causal ? tiles - 1 - place.tile : place.tile;
  const int block_first = team_tile * teams.warps * Tile::kWarpRows;
  const int first = block_first + place.team_warp * Tile::kWarpRows;
  const auto queries = static_cast<int>(g.queries);
  const int count = place.active ? max(0, min(Tile::kWarpRows, queries - first)) : 0;

  load_rows<kHeadDim>(shared.query, place.warp * Tile::kWarpRows,
                      p.query.head(place.b, place.h).from(first), Tile::kWarpRows,
                      (1u << count) - 1u, static_cast<float>(g.scale), head_dim, 0, 1);
  int seen[Tile::kRows];  // how many keys, from the first, causality lets a row see
#pragma unroll
  for (int t = 0; t < Tile::kRows; ++t) {
    const int q = first + i + 4 * t;
    seen[t] = i + 4 * t < count ? visible_keys(g, q) : 0;
  }
  // What the block's and the warp's last queries see: the same for all lanes.
  const int block_last = min(queries, block_first + teams.warps * Tile::kWarpRows) - 1;
  const int block_keys = visible_keys(g, block_last);
  const int warp_keys = count == 0 ? 0 : visible_keys(g, first + count - 1);
  const int all_see = visible_keys(g, first);

  OnlineSoftmax<8> softmax[Tile::kRows];
  float sums[Tile::kRows][Own::kCount] = {};
  for (int begin = 0; begin < block_keys; begin += Tile::kKeys) {
    const int tile_keys = min(Tile::kKeys, keys - begin);
    const unsigned visible = visible_word<Tile::kKeys>(p, place, begin);
    if (begin > 0) __syncthreads();  // all are done with the tile before
    const int padded = (tile_keys + 7) / 8 * 8;
    load_rows<kHeadDim>(shared.key, place.slot * key_rows, p.key.head(place.b, place.h).from(begin),
                        padded, visible, 1.0F, head_dim, place.team_warp, teams.warps);
    load_rows<kHeadDim>(shared.value, place.slot * key_rows,
                        p.value.head(place.b, place.h).from(begin), padded, visible, 1.0F, head_dim,
                        place.team_warp, teams.warps);
    __syncthreads();
    if (visible == 0 || begin >= warp_keys) continue;

    float scores[Tile::kRows][Tile::kGroups];
    multiply_keys<Tile>(shared.query, tile_row, shared.key, place.slot * key_rows + j, tile_keys,
                        chunks, scores);
    int limit[Tile::kRows];
#pragma unroll
    for (int t = 0; t < Tile::kRows; ++t) limit[t] = seen[t] - begin;
    RowsOf<const float> bias = p.bias.head(place.b, place.h);
    if (bias.data != nullptr) bias.data += begin;
    mask_scores<Tile>(bias, first + i, j, visible, limit, scores);
#pragma unroll
    for (int t = 0; t < Tile::kRows; ++t) {
      const float correction = softmax[t].update(scores[t]);
#pragma unroll
      for (int c = 0; c < Own::kCount; ++c) sums[t][c] *= correction;
    }
    if (p.dropout.active()) {
      unsigned kept[Tile::kRows];
      kept_words<Tile::kWarpRows, Tile::kKeys>(
          p.dropout, g.padded_keys, place.head * g.queries + first, begin, tile_keys, i, 4, kept);
      const float factor = p.dropout.scale();
#pragma unroll
      for (int t = 0; t < Tile::kRows; ++t) {
#pragma unroll
        for (int s = 0; s < Tile::kGroups; ++s) {
          scores[t][s] *= (kept[t] >> (j + 8 * s) & 1u) != 0 ? factor : 0.0F;
        }
      }
    }
    write_weights<Tile>(shared.weights, tile_row, j, scores);
    __syncwarp();
    if (begin + tile_keys > all_see) {
      add_weighted_keys<Tile, true>(shared.weights, tile_row, shared.value, place.slot * key_rows,
                                    tile_keys, j, limit, sums);
    } else {
      add_weighted_keys<Tile, false>(shared.weights, tile_row, shared.value, place.slot * key_rows,
                                     tile_keys, j, limit, sums);
    }
  }

  const RowsOf<float> output = p.output.head(place.b, place.h);
  OnlineSoftmax<8> own;  // of row `lane`
#pragma unroll
  for (int t = 0; t < Tile::kRows; ++t) {
    softmax[t].finish();
    const OnlineSoftmax<8> passed = softmax[t].of_lane(place.lane % 4 * 8);
    if (place.lane / 4 == t) own = passed;
    if (i + 4 * t >= count) continue;
    const float share = 1.0F / softmax[t].total();
#pragma unroll
    for (int c = 0; c < Own::kCount; ++c) {
      sums[t][c] = softmax[t].empty() ? 0.0F : sums[t][c] * share;
    }
    Own::write(output.row(first + i + 4 * t), j, head_dim, output.packs, sums[t]);
  }
  if (place.lane < count && p.log_sum_exp != nullptr) {
    p.log_sum_exp[place.head * g.queries + first + place.lane] = own.log_sum_exp();
  }
}

template <int kHeadDim>
void run_forward(const Context& context, const AttentionForward& p) {
  using Tile = Tile<kHeadDim>;
  const ForwardOperands<float> operands(p);
  const AttentionGeometry& g = operands.geometry;
  const int key_rows = Tile::key_rows(g.keys);
  const Teams teams(g.queries, Tile::kWarpRows, key_rows * kHeadDim);
  const std::int64_t tiles = blocks_of(g.queries, teams.warps * Tile::kWarpRows);
  launch(context,
         {"attention", teams.blocks(g, tiles), kAttentionThreads,
          Shared<Tile>::bytes(teams.heads_per_block(), key_rows)},
         forward_kernel<kHeadDim>, operands, teams, static_cast<int>(tiles), key_rows);
}

}  // namespace

void attention_fma(const Context& context, const AttentionForward& p) {
  for_padded_head_dim(p.query.shape[3],
                      [&](auto head_dim) { run_forward<decltype(head_dim)::value>(context, p); });
}

}  // namespace ebb::kernels::cuda
