// Sums over keys for the queries of a tile: the output in the forward direction, grad_query in the
// backward one. Where rows are whole vectors, the lanes are components and the rows are made where
// they belong; else, and under causality, the lanes are queries and the sums are made in scratch.
// Included once per instruction set (see hwy/foreach_target.h), hence no #pragma once.
#if defined(EBB_ATTENTION_SUMS_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef EBB_ATTENTION_SUMS_H_
#undef EBB_ATTENTION_SUMS_H_
#else
#define EBB_ATTENTION_SUMS_H_
#endif

#include <hwy/highway.h>

#include "kernels/attention/attention_tile.h"

HWY_BEFORE_NAMESPACE();
namespace ebb::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

template <int kVectors>
class TileSums {
 public:
  /// `rows` is where the result belongs; `scratch` has kMostTileQueries numbers per component.
  TileSums(const AttentionGeometry& g, const TileQueries& tile, const HeadRows<float>& rows,
           float* scratch)
      : g_(g),
        tile_(tile),
        rows_(rows.row(tile.first)),
        stride_(rows.stride),
        scratch_(scratch),
        in_place_(!g.causal && g.head_dim % kLanes == 0) {}

  /// Sets the sums to, or adds unless this is the `first` block, `weights` (a tile, a row per key
  /// of the block) times the rows of these keys. Keys past the first `seen` are on the diagonal.
  HWY_INLINE void add(const HeadKeys& keys, const HeadRows<const float>& operand,
                      const KeyBlock& block, std::int64_t seen, bool first, const float* weights) {
    if (in_place_) {
      multiply_wide<true>({.a = weights,
                           .a_stride = kWidth,
                           .b = operand.row(block.first),
                           .b_stride = operand.stride,
                           .c = rows_,
                           .c_stride = stride_,
                           .depth = block.count,
                           .accumulate = !first},
                          tile_.count, g_.head_dim);
    } else {
      multiply_seen<kVectors>({.a = operand.row(block.first),
                               .a_stride = operand.stride,
                               .b = weights,
                               .b_stride = kWidth,
                               .c = scratch_,
                               .c_stride = kWidth,
                               .depth = seen,
                               .accumulate = !first},
                              g_.head_dim, block.count, keys.column + block.first,
                              tile_.first + g_.keys - g_.queries);
    }
  }

  /// Multiplies the sums of each query by its factor.
  HWY_INLINE void scale(const Vector (&factors)[kVectors]) {
    const Lanes d;
    if (in_place_) return scale_rows(factors);
    for (std::int64_t i = 0; i < g_.head_dim * kVectors; ++i) {
      float* at = scratch_ + i * kLanes;
      hn::Store(hn::Mul(hn::Load(d, at), factors[i % kVectors]), d, at);
    }
  }

  /// Writes the sums times their factors to where they belong. A factor of 0 gives zeros: where no
  /// key counts, sums may be unwritten or hold zero times infinity.
  HWY_INLINE void store(const Vector (&factors)[kVectors]) {
    const Lanes d;
    if (in_place_) {
      scale_rows(factors);
      bool all_count = true;
      for (const Vector& factor : factors) {
        all_count &= hn::AllFalse(d, hn::Eq(factor, hn::Zero(d)));
      }
      if (HWY_LIKELY(all_count)) return;
      for (std::int64_t q = 0; q < tile_.count; ++q) {
        if (hn::ExtractLane(factors[q / kLanes], static_cast<std::size_t>(q % kLanes)) == 0.0F) {
          std::fill_n(rows_ + q * stride_, g_.head_dim, 0.0F);
        }
      }
      return;
    }
    store_tile_columns<kVectors>(
        rows_, stride_, tile_.count, g_.head_dim, [&](int v, std::int64_t i) HWY_ATTR {
          const Vector sum = hn::Load(d, scratch_ + i * kWidth + v * kLanes);
          return hn::IfThenZeroElse(hn::Eq(factors[v], hn::Zero(d)), hn::Mul(sum, factors[v]));
        });
  }

 private:
  static constexpr std::int64_t kWidth = kVectors * kLanes;

  HWY_INLINE void scale_rows(const Vector (&factors)[kVectors]) {
    const Lanes d;
    HWY_ALIGN float factor[kWidth];
    for (int v = 0; v < kVectors; ++v) hn::Store(factors[v], d, factor + v * kLanes);
    for (std::int64_t i = 0; i < g_.head_dim; i += kLanes) {
      float* at = rows_ + i;
      for (std::int64_t q = 0; q < tile_.count; ++q, at += stride_) {
        hn::StoreU(hn::Mul(hn::LoadU(d, at), hn::Set(d, factor[q])), d, at);
      }
    }
  }

  const AttentionGeometry& g_;
  const TileQueries& tile_;
  float* rows_;
  std::int64_t stride_;
  float* scratch_;
  bool in_place_;
};

}  // namespace ebb::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // EBB_ATTENTION_SUMS_H_
