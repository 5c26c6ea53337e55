// Transformer encoder layers and stacks of them.
#pragma once

#include <memory>
#include <vector>

#include "engine/modules/dropout.h"
#include "engine/modules/layer_norm.h"
#include "engine/modules/multi_head_attention.h"

namespace ebb {

struct TransformerOptions {
  std::int64_t dim = 64;
  std::int64_t heads = 4;
  std::int64_t feed_forward = 256;
  Activation activation = Activation::gelu;
  double attention_dropout = 0.1;   // of attention weights
  double activation_dropout = 0.1;  // inside the feed-forward network
  double residual_dropout = 0.1;    // of each branch before it is added
  bool pre_norm = true;             // normalise before each branch rather than after each sum
};

/// The residual stream between branches: its sum, and that sum as the next branch reads it.
using ResidualStream = ResidualNorm;

/// One encoder layer, [batch, length, dim] -> the same:
///   pre-norm:  x + attention(norm1(x)), then x + feed_forward(norm2(x))
///   post-norm: norm1(x + attention(x)), then norm2(x + feed_forward(x))
/// with dropout on each branch. Pre-norm: Xiong et al., "On layer normalization in the Transformer
/// architecture", 2020.
class TransformerEncoderLayer : public Module {
 public:
  TransformerEncoderLayer(const Scope& scope, const TransformerOptions& options);

  Tensor forward(const Pass& pass, const Tensor& input) const override {
    return forward(pass, input, AttentionMasks{});
  }
  Tensor forward(const Pass& pass, const Tensor& input, const AttentionMasks& masks) const {
    return forward_first(pass, input, input.extent(1), masks);
  }
  /// The first `count` positions of forward(), [batch, count, dim]; of the others only keys and
  /// values are computed.
  Tensor forward_first(const Pass& pass, const Tensor& input, std::int64_t count,
                       const AttentionMasks& masks) const;

  /// The pre-norm layer on a stream that norm1 has normalised already. The last addition is fused
  /// with `next_norm`, the norm1 of the layer that follows or the norm after the last one. The
  /// result has the first `count` positions.
  ResidualStream advance(const Pass& pass, const ResidualStream& stream, const LayerNorm& next_norm,
                         std::int64_t count, const AttentionMasks& masks) const;

  /// The attention's weights on an input of forward(); see MultiHeadAttention::probabilities.
  Tensor attention_probabilities(const Pass& pass, const Tensor& input) const;

  const LayerNorm& first_norm() const { return norm1_; }

 private:
  Tensor feed_forward(const Pass& pass, const Tensor& input) const;

  bool pre_norm_;
  LayerNorm norm1_;
  LayerNorm norm2_;
  MultiHeadAttention attention_;
  Dropout attention_dropout_;
  Linear expand_;
  Linear contract_;
  Dropout feed_forward_dropout_;
};

/// A stack of layers "layers.<i>", followed by a norm "norm" if pre-norm. Every addition is fused
/// with the normalisation that follows it.
class TransformerEncoder : public Module {
 public:
  TransformerEncoder(const Scope& scope, std::int64_t layers, const TransformerOptions& options);

  Tensor forward(const Pass& pass, const Tensor& input) const override {
    return forward(pass, input, AttentionMasks{});
  }
  Tensor forward(const Pass& pass, const Tensor& input, const AttentionMasks& masks) const {
    return forward_first(pass, input, input.extent(1), masks);
  }
  /// The first `count` positions of forward(), [batch, count, dim], without what cannot reach them:
  /// in the last layer, of the other positions all but keys and values. Equal to forward()'s,
  /// dropout included.
  Tensor forward_first(const Pass& pass, const Tensor& input, std::int64_t count,
                       const AttentionMasks& masks = {}) const;

  /// Each layer's attention weights, [batch, heads, length, length].
  std::vector<Tensor> attention_probabilities(const Pass& pass, const Tensor& input) const;

 private:
  std::vector<std::unique_ptr<TransformerEncoderLayer>> layers_;
  std::unique_ptr<LayerNorm> norm_;  // only of a pre-norm stack
};

}  // namespace ebb
