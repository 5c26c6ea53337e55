// How the pass for grad_bias divides its work among blocks.
#pragma once

#include "kernels/attention/attention_cuda.h"
#include "kernels/attention/attention_operands.cuh"

namespace ebb::kernels::cuda {

/// Where sums for the bias go, and how heads share it.
struct BiasGradient {
  BiasGradient(const View& view, const BiasGradientPlan& plan)
      : sums(view),
        slice_stride(plan.elements),
        heads(view.shape[1]),
        members(plan.members),
        slices(plan.slices) {}

  HeadsOf<float> sums;  // of slice 0
  std::int64_t slice_stride;
  std::int64_t heads;    // of the bias
  std::int64_t members;  // heads that share one matrix
  std::int64_t slices;
};

/// What a block works on.
struct BiasTile {
  // Fewer than a launch has blocks; 64 bits would need registers that are not there.
  int b, h;  // of the bias
  int slice;
  int first_member, last_member;  // [first, last) of those that share the matrix
  int query, key;                 // tiles
};

__device__ inline BiasTile bias_tile_of_block(const BiasGradient& bias, int query_tiles,
                                              int key_tiles) {
  BiasTile tile;
  std::int64_t block = blockIdx.x;
  tile.key = static_cast<int>(block % key_tiles);
  block /= key_tiles;
  tile.query = static_cast<int>(block % query_tiles);
  block /= query_tiles;
  tile.slice = static_cast<int>(block % bias.slices);
  block /= bias.slices;
  tile.b = static_cast<int>(block / bias.heads);
  tile.h = static_cast<int>(block % bias.heads);
  tile.first_member = static_cast<int>(bias.members * tile.slice / bias.slices);
  tile.last_member = static_cast<int>(bias.members * (tile.slice + 1) / bias.slices);
  return tile;
}

/// The whole block is a team that works on member `m` of the heads that share the matrix.
__device__ inline Place place_of_member(const AttentionGeometry& g, const BiasGradient& bias,
                                        const BiasTile& tile, int m) {
  // Of a dimension that is not shared, m has no part: it adds 0.
  const auto sharing_heads = static_cast<int>(g.heads / bias.heads);
  Place place;
  place.warp = place.team_warp = static_cast<int>(threadIdx.x) / kWarpSize;
  place.lane = static_cast<int>(threadIdx.x) % kWarpSize;
  place.slot = place.tile = 0;
  place.active = true;
  place.b = tile.b + m / sharing_heads;
  place.h = tile.h + m % sharing_heads;
  place.head = place.b * g.heads + place.h;
  return place;
}

/// Where the block's sums go.
__device__ inline RowsOf<float> rows_of_slice(const BiasGradient& bias, const BiasTile& tile) {
  RowsOf<float> rows = bias.sums.head(tile.b, tile.h);
  rows.data += tile.slice * bias.slice_stride;
  return rows;
}

}  // namespace ebb::kernels::cuda
