// Operands of attention as the CUDA kernels see them, and how heads are dealt to blocks.
#pragma once

#include <cstdint>

#include "kernels/attention/attention_geometry.h"
#include "kernels/common/blocks.h"
#include "kernels/common/cuda/collectives.cuh"
#include "kernels/common/cuda/storage.cuh"

namespace ebb::kernels::cuda {

using namespace ebb::cuda;

/// Rows of one head in global memory.
template <class T>
struct RowsOf {
  T* data;
  std::int64_t stride;
  bool packs;  // every row may be moved in packs of 16 bytes

  __device__ T* row(int i) const { return data + i * stride; }
  __device__ RowsOf from(std::int64_t i) const { return {data + i * stride, stride, packs}; }
};

/// A view [batch, heads, rows, columns] on the device; a dimension of one element serves every
/// batch entry or head.
template <class T>
struct HeadsOf {
  HeadsOf() = default;
  template <class Pointer>
  explicit HeadsOf(const BasicView<Pointer>& view)
      : data(view.template as<std::remove_const_t<T>>()) {
    if (!view.present()) return;
    const auto stride_of = [&](int i) { return view.shape[i] == 1 ? 0 : view.strides[i]; };
    batch_stride = stride_of(0);
    head_stride = stride_of(1);
    row_stride = stride_of(2);
    constexpr std::int64_t kPack = kPackOf<std::remove_const_t<T>>;
    packs = aligned_to(16, data) && view.shape[3] % kPack == 0 && batch_stride % kPack == 0 &&
            head_stride % kPack == 0 && row_stride % kPack == 0;
  }

  __device__ RowsOf<T> head(std::int64_t b, std::int64_t h) const {
    return {data + b * batch_stride + h * head_stride, row_stride, packs};
  }

  T* data = nullptr;
  std::int64_t batch_stride = 0;
  std::int64_t head_stride = 0;
  std::int64_t row_stride = 0;
  bool packs = false;
};

/// Four neighbouring components of a row in global memory; zeros past head_dim.
__device__ inline float4 load_chunk(const float* row, int column, int head_dim, bool packs) {
  float4 chunk = make_float4(0.0F, 0.0F, 0.0F, 0.0F);
  if (packs) {
    if (column < head_dim) chunk = *reinterpret_cast<const float4*>(row + column);
  } else {
    if (column < head_dim) chunk.x = row[column];
    if (column + 1 < head_dim) chunk.y = row[column + 1];
    if (column + 2 < head_dim) chunk.z = row[column + 2];
    if (column + 3 < head_dim) chunk.w = row[column + 3];
  }
  return chunk;
}

__device__ inline float dot(const float4& a, const float4& b, float sum) {
  return fmaf(a.w, b.w, fmaf(a.z, b.z, fmaf(a.y, b.y, fmaf(a.x, b.x, sum))));
}

/// What both directions read.
template <class T>
struct Operands {
  explicit Operands(const AttentionInputs& p)
      : geometry(p),
        query(p.query),
        key(p.key),
        value(p.value),
        bias(p.bias),
        padding(p.key_padding_mask.as<std::uint8_t>()),
        dropout(p.dropout) {}

  AttentionGeometry geometry;
  HeadsOf<const T> query, key, value, bias;
  const std::uint8_t* padding;  // [batch, keys] or null
  DropoutSpec dropout;
};

template <class T>
struct ForwardOperands : Operands<T> {
  explicit ForwardOperands(const AttentionForward& p)
      : Operands<T>(p), output(p.output), log_sum_exp(p.log_sum_exp.as<float>()) {}

  HeadsOf<T> output;
  float* log_sum_exp;  // or null
};

template <class T>
struct BackwardOperands : Operands<T> {
  BackwardOperands(const AttentionBackward& p, float* deltas)
      : Operands<T>(p),
        output(p.output),
        grad_output(p.grad_output),
        log_sum_exp(p.log_sum_exp.as<float>()),
        delta(deltas),
        grad_query(p.grad_query),
        grad_key(p.grad_key),
        grad_value(p.grad_value) {}

  HeadsOf<const T> output, grad_output;
  const float* log_sum_exp;
  float* delta;  // [batch, heads, queries]: from the pass over queries to the one over keys
  HeadsOf<T> grad_query, grad_key, grad_value;
};

inline constexpr int kAttentionWarps = 4;
inline constexpr int kAttentionThreads = kAttentionWarps * kWarpSize;

/// How heads are dealt to blocks of kAttentionWarps warps: a team of warps works on one head. It
/// has no more warps than the head's queries fill, as long as the keys of a block's heads take
/// little shared memory. Depends on the shape alone.
struct Teams {
  /// `warp_rows`: queries that fill a warp; `key_elements`: those of a head's tile of keys.
  Teams(std::int64_t queries, int warp_rows, int key_elements) : warps(kAttentionWarps) {
    constexpr int kMostKeyElements = 4096;
    while (warps > 1 && queries <= warps / 2 * warp_rows &&
           kAttentionWarps / (warps / 2) * key_elements <= kMostKeyElements) {
      warps /= 2;
    }
  }

  int heads_per_block() const { return kAttentionWarps / warps; }
  /// Blocks when each head has `tiles` tiles.
  std::int64_t blocks(const AttentionGeometry& g, std::int64_t tiles) const {
    return blocks_of(g.batch * g.heads, heads_per_block()) * tiles;
  }

  int warps;
};

/// The head that a warp works on, and its part of the work.
struct Place {
  int warp, lane;
  int team_warp;            // among the warps of its head
  int slot;                 // of its head in the block
  int tile;                 // of those that a head has
  std::int64_t head, b, h;  // head = b * heads + h
  bool active;              // false where the last block has no head: it sees no key and no query
};

__device__ inline Place place_of_warp(const AttentionGeometry& g, const Teams& teams, int tiles) {
  Place place;
  place.warp = static_cast<int>(threadIdx.x) / kWarpSize;
  place.lane = static_cast<int>(threadIdx.x) % kWarpSize;
  place.team_warp = place.warp % teams.warps;
  place.slot = place.warp / teams.warps;
  place.tile = static_cast<int>(blockIdx.x % static_cast<unsigned>(tiles));
  const std::int64_t group = blockIdx.x / static_cast<unsigned>(tiles);
  place.head = group * (kAttentionWarps / teams.warps) + place.slot;
  place.active = place.head < g.batch * g.heads;
  if (!place.active) place.head = 0;
  place.b = place.head / g.heads;
  place.h = place.head % g.heads;
  return place;
}

}  // namespace ebb::kernels::cuda
