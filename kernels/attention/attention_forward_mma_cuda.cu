// Attention forward on CUDA, multiplied by tensor cores: bf16, f16, and f32 in TF32.
//
// A block of 4 warps works on 4, 2 or 1 heads, as 1, 2 or 4 warps are filled by a head's queries,
// 16 to a warp (see attention_mma_tile.cuh): short sequences fill blocks with heads, long ones with
// queries of one head, which share its tiles of keys. For each tile of 64 keys (or 32) a warp
// computes scores in registers, brings their softmax up to date in f32, and multiplies the weights,
// rounded as operands are, by the values.
//
// Per score and component: 4 flops. Bytes moved: query and output once, key and value once for each
// 64 queries of a head, from the second time on mostly out of the second-level cache. Per score
// besides: an exponential, and an eighth of a Philox block under dropout.
#include "kernels/attention/attention_cuda.h"
#include "kernels/attention/attention_mma_tile.cuh"
#include "kernels/attention/attention_online_softmax.cuh"
#include "kernels/common/cuda/launch.h"

namespace ebb::kernels::cuda {
namespace {

/// The shared memory of a block.
template <class Tile, class T>
struct Shared {
  __device__ Shared(void* memory, int slots, int key_rows)
      : query(static_cast<T*>(memory)),
        key(query + Tile::kBlockRows * Tile::kHeadDim),
        value(key + slots * key_rows * Tile::kHeadDim) {}

  static std::size_t bytes(int slots, int key_rows) {
    return sizeof(T) * Tile::kHeadDim *
           static_cast<std::size_t>(Tile::kBlockRows + 2 * slots * key_rows);
  }

  T* query;  // [block rows]
  T* key;    // [slots][key rows]
  T* value;
};

/// The lane's scores, by half of its rows: products times scale plus bias, -inf where a key is not
/// seen. seen[r]: a bit for each key of the tile.
template <int kTiles, class T>
__device__ void mask_scores(const float (&products)[kTiles][4], float scale,
                            const RowsOf<const T>& bias, int row, int column,
                            const std::uint64_t (&seen)[2], float (&scores)[2][2 * kTiles]) {
#pragma unroll
  for (int r = 0; r < 2; ++r) {
    const std::uint64_t own = seen[r] >> column;
    const T* from = bias.data == nullptr ? nullptr : bias.row(row + 8 * r) + column;
#pragma unroll
    for (int n = 0; n < kTiles; ++n) {
#pragma unroll
      for (int i = 0; i < 2; ++i) {
        const bool sees = (own >> (8 * n + i) & 1u) != 0;
        float score = products[n][2 * r + i] * scale;
        if (sees && from != nullptr) score += to_f32(from[8 * n + i]);
        scores[r][2 * n + i] = sees ? score : -INFINITY;
      }
    }
  }
}

template <int kHeadDim, class T>
__global__ void __launch_bounds__(kAttentionThreads, (kHeadDim * sizeof(T) > 128 ? 2 : 3))
    forward_kernel(const ForwardOperands<T> p, const Teams teams, int tiles, int key_rows) {
  using Tile = MmaTile<kHeadDim, T>;
  constexpr int kTiles = Tile::kKeys / 8;
  extern __shared__ uint4 shared_memory[];
  const AttentionGeometry& g = p.geometry;
  const Place place = place_of_warp(g, teams, tiles);
  const Shared<Tile, T> shared(shared_memory, kAttentionWarps / teams.warps, key_rows);
  const auto head_dim = static_cast<int>(g.head_dim);
  const int steps = (head_dim + 15) / 16;
  const int row = place.lane / 4;
  const int column = place.lane % 4 * 2;
  const auto queries = static_cast<int>(g.queries);
  const auto keys = static_cast<int>(g.keys);
  // Under causality the last queries have the most work: they begin first.
  const int team_tile = g.causal ? tiles - 1 - place.tile : place.tile;
  const int block_first = team_tile * teams.warps * Tile::kWarpRows;
  const int first = block_first + place.team_warp * Tile::kWarpRows;
  const int count = place.active ? max(0, min(Tile::kWarpRows, queries - first)) : 0;
  const int tile_row = place.warp * Tile::kWarpRows;
  const int key_row = place.slot * key_rows;

  load_mma_rows<kHeadDim>(shared.query, tile_row, p.query.head(place.b, place.h).from(first),
                          Tile::kWarpRows, (1u << count) - 1u, head_dim, 0, 1);
  const bool exists[2] = {row < count, row + 8 < count};
  int may_see[2];  // how many keys, from the first, causality lets a row see
#pragma unroll
  for (int r = 0; r < 2; ++r) may_see[r] = exists[r] ? visible_keys(g, first + row + 8 * r) : 0;
  // What the block's and the warp's last queries see: the same for all lanes.
  const int block_last = min(queries, block_first + teams.warps * Tile::kWarpRows) - 1;
  const int block_keys = visible_keys(g, block_last);
  const int warp_keys = count == 0 ? 0 : visible_keys(g, first + count - 1);
  const int all_see = visible_keys(g, first);

  OnlineSoftmax<4> softmax[2];
  float sums[2 * Tile::kSteps][4] = {};
  for (int begin = 0; begin < block_keys; begin += Tile::kKeys) {
    const int tile_keys = min(Tile::kKeys, keys - begin);
    const std::uint64_t visible = visible_keys_word<Tile>(p, place, begin);
    if (begin > 0) __syncthreads();  // all are done with the tile before
    const int padded = (tile_keys + 15) / 16 * 16;
    load_mma_rows<kHeadDim>(shared.key, key_row, p.key.head(place.b, place.h).from(begin), padded,
                            visible, head_dim, place.team_warp, teams.warps);
    load_mma_rows<kHeadDim>(shared.value, key_row, p.value.head(place.b, place.h).from(begin),
                            padded, visible, head_dim, place.team_warp, teams.warps);
    __syncthreads();
    if (visible == 0 || begin >= warp_keys) continue;

    float products[kTiles][4];
    multiply_rows<kHeadDim, Tile::kKeys / 16>(shared.query, tile_row, shared.key, key_row,
                                              tile_keys, steps, products);
    const int limit[2] = {may_see[0] - begin, may_see[1] - begin};
    const std::uint64_t sees[2] = {visible & first_bits(limit[0]), visible & first_bits(limit[1])};
    RowsOf<const T> bias = p.bias.head(place.b, place.h);
    if (bias.data != nullptr) bias.data += begin;
    float scores[2][2 * kTiles];
    mask_scores(products, static_cast<float>(g.scale), bias, first + row, column, sees, scores);
#pragma unroll
    for (int r = 0; r < 2; ++r) {
      const float correction = softmax[r].update(scores[r]);
#pragma unroll
      for (int n = 0; n < 2 * Tile::kSteps; ++n) {
        sums[n][2 * r] *= correction;
        sums[n][2 * r + 1] *= correction;
      }
    }
    std::uint64_t kept[2] = {~std::uint64_t{0}, ~std::uint64_t{0}};
    float factor = 1.0F;
    if (p.dropout.active()) {
      kept_keys_words<Tile>(p.dropout, g.padded_keys, place.head * g.queries + first, begin,
                            tile_keys, kept);
#pragma unroll
      for (int r = 0; r < 2; ++r) kept[r] >>= column;
      factor = p.dropout.scale();
    }
#pragma unroll
    for (int n = 0; n < Tile::kKeys / 16; ++n) {
      if (16 * n >= tile_keys) continue;
      float weights[2][4];
      unsigned seen[2];
#pragma unroll
      for (int r = 0; r < 2; ++r) {
        seen[r] = (1u << max(0, min(16, limit[r] - 16 * n))) - 1u;
#pragma unroll
        for (int i = 0; i < 4; ++i) {
          const auto bits = static_cast<unsigned>(kept[r] >> (16 * n + i / 2 * 8));
          weights[i / 2][2 * r + i % 2] =
              scores[r][4 * n + i] * ((bits >> i % 2 & 1u) != 0 ? factor : 0.0F);
        }
      }
      const bool diagonal = g.causal && begin + 16 * n + 16 > all_see;
      add_weighted<Tile>(Tile::Element::weights(weights), diagonal, seen, shared.value,
                         key_row + 16 * n, steps, sums);
    }
  }

#pragma unroll
  for (int r = 0; r < 2; ++r) {
    softmax[r].finish();
    const float share = 1.0F / softmax[r].total();
#pragma unroll
    for (int n = 0; n < 2 * Tile::kSteps; ++n) {
#pragma unroll
      for (int e = 2 * r; e < 2 * r + 2; ++e) {
        sums[n][e] = softmax[r].empty() ? 0.0F : sums[n][e] * share;
      }
    }
    if (exists[r] && column == 0 && p.log_sum_exp != nullptr) {
      p.log_sum_exp[place.head * g.queries + first + row + 8 * r] = softmax[r].log_sum_exp();
    }
  }
  write_mma_rows<Tile>(p.output.head(place.b, place.h), first + row, exists, head_dim, sums);
}

template <int kHeadDim, class T>
void run_forward(const Context& context, const AttentionForward& p) {
  using Tile = MmaTile<kHeadDim, T>;
  const ForwardOperands<T> operands(p);
  const AttentionGeometry& g = operands.geometry;
  const int key_rows = Tile::key_rows(g.keys);
  const Teams teams = mma_teams<Tile>(g.queries, key_rows);
  const std::int64_t tiles = blocks_of(g.queries, teams.warps * Tile::kWarpRows);
  launch(context,
         {"attention", teams.blocks(g, tiles), kAttentionThreads,
          Shared<Tile, T>::bytes(teams.heads_per_block(), key_rows)},
         forward_kernel<kHeadDim, T>, operands, teams, static_cast<int>(tiles), key_rows);
}

}  // namespace

void attention_mma(const Context& context, const AttentionForward& p) {
  for_mma_operands(p, [&]<int kHeadDim, class T> { run_forward<kHeadDim, T>(context, p); });
}

}  // namespace ebb::kernels::cuda
