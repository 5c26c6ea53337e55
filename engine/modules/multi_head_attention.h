// Multi-head attention of a sequence to itself.
#pragma once

#include "engine/modules/linear.h"
#include "engine/operations/attention.h"

namespace ebb {

struct AttentionMasks {
  Tensor key_padding_mask;  // u8 [batch, length], nonzero keys are ignored; undefined: none
  Tensor bias;              // [batch or 1, heads or 1, length, length]; undefined: none
  bool causal = false;
};

/// [batch, length, dim] -> the same. One projection gives query, key and value ("in_projection",
/// [3 * dim, dim]), attention runs per head, "out_projection" mixes the heads.
/// Source: Vaswani et al., "Attention is all you need", 2017.
class MultiHeadAttention : public Module {
 public:
  /// `dropout` is of the attention weights. Throws Error unless heads divide dim.
  MultiHeadAttention(const Scope& scope, std::int64_t dim, std::int64_t heads, double dropout);

  Tensor forward(const Pass& pass, const Tensor& input) const override {
    return forward(pass, input, AttentionMasks{});
  }
  Tensor forward(const Pass& pass, const Tensor& input, const AttentionMasks& masks) const;

  /// The first `count` positions of forward(), [batch, count, dim], without the queries and the
  /// outputs of the others.
  Tensor forward_first(const Pass& pass, const Tensor& input, std::int64_t count,
                       const AttentionMasks& masks) const;

  /// The weights that forward() mixes values by, [batch, heads, length, length], without masks and
  /// dropout: to look at, since the fused kernel never holds them.
  Tensor probabilities(const Pass& pass, const Tensor& input) const;

 private:
  AttentionOptions options(const AttentionMasks& masks) const;

  std::int64_t heads_;
  double dropout_;
  const std::uint32_t& stream_;
  Linear in_projection_;
  Linear out_projection_;
};

}  // namespace ebb
