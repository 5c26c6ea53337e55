// Attention forward on the CPU. Work is split by head and by blocks of queries. A tile of up to
// four vectors of queries goes over the keys in blocks: scores (4 flops per score and component in
// all, broadcasting keys against lanes of queries), online softmax in place, then the product with
// the values. Keys of one block are not rescaled. Memory moved per head: its query, key, value and
// output once, the keys and values again per tile from the caches.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/attention/attention_forward_cpu.cpp"
#include <hwy/foreach_target.h>
// Must come after foreach_target.h.
#include <limits>

#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>

#include "kernels/attention/attention_backends.h"
#include "kernels/attention/attention_prefetch.h"
#include "kernels/attention/attention_reference.h"
#include "kernels/attention/attention_scratch.h"
#include "kernels/attention/attention_sums.h"
#include "kernels/attention/attention_tile.h"
#include "kernels/common/vector_math.h"

#ifndef EBB_ATTENTION_FORWARD_CPU_ONCE_
#define EBB_ATTENTION_FORWARD_CPU_ONCE_
namespace ebb::kernels {

// Queries of one head that form an item of parallel work: some tiles.
inline constexpr std::int64_t kQueryBlock = 64;

/// What one thread needs besides the operands.
struct ForwardScratch {
  ForwardScratch(ScratchCursor& cursor, const AttentionForward& p, const AttentionGeometry& g)
      : keys(cursor, g, p.key_padding_mask.present()),
        query(cursor.take<float>(g.head_dim * kMostTileQueries)),
        output(cursor.take<float>(g.head_dim * kMostTileQueries)),
        scores(cursor.take<float>(kKeyBlock * kMostTileQueries)),
        factors(p.dropout.active() ? cursor.take<float>(kKeyBlock * kMostTileQueries) : nullptr) {}

  HeadKeys keys;
  UpcomingHead upcoming;
  float* query;    // tile: scaled components of the queries
  float* output;   // tile: components of the unfinished outputs, unless made in place
  float* scores;   // tile: one row per key of the block
  float* factors;  // [queries of the tile][kKeyBlock]
};

}  // namespace ebb::kernels
#endif

HWY_BEFORE_NAMESPACE();
namespace ebb::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// By so much may a score exceed its row's reference before sums are rescaled: weights up to e.
inline constexpr float kMostExcess = 1.0F;

/// The softmax of a tile in progress, per query.
template <int kVectors>
struct OnlineSoftmax {
  Vector reference[kVectors];  // within kMostExcess of the largest score so far, -inf at first
  Vector total[kVectors];      // of exp(score - reference)
  bool moved = false;          // whether the last block raised a reference that sums depend on,
  Vector rescale[kVectors];    // and then what these are to be multiplied by
};

/// Sets the scores that causality hides to -inf.
template <int kVectors>
HWY_INLINE void hide_scores(const AttentionGeometry& g, const TileQueries& tile,
                            const KeyBlock& block, ForwardScratch& s) {
  const Lanes d;
  constexpr std::int64_t kWidth = kVectors * kLanes;
  const Vector hidden = hn::Set(d, -std::numeric_limits<float>::infinity());
  const std::int64_t shift = tile.first + g.keys - g.queries;
  for (std::int64_t k = keys_seen_by_all(g, tile, s.keys, block); k < block.count; ++k) {
    const std::int64_t first_lane = s.keys.column[block.first + k] - shift;
    for (int v = 0; v < kVectors; ++v) {
      float* score = s.scores + k * kWidth + v * kLanes;
      hn::Store(hn::IfThenElse(lanes_from(first_lane, v), hn::Load(d, score), hidden), d, score);
    }
  }
}

/// The lanes of a vector's block of four.
HWY_INLINE hn::Mask<Lanes> block_lanes(std::int64_t block) {
  const Lanes d;
  const auto lane = hn::Iota(d, 0.0F);
  const Vector first = hn::Set(d, static_cast<float>(4 * block));
  return hn::And(hn::Ge(lane, first), hn::Lt(lane, hn::Add(first, hn::Set(d, 4.0F))));
}

/// Whether the last vector of a tile holds up to four queries, as 20 tokens leave, and all of its
/// blocks of four lanes the same (see for_columns; causality hides keys from lanes, not queries).
template <int kVectors>
HWY_INLINE bool repeats_last_queries(const AttentionGeometry& g, const TileQueries& tile) {
  return kVectors > 1 && kLanes > 4 && !g.causal && tile.count <= (kVectors - 1) * kLanes + 4;
}

/// Turns scores of such a vector, `stride` apart from key to key, into exp(score - shift) in its
/// first block, and gives their sums in every block. Block b works on key b, b + blocks, ...
HWY_INLINE Vector weigh_repeated(float* scores, std::int64_t stride, std::int64_t keys,
                                 Vector shift) {
  const Lanes d;
  constexpr std::int64_t kBlocks = kLanes / 4;
  Vector total = hn::Zero(d);
  const auto weigh = [&](float* first, std::int64_t count) HWY_ATTR {
    // Blocks past the last key get weights of zero.
    Vector scores_of_blocks = hn::Set(d, -std::numeric_limits<float>::infinity());
#pragma GCC unroll 4
    for (std::int64_t b = 0; b < count; ++b) {
      scores_of_blocks =
          hn::IfThenElse(block_lanes(b), hn::Load(d, first + b * stride), scores_of_blocks);
    }
    const Vector weight = exp_difference(d, scores_of_blocks, shift);
    total = hn::Add(total, weight);
#pragma GCC unroll 4
    for (std::int64_t b = 0; b < count; ++b) {
      hn::BlendedStore(weight, block_lanes(b), d, first + b * stride - 4 * b);
    }
  };
  std::int64_t k = 0;
  for (; k + kBlocks <= keys; k += kBlocks) weigh(scores + k * stride, kBlocks);
  if (k < keys) weigh(scores + k * stride, keys - k);
  if constexpr (kBlocks > 1) total = hn::Add(total, hn::ReverseBlocks(d, total));
  if constexpr (kBlocks > 2) total = hn::Add(total, hn::SwapAdjacentBlocks(total));
  return total;
}

/// Turns a block's scores into exp(score - reference) and brings the sums to a new reference.
template <int kVectors>
HWY_INLINE void softmax_block(const AttentionGeometry& g, const TileQueries& tile,
                              const KeyBlock& block, bool first, ForwardScratch& s,
                              OnlineSoftmax<kVectors>& softmax) {
  const Lanes d;
  constexpr std::int64_t kWidth = kVectors * kLanes;
  const auto score = [&](std::int64_t k, int v)
                         HWY_ATTR { return hn::Load(d, s.scores + k * kWidth + v * kLanes); };
  // Of even and odd keys, since each maximum waits for the one before. Max may lose a NaN here, but
  // the NaN's own exponential keeps it.
  Vector largest[kVectors];
  Vector of_odd[kVectors];
  for (int v = 0; v < kVectors; ++v) largest[v] = of_odd[v] = softmax.reference[v];
  std::int64_t k = 0;
  for (; k + 2 <= block.count; k += 2) {
    for (int v = 0; v < kVectors; ++v) {
      largest[v] = hn::Max(largest[v], score(k, v));
      of_odd[v] = hn::Max(of_odd[v], score(k + 1, v));
    }
  }
  for (int v = 0; v < kVectors; ++v) {
    if (k < block.count) largest[v] = hn::Max(largest[v], score(k, v));
    largest[v] = hn::Max(largest[v], of_odd[v]);
  }
  const Vector lowest = hn::Set(d, -std::numeric_limits<float>::infinity());
  Vector shift[kVectors];
  softmax.moved = false;
  for (int v = 0; v < kVectors; ++v) {
    const Vector before = softmax.reference[v];
    const auto exceeds = hn::Gt(largest[v], hn::Add(before, hn::Set(d, kMostExcess)));
    const Vector reference = hn::IfThenElse(exceeds, largest[v], before);
    // While every score is -inf, any finite shift gives the zeros wanted.
    shift[v] = hn::IfThenZeroElse(hn::Eq(reference, lowest), reference);
    softmax.rescale[v] = before;
    softmax.reference[v] = reference;
    softmax.moved |= !first && !hn::AllFalse(d, exceeds);
  }
  for (int v = 0; v < kVectors && softmax.moved; ++v) {
    softmax.rescale[v] = exp_difference(d, softmax.rescale[v], shift[v]);
    softmax.total[v] = hn::Mul(softmax.total[v], softmax.rescale[v]);
  }
  const auto weigh = [&](std::int64_t key, int v) HWY_ATTR {
    const Vector weight = exp_difference(d, score(key, v), shift[v]);
    softmax.total[v] = hn::Add(softmax.total[v], weight);
    hn::Store(weight, d, s.scores + key * kWidth + v * kLanes);
  };
  constexpr int kLast = kVectors - 1;
  const bool repeats = repeats_last_queries<kVectors>(g, tile);
  for (k = 0; k < block.count; ++k) {
    for (int v = 0; v < kLast; ++v) weigh(k, v);
    if (!repeats) weigh(k, kLast);
    // In the widest tiles, which long heads have.
    if constexpr (kVectors == kMostVectors) s.upcoming.prefetch_next_line();
  }
  if (repeats) {
    const Vector total =
        weigh_repeated(s.scores + kLast * kLanes, kWidth, block.count, shift[kLast]);
    softmax.total[kLast] = hn::Add(softmax.total[kLast], total);
  }
}

/// Divides the output of a tile by the sums of its weights; a row without weights gets zeros.
template <int kVectors>
HWY_INLINE void store_output(const OnlineSoftmax<kVectors>& softmax, TileSums<kVectors>& output) {
  const Lanes d;
  Vector inverse[kVectors];
  for (int v = 0; v < kVectors; ++v) {
    const Vector total = softmax.total[v];
    inverse[v] = hn::IfThenZeroElse(hn::Eq(total, hn::Zero(d)), hn::Div(hn::Set(d, 1.0F), total));
  }
  output.store(inverse);
}

/// Writes the log_sum_exp of a tile: -inf for a row without weights.
template <int kVectors>
HWY_INLINE void store_log_sum_exp(const AttentionForward& p, const AttentionGeometry& g,
                                  const TileQueries& tile, const OnlineSoftmax<kVectors>& softmax) {
  const Lanes d;
  const Vector lowest = hn::Set(d, -std::numeric_limits<float>::infinity());
  float* rows = p.log_sum_exp.as<float>() + (tile.b * g.heads + tile.h) * g.queries + tile.first;
  for (int v = 0; v < kVectors; ++v) {
    const std::int64_t count = std::min(kLanes, tile.count - v * kLanes);
    if (count <= 0) break;
    const Vector total = softmax.total[v];
    const Vector sum = hn::Add(softmax.reference[v], hn::Log(d, total));
    const Vector kept = hn::IfThenElse(hn::IsNaN(total), total, sum);
    const Vector result = hn::IfThenElse(hn::Eq(total, hn::Zero(d)), lowest, kept);
    if (count == kLanes) {
      hn::StoreU(result, d, rows + v * kLanes);
    } else {
      store_partial(d, result, rows + v * kLanes, count);
    }
  }
}

template <int kVectors>
void forward_tile(const AttentionForward& p, const AttentionGeometry& g, const TileQueries& tile,
                  ForwardScratch& s) {
  const Lanes d;
  constexpr std::int64_t kWidth = kVectors * kLanes;
  const HeadRows<const float> query(p.query, tile.b, tile.h);
  TileSums<kVectors> output(g, tile, {p.output, tile.b, tile.h}, s.output);
  const Vector scale = hn::Set(d, static_cast<float>(g.scale));
  for_tile_columns<kVectors>(query.row(tile.first), query.stride, tile.count, g.head_dim,
                             [&](int v, std::int64_t i, Vector x) HWY_ATTR {
                               hn::Store(hn::Mul(x, scale), d, s.query + i * kWidth + v * kLanes);
                             });
  OnlineSoftmax<kVectors> softmax;
  for (int v = 0; v < kVectors; ++v) {
    softmax.reference[v] = hn::Set(d, -std::numeric_limits<float>::infinity());
    softmax.total[v] = hn::Zero(d);
  }
  const std::int64_t columns = g.visible_keys(tile.first + tile.count - 1);
  bool first = true;
  for (std::int64_t begin = 0; begin < columns; begin += kKeyBlock) {
    const KeyBlock block = s.keys.block(begin, std::min(columns, begin + kKeyBlock));
    if (block.count == 0) continue;
    score_block<kVectors>(s.keys.key, block, g.head_dim, s.query, s.scores);
    if (p.bias.present()) add_bias<kVectors>(p, tile, s.keys, block, s.scores);
    hide_scores<kVectors>(g, tile, block, s);
    softmax_block<kVectors>(g, tile, block, first, s, softmax);
    if (softmax.moved) output.scale(softmax.rescale);
    if (p.dropout.active()) {
      const std::int64_t row = (tile.b * g.heads + tile.h) * g.queries + tile.first;
      for_block_factors<kVectors>(p.dropout, g, s.keys, block, row, tile.count, s.factors,
                                  [&](int v, std::int64_t k, Vector factor) HWY_ATTR {
                                    float* weight = s.scores + k * kWidth + v * kLanes;
                                    hn::Store(hn::Mul(hn::Load(d, weight), factor), d, weight);
                                  });
    }
    output.add(s.keys, s.keys.value, block, keys_seen_by_all(g, tile, s.keys, block), first,
               s.scores);
    first = false;
  }
  if (p.log_sum_exp.present()) store_log_sum_exp<kVectors>(p, g, tile, softmax);
  store_output(softmax, output);
}

/// The queries of item i: block i mod blocks of head i / blocks.
HWY_INLINE TileQueries item_queries(const AttentionGeometry& g, std::int64_t item) {
  const std::int64_t blocks = blocks_of(g.queries, kQueryBlock);
  const std::int64_t head = item / blocks;
  const std::int64_t first = item % blocks * kQueryBlock;
  return {head / g.heads, head % g.heads, first, std::min(g.queries - first, kQueryBlock)};
}

/// Has the rows that an item begins with come from memory during the one before.
void prefetch_item(const AttentionForward& p, const AttentionGeometry& g, const TileQueries& item) {
  const HeadRows<const float> query(p.query, item.b, item.h);
  const HeadRows<float> output(p.output, item.b, item.h);
  prefetch_rows(query, item.first, item.count, g.head_dim);
  prefetch_rows(output, item.first, item.count, g.head_dim);
  if (item.first > 0) return;
  prefetch_rows(HeadRows<const float>(p.key, item.b, item.h), 0, g.keys, g.head_dim);
  prefetch_rows(HeadRows<const float>(p.value, item.b, item.h), 0, g.keys, g.head_dim);
}

/// Items [begin, end), each of some tiles.
void forward_items(const AttentionForward& p, std::int64_t begin, std::int64_t end,
                   std::byte* memory) {
  const AttentionGeometry g(p);
  ScratchCursor cursor(memory);
  ForwardScratch scratch(cursor, p, g);
  // Asked once: for small heads even the question costs some percent.
  const bool has_pages = std::max(g.queries, g.keys) * g.head_dim >= kPage;
  const std::int64_t blocks = blocks_of(g.queries, kQueryBlock);
  TileQueries next = item_queries(g, begin);
  for (std::int64_t item = begin; item < end; ++item) {
    TileQueries tile = next;
    if (item == begin || tile.first == 0) {
      scratch.keys.select(p, tile.b, tile.h);
      if (has_pages && item + blocks < end) {
        const TileQueries upcoming = item_queries(g, item + blocks);
        scratch.upcoming.select(p, g, upcoming.b, upcoming.h);
      }
    }
    if (item + 1 < end) {
      next = item_queries(g, item + 1);
      if (has_pages) prefetch_item(p, g, next);
    }
    const std::int64_t last = tile.first + tile.count;
    while (tile.first < last) {
      tile.count = std::min(last - tile.first, kMostVectors * kLanes);
      // Three vectors of queries are cheaper as two and one.
      if (tile.count <= (kMostVectors - 1) * kLanes) tile.count = std::min(tile.count, 2 * kLanes);
      if (kMostVectors > 2 && tile.count > (kMostVectors - 1) * kLanes) {
        forward_tile<kMostVectors>(p, g, tile, scratch);
      } else if (tile.count > kLanes) {
        forward_tile<2>(p, g, tile, scratch);
      } else {
        forward_tile<1>(p, g, tile, scratch);
      }
      tile.first += tile.count;
    }
  }
}

}  // namespace ebb::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ebb::kernels::cpu {
namespace {

HWY_EXPORT(forward_items);

}  // namespace

void attention(Context& context, const AttentionForward& p) {
  if (p.query.dtype == DType::f64) return reference::attention<double>(p);
  const AttentionGeometry g(p);
  ScratchCursor measure;
  const ForwardScratch layout(measure, p, g);
  const std::int64_t items = g.batch * g.heads * blocks_of(g.queries, kQueryBlock);
  const std::int64_t flops = 4 * std::min(g.queries, kQueryBlock) * g.keys * g.head_dim;
  for_parts(context, items, attention_grain(flops), measure.bytes(),
            [&](std::int64_t begin, std::int64_t end, std::byte* scratch) {
              HWY_DYNAMIC_DISPATCH(forward_items)(p, begin, end, scratch);
            });
}

}  // namespace ebb::kernels::cpu
#endif  // HWY_ONCE
