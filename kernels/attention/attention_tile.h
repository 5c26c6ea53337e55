// Tiles of attention's CPU kernels. In a tile the lanes are queries: row i of it is kVectors
// vectors that hold one number (a component, or the score of key i) for each of kVectors * kLanes
// queries. Scores, their statistics and the output so need no sums across lanes. Included once per
// instruction set (see hwy/foreach_target.h), hence no #pragma once.
#if defined(EBB_ATTENTION_TILE_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef EBB_ATTENTION_TILE_H_
#undef EBB_ATTENTION_TILE_H_
#else
#define EBB_ATTENTION_TILE_H_
#endif

#include <hwy/highway.h>

#include "kernels/attention/attention_scratch.h"
#include "kernels/common/dropout_factors.h"
#include "kernels/common/tile_product.h"
#include "kernels/common/vector_columns.h"

HWY_BEFORE_NAMESPACE();
namespace ebb::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
static_assert(4 * kLanes <= kMostTileQueries);

// Vectors of a row of sums: four, where the registers hold six rows of them, load the least.
inline constexpr int kMostVectors = HWY_TARGET <= HWY_AVX3 ? 4 : 2;

/// The product over `depth` keys into lanes of queries, of which p.depth are seen by every lane and
/// the rest, keys on the causal diagonal, each from lane column[i] - shift on.
template <int kVectors>
HWY_INLINE void multiply_seen(Product p, std::int64_t rows, std::int64_t depth,
                              const std::int32_t* column, std::int64_t shift) {
  multiply<kVectors, true>(p, rows);
  if (p.depth == depth) return;
  p.a += p.depth * p.a_stride;
  p.b += p.depth * p.b_stride;
  p.column = column + p.depth;
  p.shift = shift;
  p.depth = depth - p.depth;
  p.accumulate = true;
  multiply<kVectors, true, Causality::diagonal>(p, rows);
}

/// The product for rows of `columns` components, padded to whole vectors.
template <bool kTransposed>
HWY_INLINE void multiply_wide(Product p, std::int64_t rows, std::int64_t columns) {
  const auto advance = [&](int vectors) {
    p.b += vectors * kLanes;
    p.c += vectors * kLanes;
    columns -= vectors * kLanes;
  };
  if constexpr (kMostVectors > 2) {
    while (columns > (kMostVectors - 1) * kLanes) {
      multiply<kMostVectors, kTransposed>(p, rows);
      advance(kMostVectors);
    }
  }
  while (columns > kLanes) {
    multiply<2, kTransposed>(p, rows);
    advance(2);
  }
  if (columns > 0) multiply<1, kTransposed>(p, rows);
}

/// Calls emit(v, i, vector) for each column i of a tile's rows of queries and each of its vectors
/// v. Lanes past the queries repeat some of them.
template <int kVectors, class Emit>
HWY_INLINE void for_tile_columns(const float* data, std::int64_t stride, std::int64_t queries,
                                 std::int64_t columns, Emit&& emit) {
  for (int v = 0; v < kVectors; ++v) {
    const std::int64_t first = std::min(v * kLanes, queries - 1);
    for_columns(data + first * stride, stride, std::min(queries - first, kLanes), columns,
                [&](std::int64_t i, Vector x) HWY_ATTR { emit(v, i, x); });
  }
}

/// Writes a tile's rows of queries: column i of vector v is fetch(v, i).
template <int kVectors, class Fetch>
HWY_INLINE void store_tile_columns(float* data, std::int64_t stride, std::int64_t queries,
                                   std::int64_t columns, Fetch&& fetch) {
  for (int v = 0; v < kVectors; ++v) {
    const std::int64_t rows = std::clamp<std::int64_t>(queries - v * kLanes, 0, kLanes);
    store_columns(data + v * kLanes * stride, stride, rows, columns,
                  [&](std::int64_t i) HWY_ATTR { return fetch(v, i); });
  }
}

/// The tile of queries [first, first + count) of head (b, h).
struct TileQueries {
  std::int64_t b, h;
  std::int64_t first, count;
};

/// How many of a block's keys, from its first, every query of the tile sees.
HWY_INLINE std::int64_t keys_seen_by_all(const AttentionGeometry& g, const TileQueries& tile,
                                         const HeadKeys& keys, const KeyBlock& block) {
  const std::int64_t seen = keys.before[g.visible_keys(tile.first)] - block.first;
  return std::clamp<std::int64_t>(seen, 0, block.count);
}

/// Scores of a block of keys, without bias: row k of `scores` is key `first + k`.
template <int kVectors>
void score_block(const HeadRows<const float>& keys, const KeyBlock& block, std::int64_t head_dim,
                 const float* query_lanes, float* scores) {
  constexpr std::int64_t kWidth = kVectors * kLanes;
  multiply<kVectors, false>({.a = keys.row(block.first),
                             .a_stride = keys.stride,
                             .b = query_lanes,
                             .b_stride = kWidth,
                             .c = scores,
                             .c_stride = kWidth,
                             .depth = head_dim,
                             .accumulate = false},
                            block.count);
}

/// Calls emit(v, k, vector) with the numbers of a [queries][columns] matrix that belong to the
/// block's key number k; `data` is at the tile's first query and the block's first column.
template <int kVectors, class Emit>
HWY_INLINE void for_block_keys(const HeadKeys& keys, const KeyBlock& block, const float* data,
                               std::int64_t stride, std::int64_t queries, Emit&& emit) {
  const std::int32_t* before = keys.before + block.begin;
  for_tile_columns<kVectors>(data, stride, queries, block.end - block.begin,
                             [&](int v, std::int64_t i, Vector x) HWY_ATTR {
                               if (before[i] == before[i + 1]) return;
                               emit(v, before[i] - block.first, x);
                             });
}

/// Adds the bias to a block's scores.
template <int kVectors>
HWY_INLINE void add_bias(const AttentionInputs& p, const TileQueries& tile, const HeadKeys& keys,
                         const KeyBlock& block, float* scores) {
  const Lanes d;
  const HeadRows<const float> bias(p.bias, tile.b, tile.h);
  for_block_keys<kVectors>(keys, block, bias.row(tile.first) + block.begin, bias.stride, tile.count,
                           [&](int v, std::int64_t k, Vector x) HWY_ATTR {
                             float* score = scores + k * kVectors * kLanes + v * kLanes;
                             hn::Store(hn::Add(hn::Load(d, score), x), d, score);
                           });
}

/// As for_block_keys, with dropout's factors, made in `buffer` [queries][kKeyBlock].
template <int kVectors, class Emit>
HWY_INLINE void for_block_factors(const DropoutSpec& dropout, const AttentionGeometry& g,
                                  const HeadKeys& keys, const KeyBlock& block,
                                  std::int64_t first_row, std::int64_t queries, float* buffer,
                                  Emit&& emit) {
  std::int64_t stride = kKeyBlock;
  const auto element = static_cast<std::uint64_t>(first_row * g.padded_keys + block.begin);
  if (g.padded_keys <= kKeyBlock) {
    // Whole rows fit: they follow each other, so one call wastes no part of a vector.
    stride = g.padded_keys;
    dropout_factors(dropout, element, queries * stride, buffer);
  } else {
    for (std::int64_t q = 0; q < queries; ++q) {
      dropout_factors(dropout, element + static_cast<std::uint64_t>(q * g.padded_keys),
                      block.end - block.begin, buffer + q * stride);
    }
  }
  for_block_keys<kVectors>(keys, block, buffer, stride, queries, emit);
}

}  // namespace ebb::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // EBB_ATTENTION_TILE_H_
