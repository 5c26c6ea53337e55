// Attention backward on the CPU. A head is one thread's: tiles of queries go over blocks of keys,
// computing scores and grad_p (lanes are queries, as in the forward direction), then in place the
// probabilities and grad_score, which are multiplied into grad_query (lanes are queries) and into
// grad_key and grad_value (lanes are components, sums in scratch). 10 flops per score and component
// against 4 forward.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/attention/attention_backward_cpu.cpp"
#include <hwy/foreach_target.h>
// Must come after foreach_target.h.
#include <limits>

#include <hwy/highway.h>

#include "kernels/attention/attention_backends.h"
#include "kernels/attention/attention_reference.h"
#include "kernels/attention/attention_scratch.h"
#include "kernels/attention/attention_sums.h"
#include "kernels/attention/attention_tile.h"
#include "kernels/common/vector_math.h"

#ifndef EBB_ATTENTION_BACKWARD_CPU_ONCE_
#define EBB_ATTENTION_BACKWARD_CPU_ONCE_
namespace ebb::kernels {

/// What one thread needs besides the operands.
struct BackwardScratch {
  BackwardScratch(ScratchCursor& cursor, const AttentionBackward& p, const AttentionGeometry& g)
      : row_stride((g.head_dim + 15) / 16 * 16),
        keys(cursor, g, p.key_padding_mask.present()),
        query(cursor.take<float>(g.head_dim * kMostTileQueries)),
        grad_output(cursor.take<float>(g.head_dim * kMostTileQueries)),
        grad_query(cursor.take<float>(g.head_dim * kMostTileQueries)),
        query_rows(cursor.take<float>(row_stride * kMostTileQueries)),
        grad_output_rows(cursor.take<float>(row_stride * kMostTileQueries)),
        probabilities(cursor.take<float>(kKeyBlock * kMostTileQueries)),
        grad_scores(cursor.take<float>(kKeyBlock * kMostTileQueries)),
        grad_key(cursor.take<float>(row_stride * g.keys)),
        grad_value(cursor.take<float>(row_stride * g.keys)) {
    if (p.dropout.active()) factors = cursor.take<float>(kKeyBlock * kMostTileQueries);
    if (p.dropout.active() || p.grad_bias.present()) {
      rows = cursor.take<float>(kKeyBlock * kMostTileQueries);
    }
  }

  std::int64_t row_stride;  // head_dim rounded up to whole vectors of any instruction set
  HeadKeys keys;
  // Tiles, lanes are queries: one row per component, or per key of the block.
  float* query;  // scaled
  float* grad_output;
  float* grad_query;
  // The tile's queries as rows of row_stride, zeros past head_dim and where a row sees no key.
  float* query_rows;  // scaled
  float* grad_output_rows;
  float* probabilities;      // tile: scores, then probabilities times dropout factors
  float* grad_scores;        // tile: grad_p, then grad_score
  float* grad_key;           // [keys left by the mask][row_stride]: sums over queries
  float* grad_value;         // likewise
  float* factors = nullptr;  // tile: dropout factors
  float* rows = nullptr;     // [queries of the tile][kKeyBlock]: factors or grad_bias in transit
};

}  // namespace ebb::kernels
#endif

HWY_BEFORE_NAMESPACE();
namespace ebb::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// Per query of a tile: what the gradient of its scores needs besides them.
template <int kVectors>
struct QueryState {
  Vector log_sum_exp[kVectors];
  Vector delta[kVectors];
  hn::Mask<Lanes> alive[kVectors];  // false past the tile's queries and where no key is seen
};

/// Copies a row of head_dim times `factor` with zeros up to row_stride, or zeros alone.
HWY_INLINE void copy_row(const float* from, bool alive, std::int64_t head_dim, float factor,
                         float* to, std::int64_t row_stride) {
  const Lanes d;
  const std::int64_t filled = alive ? head_dim : 0;
  const Vector factors = hn::Set(d, factor);
  for_vectors(filled, [=](std::int64_t i, auto load, auto store)
                          HWY_ATTR { store(hn::Mul(load(from + i), factors), to + i); });
  if (filled < row_stride) std::fill_n(to + filled, row_stride - filled, 0.0F);
}

/// Lays out a tile's query and grad_output both ways and finds the state of its queries.
template <int kVectors>
HWY_INLINE void load_tile(const AttentionBackward& p, const AttentionGeometry& g,
                          const TileQueries& tile, BackwardScratch& s,
                          QueryState<kVectors>& state) {
  const Lanes d;
  constexpr std::int64_t kWidth = kVectors * kLanes;
  const auto scale = static_cast<float>(g.scale);
  const HeadRows<const float> query(p.query, tile.b, tile.h);
  const HeadRows<const float> output(p.output, tile.b, tile.h);
  const HeadRows<const float> grad_output(p.grad_output, tile.b, tile.h);
  for_tile_columns<kVectors>(query.row(tile.first), query.stride, tile.count, g.head_dim,
                             [&](int v, std::int64_t i, Vector x) HWY_ATTR {
                               hn::Store(hn::Mul(x, hn::Set(d, scale)), d,
                                         s.query + i * kWidth + v * kLanes);
                             });
  for_tile_columns<kVectors>(grad_output.row(tile.first), grad_output.stride, tile.count,
                             g.head_dim, [&](int v, std::int64_t i, Vector x) HWY_ATTR {
                               hn::Store(x, d, s.grad_output + i * kWidth + v * kLanes);
                             });
  for (int v = 0; v < kVectors; ++v) state.delta[v] = hn::Zero(d);
  for_tile_columns<kVectors>(output.row(tile.first), output.stride, tile.count, g.head_dim,
                             [&](int v, std::int64_t i, Vector x) HWY_ATTR {
                               const float* gradient = s.grad_output + i * kWidth + v * kLanes;
                               state.delta[v] =
                                   hn::MulAdd(x, hn::Load(d, gradient), state.delta[v]);
                             });
  const float* log_sum_exp =
      p.log_sum_exp.as<float>() + (tile.b * g.heads + tile.h) * g.queries + tile.first;
  const float lowest = -std::numeric_limits<float>::infinity();
  HWY_ALIGN float lanes[kWidth];
  std::fill_n(lanes, kWidth, lowest);
  std::copy_n(log_sum_exp, tile.count, lanes);
  for (int v = 0; v < kVectors; ++v) {
    state.log_sum_exp[v] = hn::Load(d, lanes + v * kLanes);
    // Not Ne, which is false for NaN.
    state.alive[v] = hn::Not(hn::Eq(state.log_sum_exp[v], hn::Set(d, lowest)));
  }
  for (std::int64_t q = 0; q < tile.count; ++q) {
    const bool alive = log_sum_exp[q] != lowest;
    copy_row(query.row(tile.first + q), alive, g.head_dim, scale, s.query_rows + q * s.row_stride,
             s.row_stride);
    copy_row(grad_output.row(tile.first + q), alive, g.head_dim, 1.0F,
             s.grad_output_rows + q * s.row_stride, s.row_stride);
  }
}

/// In place: scores to probabilities (times dropout factors), grad_p to grad_score.
template <int kVectors, bool kDropout>
HWY_INLINE void differentiate_softmax(const AttentionGeometry& g, const TileQueries& tile,
                                      const KeyBlock& block, const QueryState<kVectors>& state,
                                      BackwardScratch& s) {
  const Lanes d;
  constexpr std::int64_t kWidth = kVectors * kLanes;
  const std::int64_t shift = tile.first + g.keys - g.queries;
  for (std::int64_t k = 0; k < block.count; ++k) {
    const std::int64_t first_lane = g.causal ? s.keys.column[block.first + k] - shift : 0;
    for (int v = 0; v < kVectors; ++v) {
      const std::int64_t at = k * kWidth + v * kLanes;
      hn::Mask<Lanes> seen = state.alive[v];
      if (first_lane > 0) seen = hn::And(seen, lanes_from(first_lane, v));
      const Vector score = hn::Load(d, s.probabilities + at);
      const Vector probability =
          hn::IfThenElseZero(seen, exp_difference(d, score, state.log_sum_exp[v]));
      const Vector grad_p = hn::Load(d, s.grad_scores + at);
      Vector kept = probability;
      Vector difference;
      if constexpr (kDropout) {
        const Vector factor = hn::Load(d, s.factors + at);
        kept = hn::Mul(probability, factor);
        difference = hn::MulSub(factor, grad_p, state.delta[v]);
      } else {
        difference = hn::Sub(grad_p, state.delta[v]);
      }
      hn::Store(kept, d, s.probabilities + at);
      hn::Store(hn::IfThenElseZero(seen, hn::Mul(probability, difference)), d, s.grad_scores + at);
    }
  }
}

/// sums[k] += sum over the tile's queries that see key k of weights[k, q] * rows[q].
template <int kVectors>
HWY_INLINE void add_grad_keys(const AttentionGeometry& g, const TileQueries& tile,
                              const KeyBlock& block, std::int64_t seen, const float* weights,
                              const float* rows, float* sums, const BackwardScratch& s) {
  constexpr std::int64_t kWidth = kVectors * kLanes;
  Product product{.a = weights,
                  .a_stride = kWidth,
                  .b = rows,
                  .b_stride = s.row_stride,
                  .c = sums + block.first * s.row_stride,
                  .c_stride = s.row_stride,
                  .depth = tile.count,
                  .accumulate = true};
  multiply_wide<false>(product, seen, g.head_dim);
  // Each key on the diagonal begins with its own query.
  for (std::int64_t k = seen; k < block.count; ++k) {
    const std::int64_t first = s.keys.column[block.first + k] - (tile.first + g.keys - g.queries);
    Product row = product;
    row.a += k * kWidth + first;
    row.b += first * s.row_stride;
    row.c += k * s.row_stride;
    row.depth = tile.count - first;
    multiply_wide<false>(row, 1, g.head_dim);
  }
}

/// grad_bias += grad_score for the tile and block.
template <int kVectors>
HWY_INLINE void add_grad_bias(const AttentionBackward& p, const TileQueries& tile,
                              const KeyBlock& block, BackwardScratch& s) {
  const Lanes d;
  constexpr std::int64_t kWidth = kVectors * kLanes;
  store_tile_columns<kVectors>(s.rows, kKeyBlock, tile.count, block.count,
                               [&](int v, std::int64_t k) HWY_ATTR {
                                 return hn::Load(d, s.grad_scores + k * kWidth + v * kLanes);
                               });
  const HeadRows<float> grad_bias(p.grad_bias, tile.b, tile.h);
  const std::int32_t* column = s.keys.column + block.first;
  for (std::int64_t q = 0; q < tile.count; ++q) {
    float* row = grad_bias.row(tile.first + q);
    for (std::int64_t k = 0; k < block.count; ++k) row[column[k]] += s.rows[q * kKeyBlock + k];
  }
}

template <int kVectors>
void backward_block(const AttentionBackward& p, const AttentionGeometry& g, const TileQueries& tile,
                    const KeyBlock& block, bool first, const QueryState<kVectors>& state,
                    TileSums<kVectors>& grad_query, BackwardScratch& s) {
  const Lanes d;
  constexpr std::int64_t kWidth = kVectors * kLanes;
  score_block<kVectors>(s.keys.key, block, g.head_dim, s.query, s.probabilities);
  score_block<kVectors>(s.keys.value, block, g.head_dim, s.grad_output, s.grad_scores);
  if (p.bias.present()) {
    add_bias<kVectors>(p, tile, s.keys, block, s.probabilities);
  }
  if (p.dropout.active()) {
    const std::int64_t row = (tile.b * g.heads + tile.h) * g.queries + tile.first;
    for_block_factors<kVectors>(p.dropout, g, s.keys, block, row, tile.count, s.rows,
                                [&](int v, std::int64_t k, Vector factor) HWY_ATTR {
                                  hn::Store(factor, d, s.factors + k * kWidth + v * kLanes);
                                });
    differentiate_softmax<kVectors, true>(g, tile, block, state, s);
  } else {
    differentiate_softmax<kVectors, false>(g, tile, block, state, s);
  }
  const std::int64_t seen = keys_seen_by_all(g, tile, s.keys, block);
  grad_query.add(s.keys, s.keys.key, block, seen, first, s.grad_scores);
  add_grad_keys<kVectors>(g, tile, block, seen, s.grad_scores, s.query_rows, s.grad_key, s);
  add_grad_keys<kVectors>(g, tile, block, seen, s.probabilities, s.grad_output_rows, s.grad_value,
                          s);
  if (p.grad_bias.present()) add_grad_bias<kVectors>(p, tile, block, s);
}

template <int kVectors>
void backward_tile(const AttentionBackward& p, const AttentionGeometry& g, const TileQueries& tile,
                   BackwardScratch& s) {
  QueryState<kVectors> state;
  load_tile<kVectors>(p, g, tile, s, state);
  TileSums<kVectors> grad_query(g, tile, {p.grad_query, tile.b, tile.h}, s.grad_query);
  const std::int64_t columns = g.visible_keys(tile.first + tile.count - 1);
  bool first = true;
  for (std::int64_t begin = 0; begin < columns; begin += kKeyBlock) {
    const KeyBlock block = s.keys.block(begin, std::min(columns, begin + kKeyBlock));
    if (block.count == 0) continue;
    backward_block<kVectors>(p, g, tile, block, first, state, grad_query, s);
    first = false;
  }
  const Lanes d;
  Vector factors[kVectors];
  for (int v = 0; v < kVectors; ++v) {
    factors[v] = hn::IfThenElseZero(state.alive[v], hn::Set(d, static_cast<float>(g.scale)));
  }
  grad_query.store(factors);
}

/// Writes the sums of the keys left by the mask to their rows, zeros to the others.
HWY_INLINE void store_grad_keys(const View& view, const TileQueries& head, const HeadKeys& keys,
                                const float* sums, std::int64_t row_stride) {
  const HeadRows<float> gradient(view, head.b, head.h);
  for (std::int64_t c = 0; c < keys.columns; ++c) {
    const std::int64_t k = keys.before[c];
    if (keys.before[c + 1] == k) {
      std::fill_n(gradient.row(c), keys.head_dim, 0.0F);
    } else {
      const float* from = sums + k * row_stride;
      float* to = gradient.row(c);
      // Rows are short: a call of memcpy costs more than the copy.
      for_vectors(keys.head_dim, [=](std::int64_t i, auto load, auto store)
                                     HWY_ATTR { store(load(from + i), to + i); });
    }
  }
}

/// The gradients of head (b, h); adds to grad_bias.
void backward_head(const AttentionBackward& p, std::int64_t b, std::int64_t h, BackwardScratch& s) {
  const AttentionGeometry g(p);
  s.keys.select(p, b, h);
  std::fill_n(s.grad_key, s.keys.count * s.row_stride, 0.0F);
  std::fill_n(s.grad_value, s.keys.count * s.row_stride, 0.0F);
  TileQueries tile{.b = b, .h = h, .first = 0, .count = 0};
  for (; tile.first < g.queries; tile.first += tile.count) {
    tile.count = std::min(g.queries - tile.first, 2 * kLanes);
    if (tile.count > kLanes) {
      backward_tile<2>(p, g, tile, s);
    } else {
      backward_tile<1>(p, g, tile, s);
    }
  }
  store_grad_keys(p.grad_key, tile, s.keys, s.grad_key, s.row_stride);
  store_grad_keys(p.grad_value, tile, s.keys, s.grad_value, s.row_stride);
}

}  // namespace ebb::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ebb::kernels::cpu {
namespace {

HWY_EXPORT(backward_head);

/// How heads are grouped in items of parallel work: those that add to one part of grad_bias must
/// follow each other on one thread.
struct HeadGroups {
  HeadGroups(const AttentionBackward& p, const AttentionGeometry& g)
      : batch(p.grad_bias.present() ? p.grad_bias.shape[0] : g.batch),
        heads(p.grad_bias.present() ? p.grad_bias.shape[1] : g.heads),
        batch_per_group(g.batch / std::max<std::int64_t>(batch, 1)),
        heads_per_group(g.heads / std::max<std::int64_t>(heads, 1)) {}

  std::int64_t batch, heads;
  std::int64_t batch_per_group, heads_per_group;  // 1, or all where grad_bias sums over them
};

void backward_groups(const AttentionBackward& p, const HeadGroups& groups, std::int64_t begin,
                     std::int64_t end, BackwardScratch& scratch) {
  for (std::int64_t group = begin; group < end; ++group) {
    const std::int64_t first_b = group / groups.heads;
    const std::int64_t first_h = group % groups.heads;
    if (p.grad_bias.present()) {
      const HeadRows<float> rows(p.grad_bias, first_b, first_h);
      for (std::int64_t q = 0; q < p.grad_bias.shape[2]; ++q) {
        std::fill_n(rows.row(q), p.grad_bias.shape[3], 0.0F);
      }
    }
    for (std::int64_t i = 0; i < groups.batch_per_group; ++i) {
      for (std::int64_t j = 0; j < groups.heads_per_group; ++j) {
        HWY_DYNAMIC_DISPATCH(backward_head)(p, first_b + i, first_h + j, scratch);
      }
    }
  }
}

}  // namespace

void attention_backward(Context& context, const AttentionBackward& p) {
  if (p.query.dtype == DType::f64) return reference::attention_backward<double>(p);
  const AttentionGeometry g(p);
  const HeadGroups groups(p, g);
  ScratchCursor measure;
  const BackwardScratch layout(measure, p, g);
  const std::int64_t flops =
      10 * g.queries * g.keys * g.head_dim * groups.batch_per_group * groups.heads_per_group;
  for_parts(context, groups.batch * groups.heads, attention_grain(flops), measure.bytes(),
            [&](std::int64_t begin, std::int64_t end, std::byte* memory) {
              ScratchCursor cursor(memory);
              BackwardScratch scratch(cursor, p, g);
              backward_groups(p, groups, begin, end, scratch);
            });
}

}  // namespace ebb::kernels::cpu
#endif  // HWY_ONCE
