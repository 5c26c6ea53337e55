// The gradient of attention's bias on CUDA in bf16, f16 and TF32: as
// attention_bias_gradient_cuda.cu, with products on tensor cores. A block owns 64 queries by a tile
// of keys, 64 or 32.
#include "kernels/attention/attention_bias_tile.cuh"
#include "kernels/attention/attention_cuda.h"
#include "kernels/attention/attention_mma_backward.cuh"
#include "kernels/common/cuda/launch.h"

namespace ebb::kernels::cuda {
namespace {

/// Writes neighbours, the second if `both` are there: at once where they are aligned, so that the
/// lanes of a row write whole sectors.
__device__ inline void store_pair(float* to, float2 pair, bool both) {
  if (both && reinterpret_cast<std::uintptr_t>(to) % sizeof(pair) == 0) {
    *reinterpret_cast<float2*>(to) = pair;
  } else {
    to[0] = pair.x;
    if (both) to[1] = pair.y;
  }
}

template <int kHeadDim, class T>
__global__ void __launch_bounds__(kAttentionThreads, (kHeadDim > 32 ? 2 : 3))
    bias_gradient_kernel(const BackwardOperands<T> p, const BiasGradient bias, const Teams teams,
                         int query_tiles, int key_tiles, int key_rows) {
  using Tile = MmaTile<kHeadDim, T>;
  constexpr int kParts = Tile::kKeys / 32;
  extern __shared__ uint4 shared_memory[];
  const AttentionGeometry& g = p.geometry;
  const MmaBackwardShared<Tile, T> shared(shared_memory, 1, key_rows);
  const BiasTile tile = bias_tile_of_block(bias, query_tiles, key_tiles);
  QueryChunk<Tile> rows;
  float sums[kParts][4][4] = {};
  for (int m = tile.first_member; m < tile.last_member; ++m) {
    const Place place = place_of_member(g, bias, tile, m);
    rows.first = tile.query * Tile::kBlockRows + place.warp * Tile::kWarpRows;
    rows.tile_row = place.warp * Tile::kWarpRows;
    rows.count = load_mma_queries<Tile, false>(p, place, rows.first, shared);
    const MmaKeyTile keys =
        load_mma_keys<Tile>(p, place, tile.key * Tile::kKeys, teams, key_rows, shared);
    __syncthreads();
#pragma unroll
    for (int part = 0; part < kParts; ++part) {
      if (32 * part >= keys.count) continue;
      float gradients[4][4];
      differentiate_queries(p, place, rows, keys, 32 * part, shared, gradients);
#pragma unroll
      for (int n = 0; n < 4; ++n) {
#pragma unroll
        for (int e = 0; e < 4; ++e) sums[part][n][e] += gradients[n][e];
      }
    }
    __syncthreads();  // all are done with the head
  }
  const RowsOf<float> to = rows_of_slice(bias, tile);
  const int lane = static_cast<int>(threadIdx.x) % kWarpSize;
  const int warp = static_cast<int>(threadIdx.x) / kWarpSize;
#pragma unroll
  for (int part = 0; part < kParts; ++part) {
#pragma unroll
    for (int n = 0; n < 4; ++n) {
#pragma unroll
      for (int r = 0; r < 2; ++r) {
        const int q = tile.query * Tile::kBlockRows + warp * Tile::kWarpRows + lane / 4 + 8 * r;
        const int k = tile.key * Tile::kKeys + 32 * part + 8 * n + lane % 4 * 2;
        if (q >= g.queries || k >= g.keys) continue;
        const float* pair = &sums[part][n][2 * r];
        store_pair(to.row(q) + k, make_float2(pair[0], pair[1]), k + 1 < g.keys);
      }
    }
  }
}

template <int kHeadDim, class T>
void run(const Context& context, const AttentionBackward& p, const BiasGradientPlan& plan,
         const View& sums) {
  using Tile = MmaTile<kHeadDim, T>;
  const BackwardOperands<T> operands(p, nullptr);
  const AttentionGeometry& g = operands.geometry;
  const BiasGradient bias(sums, plan);
  const auto query_tiles = static_cast<int>(blocks_of(g.queries, Tile::kBlockRows));
  const auto key_tiles = static_cast<int>(blocks_of(g.keys, Tile::kKeys));
  const int key_rows = Tile::key_rows(g.keys);
  const Teams teams = mma_teams<Tile>(Tile::kBlockRows, key_rows);
  launch(context,
         {"attention_backward", plan.matrices * plan.slices * query_tiles * key_tiles,
          kAttentionThreads, MmaBackwardShared<Tile, T>::bytes(1, key_rows)},
         bias_gradient_kernel<kHeadDim, T>, operands, bias, teams, query_tiles, key_tiles,
         key_rows);
}

}  // namespace

void attention_bias_gradient_mma(const Context& context, const AttentionBackward& p,
                                 const BiasGradientPlan& plan, const View& sums) {
  for_mma_operands(p, [&]<int kHeadDim, class T> { run<kHeadDim, T>(context, p, plan, sums); });
}

}  // namespace ebb::kernels::cuda
