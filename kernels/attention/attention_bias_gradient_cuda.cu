// The gradient of attention's bias on CUDA: the gradients of scores, summed over the heads that
// share the bias, in order.
//
// A block owns a tile of queries by keys of one bias matrix and goes over the heads that share it;
// where few tiles would leave the device idle, the heads are divided into slices, whose partial
// sums attention_cuda.cu adds in order. Scores are computed anew: 4 flops per score and component
// more than the other passes, instead of a matrix of scores for every head in memory.
#include "kernels/attention/attention_bias_tile.cuh"
#include "kernels/attention/attention_cuda.h"
#include "kernels/attention/attention_fma_backward.cuh"
#include "kernels/common/cuda/launch.h"

namespace ebb::kernels::cuda {
namespace {

template <int kHeadDim>
__global__ void __launch_bounds__(kAttentionThreads, blocks_at_once(kHeadDim))
    bias_gradient_kernel(const BackwardOperands<float> p, const BiasGradient bias,
                         const Teams teams, int query_tiles, int key_tiles, int key_rows) {
  using Tile = BackwardTile<kHeadDim>;
  extern __shared__ float4 shared_memory[];
  const AttentionGeometry& g = p.geometry;
  const BackwardShared<Tile> shared(reinterpret_cast<float*>(shared_memory), 1, key_rows);
  const BiasTile tile = bias_tile_of_block(bias, query_tiles, key_tiles);
  const int lane = static_cast<int>(threadIdx.x) % kWarpSize;
  const int warp = static_cast<int>(threadIdx.x) / kWarpSize;
  const int first = tile.query * Tile::kBlockRows + warp * Tile::kWarpRows;
  float sums[Tile::kRows][Tile::kGroups] = {};
  for (int m = tile.first_member; m < tile.last_member; ++m) {
    const Place place = place_of_member(g, bias, tile, m);
    const QueryRows<Tile> rows = load_query_rows<Tile, false>(p, place, first, shared);
    const KeyTile keys =
        load_key_tile<Tile>(p, place, tile.key * Tile::kKeys, teams, key_rows, shared);
    __syncthreads();
    float probabilities[Tile::kRows][Tile::kGroups];
    float grad_scores[Tile::kRows][Tile::kGroups];
    differentiate<Tile>(p, place, rows, keys, shared, probabilities, grad_scores);
#pragma unroll
    for (int t = 0; t < Tile::kRows; ++t) {
#pragma unroll
      for (int s = 0; s < Tile::kGroups; ++s) sums[t][s] += grad_scores[t][s];
    }
    __syncthreads();  // all are done with the head
  }
  const RowsOf<float> to = rows_of_slice(bias, tile);
#pragma unroll
  for (int t = 0; t < Tile::kRows; ++t) {
    const int q = first + lane / 8 + 4 * t;
#pragma unroll
    for (int s = 0; s < Tile::kGroups; ++s) {
      const int k = tile.key * Tile::kKeys + lane % 8 + 8 * s;
      if (q < g.queries && k < g.keys) to.row(q)[k] = sums[t][s];
    }
  }
}

template <int kHeadDim>
void run(const Context& context, const AttentionBackward& p, const BiasGradientPlan& plan,
         const View& sums) {
  using Tile = BackwardTile<kHeadDim>;
  const BackwardOperands<float> operands(p, nullptr);
  const AttentionGeometry& g = operands.geometry;
  const BiasGradient bias(sums, plan);
  const auto query_tiles = static_cast<int>(blocks_of(g.queries, Tile::kBlockRows));
  const auto key_tiles = static_cast<int>(blocks_of(g.keys, Tile::kKeys));
  const int key_rows = Tile::key_rows(g.keys);
  // A whole block of queries makes the block one team.
  const Teams teams(Tile::kBlockRows, Tile::kWarpRows, key_rows * kHeadDim);
  launch(context,
         {"attention_backward", plan.matrices * plan.slices * query_tiles * key_tiles,
          kAttentionThreads, BackwardShared<Tile>::bytes(1, key_rows)},
         bias_gradient_kernel<kHeadDim>, operands, bias, teams, query_tiles, key_tiles, key_rows);
}

}  // namespace

void attention_bias_gradient_fma(const Context& context, const AttentionBackward& p,
                                 const BiasGradientPlan& plan, const View& sums) {
  for_padded_head_dim(p.query.shape[3], [&](auto head_dim) {
    run<decltype(head_dim)::value>(context, p, plan, sums);
  });
}

}  // namespace ebb::kernels::cuda
