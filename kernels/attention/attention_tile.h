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
#include "kernels/common/vector_loop.h"

HWY_BEFORE_NAMESPACE();
namespace ebb::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using Lanes = hn::ScalableTag<float>;
using Vector = hn::Vec<Lanes>;
inline constexpr std::int64_t kLanes = HWY_LANES(float);
static_assert(2 * kLanes <= kMostTileQueries);

// Registers allow accumulators of 8 x 2 vectors with AVX-512, of 4 x 2 else.
inline constexpr int kMostRows = HWY_TARGET <= HWY_AVX3 ? 8 : 4;

/// C[r] (+)= sum over i < depth of A[r, i] * B[i], where B and C have rows of vectors and A is read
/// element by element.
struct Product {
  const float* a;
  std::int64_t a_stride;  // between rows of A, or, for A transposed, between its columns
  const float* b;
  std::int64_t b_stride;
  float* c;
  std::int64_t c_stride;
  std::int64_t depth;
  bool accumulate;
  // For causal products, whose i is a key: lanes before column[i] - shift do not see it.
  const std::int32_t* column = nullptr;
  std::int64_t shift = 0;
};

// Keys on the causal diagonal of a tile are seen by some of its lanes only.
enum class Causality { none, diagonal };

/// Lanes that see a key whose first query is lane `first` of the tile; `vector` of its kVectors.
HWY_INLINE hn::Mask<Lanes> lanes_from(std::int64_t first, int vector) {
  const Lanes d;
  const auto lane = hn::Iota(d, static_cast<float>(vector * kLanes));
  return hn::Ge(lane, hn::Set(d, static_cast<float>(first)));
}

template <int kRows, int kVectors, bool kTransposed, Causality kCausality>
HWY_INLINE void product_block(const Product& p, std::int64_t row) {
  const Lanes d;
  const std::int64_t row_step = kTransposed ? 1 : p.a_stride;
  const std::int64_t depth_step = kTransposed ? p.a_stride : 1;
  const float* HWY_RESTRICT a = p.a + row * row_step;
  const float* HWY_RESTRICT b = p.b;
  float* HWY_RESTRICT c = p.c + row * p.c_stride;
  // Without the pragmas GCC 12 keeps some of these sums in memory.
  Vector sum[kRows][kVectors];
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) {
      sum[r][v] = p.accumulate ? hn::LoadU(d, c + r * p.c_stride + v * kLanes) : hn::Zero(d);
    }
  }
  for (std::int64_t i = 0; i < p.depth; ++i) {
    Vector from[kVectors];
    hn::Mask<Lanes> sees[kVectors];
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) {
      from[v] = hn::LoadU(d, b + v * kLanes);
      if (kCausality == Causality::diagonal) sees[v] = lanes_from(p.column[i] - p.shift, v);
    }
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
      const Vector factor = hn::Set(d, a[r * row_step]);
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v) {
        const Vector next = hn::MulAdd(factor, from[v], sum[r][v]);
        sum[r][v] = kCausality == Causality::none ? next : hn::IfThenElse(sees[v], next, sum[r][v]);
      }
    }
    a += depth_step;
    b += p.b_stride;
  }
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) {
      hn::StoreU(sum[r][v], d, c + r * p.c_stride + v * kLanes);
    }
  }
}

/// The product for `rows` rows of C, each of kVectors vectors. kTransposed: A[r, i] lies at
/// i * a_stride + r, else at r * a_stride + i.
template <int kVectors, bool kTransposed, Causality kCausality = Causality::none>
void multiply(const Product& p, std::int64_t rows) {
  std::int64_t r = 0;
  for (; r + kMostRows <= rows; r += kMostRows) {
    product_block<kMostRows, kVectors, kTransposed, kCausality>(p, r);
  }
  if (kMostRows > 4 && rows - r >= 4) {
    product_block<4, kVectors, kTransposed, kCausality>(p, r);
    r += 4;
  }
  if (rows - r >= 2) {
    product_block<2, kVectors, kTransposed, kCausality>(p, r);
    r += 2;
  }
  if (rows - r == 1) product_block<1, kVectors, kTransposed, kCausality>(p, r);
}

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
  for (; columns > kLanes; columns -= 2 * kLanes) {
    multiply<2, kTransposed>(p, rows);
    p.b += 2 * kLanes;
    p.c += 2 * kLanes;
  }
  if (columns > 0) multiply<1, kTransposed>(p, rows);
}

/// Transposes each 4 x 4 block: lane 4b + j of output i is lane 4b + i of input j.
HWY_INLINE void transpose_blocks(Vector& v0, Vector& v1, Vector& v2, Vector& v3) {
  const Lanes d;
  const hn::Repartition<double, Lanes> pairs;
  const auto low01 = hn::BitCast(pairs, hn::InterleaveLower(d, v0, v1));
  const auto low23 = hn::BitCast(pairs, hn::InterleaveLower(d, v2, v3));
  const auto high01 = hn::BitCast(pairs, hn::InterleaveUpper(d, v0, v1));
  const auto high23 = hn::BitCast(pairs, hn::InterleaveUpper(d, v2, v3));
  v0 = hn::BitCast(d, hn::InterleaveLower(pairs, low01, low23));
  v1 = hn::BitCast(d, hn::InterleaveUpper(pairs, low01, low23));
  v2 = hn::BitCast(d, hn::InterleaveLower(pairs, high01, high23));
  v3 = hn::BitCast(d, hn::InterleaveUpper(pairs, high01, high23));
}

/// Block b of the result is columns [column, column + width) of rows[4 * b]; width is at most 4.
template <class D>
HWY_INLINE hn::Vec<D> load_blocks(D d, const float* const* rows, std::int64_t column,
                                  std::int64_t width) {
  if constexpr (hn::MaxLanes(D()) == 4) {
    if (HWY_LIKELY(width == 4)) return hn::LoadU(d, rows[0] + column);
    return load_partial(d, rows[0] + column, width);
  } else {
    const hn::Half<D> half;
    return hn::Combine(d, load_blocks(half, rows + hn::MaxLanes(half), column, width),
                       load_blocks(half, rows, column, width));
  }
}

/// Calls emit(c, vector) for each column c of a matrix of 1 to kLanes rows; lanes past the rows
/// repeat the last one.
template <class Emit>
HWY_INLINE void for_columns(const float* data, std::int64_t stride, std::int64_t rows,
                            std::int64_t columns, Emit&& emit) {
  const Lanes d;
  const float* row[kLanes];
  for (std::int64_t r = 0; r < kLanes; ++r) row[r] = data + std::min(r, rows - 1) * stride;
  for (std::int64_t c = 0; c < columns; c += 4) {
    const std::int64_t width = std::min<std::int64_t>(4, columns - c);
    Vector v0 = load_blocks(d, row, c, width);
    Vector v1 = load_blocks(d, row + 1, c, width);
    Vector v2 = load_blocks(d, row + 2, c, width);
    Vector v3 = load_blocks(d, row + 3, c, width);
    transpose_blocks(v0, v1, v2, v3);
    emit(c, v0);
    if (width > 1) emit(c + 1, v1);
    if (width > 2) emit(c + 2, v2);
    if (width > 3) emit(c + 3, v3);
  }
}

/// Stores block b of v at data + 4 * b * stride, for the blocks that begin before `rows`.
template <class D>
HWY_INLINE void store_blocks(D d, hn::Vec<D> v, float* data, std::int64_t stride, std::int64_t rows,
                             std::int64_t width) {
  if (rows <= 0) return;
  if constexpr (hn::MaxLanes(D()) == 4) {
    if (HWY_LIKELY(width == 4)) return hn::StoreU(v, d, data);
    store_partial(d, v, data, width);
  } else {
    const hn::Half<D> half;
    constexpr auto kHalf = static_cast<std::int64_t>(hn::MaxLanes(half));
    store_blocks(half, hn::LowerHalf(half, v), data, stride, rows, width);
    store_blocks(half, hn::UpperHalf(half, v), data + kHalf * stride, stride, rows - kHalf, width);
  }
}

/// The inverse of for_columns: writes a matrix of 1 to kLanes rows whose column c is fetch(c).
template <class Fetch>
HWY_INLINE void store_columns(float* data, std::int64_t stride, std::int64_t rows,
                              std::int64_t columns, Fetch&& fetch) {
  const Lanes d;
  for (std::int64_t c = 0; c < columns; c += 4) {
    const std::int64_t width = std::min<std::int64_t>(4, columns - c);
    Vector v0 = fetch(c);
    Vector v1 = width > 1 ? fetch(c + 1) : v0;
    Vector v2 = width > 2 ? fetch(c + 2) : v0;
    Vector v3 = width > 3 ? fetch(c + 3) : v0;
    transpose_blocks(v0, v1, v2, v3);
    store_blocks(d, v0, data + c, stride, rows, width);
    store_blocks(d, v1, data + c + stride, stride, rows - 1, width);
    store_blocks(d, v2, data + c + 2 * stride, stride, rows - 2, width);
    store_blocks(d, v3, data + c + 3 * stride, stride, rows - 3, width);
  }
}

/// Calls emit(v, i, vector) for each column i of a tile's rows of queries and each of its vectors
/// v.
template <int kVectors, class Emit>
HWY_INLINE void for_tile_columns(const float* data, std::int64_t stride, std::int64_t queries,
                                 std::int64_t columns, Emit&& emit) {
  for (int v = 0; v < kVectors; ++v) {
    const std::int64_t rows = std::clamp<std::int64_t>(queries - v * kLanes, 1, kLanes);
    for_columns(data + v * kLanes * stride, stride, rows, columns,
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
