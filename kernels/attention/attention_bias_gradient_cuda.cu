// The gradient of attention's bias on CUDA: the gradients of scores, summed over the heads that
// share the bias, in order.
//
// A block owns a tile of queries by keys of one bias matrix and goes over the heads that share it;
// where few tiles would leave the device idle, the heads are divided into slices, whose partial
// sums a second kernel adds in order. Scores are computed anew: 4 flops per score and component
// more than the other passes, instead of a matrix of scores for every head in memory.
#include "kernels/attention/attention_bias_gradient.h"
#include "kernels/attention/attention_fma_backward.cuh"
#include "kernels/common/cuda/launch.h"

namespace ebb::kernels::cuda {
namespace {

constexpr int kSumThreads = 256;

template <int kHeadDim>
using Tile = BackwardTile<kHeadDim>;

/// grad_bias, or the partial sums, and how heads share it.
struct BiasGradient {
  HeadsOf<float> sums;  // of slice 0
  std::int64_t slice_stride;
  std::int64_t batch, heads;  // of the bias
  std::int64_t members, slices;
};

template <int kHeadDim>
__global__ void __launch_bounds__(kAttentionThreads, (kHeadDim > 128  ? 1
                                                      : kHeadDim > 64 ? 2
                                                                      : 3))
    bias_gradient_kernel(const BackwardOperands<float> p, const BiasGradient bias,
                         const Teams teams, int query_tiles, int key_tiles, int key_rows) {
  using Tile = Tile<kHeadDim>;
  extern __shared__ float4 shared_memory[];
  const AttentionGeometry& g = p.geometry;
  const BackwardShared<Tile> shared(reinterpret_cast<float*>(shared_memory), 1, key_rows);
  std::int64_t block = blockIdx.x;
  const int begin = static_cast<int>(block % key_tiles) * Tile::kKeys;
  block /= key_tiles;
  const int block_first = static_cast<int>(block % query_tiles) * Tile::kBlockRows;
  block /= query_tiles;
  const std::int64_t slice = block % bias.slices;
  block /= bias.slices;  // now the bias matrix
  const std::int64_t bias_b = block / bias.heads;
  const std::int64_t bias_h = block % bias.heads;
  const std::int64_t sharing_heads = g.heads / bias.heads;

  Place place;
  place.warp = place.team_warp = static_cast<int>(threadIdx.x) / kWarpSize;
  place.lane = static_cast<int>(threadIdx.x) % kWarpSize;
  place.slot = place.tile = 0;
  place.active = true;
  const int first = block_first + place.warp * Tile::kWarpRows;
  float sums[Tile::kRows][Tile::kGroups] = {};
  const std::int64_t end = bias.members * (slice + 1) / bias.slices;
  for (std::int64_t m = bias.members * slice / bias.slices; m < end; ++m) {
    // Where a dimension is not shared, its part of m is 0 or the one index.
    place.b = bias_b + m / sharing_heads;
    place.h = bias_h + m % sharing_heads;
    place.head = place.b * g.heads + place.h;
    const QueryRows<Tile> rows = load_query_rows<Tile, false>(p, place, first, shared);
    const KeyTile keys = load_key_tile<Tile>(p, place, begin, teams, key_rows, shared);
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
  RowsOf<float> to = bias.sums.head(bias_b, bias_h);
  to.data += slice * bias.slice_stride;
#pragma unroll
  for (int t = 0; t < Tile::kRows; ++t) {
    const int q = first + place.lane / 8 + 4 * t;
#pragma unroll
    for (int s = 0; s < Tile::kGroups; ++s) {
      const int k = begin + place.lane % 8 + 8 * s;
      if (q < g.queries && k < g.keys) to.row(q)[k] = sums[t][s];
    }
  }
}

/// grad_bias = the sum of its slices, in order.
__global__ void __launch_bounds__(kSumThreads)
    sum_slices_kernel(const float* slices, std::int64_t count, std::int64_t elements,
                      const HeadsOf<float> to, std::int64_t heads, std::int64_t queries,
                      std::int64_t keys) {
  const std::int64_t stride = std::int64_t{gridDim.x} * kSumThreads;
  for (std::int64_t i = std::int64_t{blockIdx.x} * kSumThreads + threadIdx.x; i < elements;
       i += stride) {
    float sum = slices[i];
    for (std::int64_t s = 1; s < count; ++s) sum += slices[s * elements + i];
    const std::int64_t matrix = i / (queries * keys);
    const auto q = static_cast<int>(i / keys % queries);
    to.head(matrix / heads, matrix % heads).row(q)[i % keys] = sum;
  }
}

template <int kHeadDim>
void run(const Context& context, const BackwardOperands<float>& operands, const BiasGradient& bias,
         int matrices) {
  using Tile = Tile<kHeadDim>;
  const AttentionGeometry& g = operands.geometry;
  const auto query_tiles = static_cast<int>(blocks_of(g.queries, Tile::kBlockRows));
  const auto key_tiles = static_cast<int>(blocks_of(g.keys, Tile::kKeys));
  const int key_rows = Tile::key_rows(g.keys);
  // A whole block of queries makes the block one team.
  const Teams teams(Tile::kBlockRows, Tile::kWarpRows, key_rows * kHeadDim);
  const auto blocks = static_cast<unsigned>(matrices * bias.slices * query_tiles * key_tiles);
  launch(
      context,
      {"attention_backward", blocks, kAttentionThreads, BackwardShared<Tile>::bytes(1, key_rows)},
      bias_gradient_kernel<kHeadDim>, operands, bias, teams, query_tiles, key_tiles, key_rows);
}

}  // namespace

BiasGradientPlan::BiasGradientPlan(const AttentionBackward& p) {
  if (!p.grad_bias.present()) return;
  // Tiles of at least 16 x 16: enough blocks to fill a large device a few times.
  constexpr std::int64_t kBlocks = 1024;
  const Shape& shape = p.grad_bias.shape;
  elements = shape.elements();
  if (elements == 0) return;
  const std::int64_t matrices = shape[0] * shape[1];
  members = p.query.shape[0] * p.query.shape[1] / matrices;
  const std::int64_t tiles = matrices * blocks_of(shape[2], 64) * blocks_of(shape[3], 32);
  slices = std::clamp<std::int64_t>(kBlocks / tiles, 1, std::max<std::int64_t>(members, 1));
}

void attention_bias_gradient(const Context& context, const AttentionBackward& p,
                             const BiasGradientPlan& plan, float* partial_sums) {
  if (plan.elements == 0) return;
  const Shape& shape = p.grad_bias.shape;
  const BackwardOperands<float> operands(p, nullptr);
  const View partial{partial_sums, DType::f32, shape};
  const BiasGradient bias{.sums = HeadsOf<float>(plan.slices > 1 ? partial : p.grad_bias),
                          .slice_stride = plan.elements,
                          .batch = shape[0],
                          .heads = shape[1],
                          .members = plan.members,
                          .slices = plan.slices};
  for_padded_head_dim(p.query.shape[3], [&](auto head_dim) {
    run<decltype(head_dim)::value>(context, operands, bias, static_cast<int>(shape[0] * shape[1]));
  });
  if (plan.slices == 1) return;
  launch(context,
         {"attention_backward", grid_for(context, plan.elements, kSumThreads), kSumThreads},
         sum_slices_kernel, partial_sums, plan.slices, plan.elements, HeadsOf<float>(p.grad_bias),
         shape[1], shape[2], shape[3]);
}

}  // namespace ebb::kernels::cuda
