#include "engine/modules/transformer_encoder.h"

#include "engine/operations/elementwise.h"

namespace ebb {

TransformerEncoderLayer::TransformerEncoderLayer(const Scope& scope,
                                                 const TransformerOptions& options)
    : Module(scope),
      pre_norm_(options.pre_norm),
      norm1_(scope.child("norm1"), options.dim),
      norm2_(scope.child("norm2"), options.dim),
      attention_(scope.child("attention"), options.dim, options.heads, options.attention_dropout),
      attention_dropout_(scope.child("attention_dropout"), options.residual_dropout),
      expand_(scope.child("linear1"), options.dim, options.feed_forward,
              {.activation = options.activation, .dropout = options.activation_dropout}),
      contract_(scope.child("linear2"), options.feed_forward, options.dim),
      feed_forward_dropout_(scope.child("feed_forward_dropout"), options.residual_dropout) {}

Tensor TransformerEncoderLayer::feed_forward(const Pass& pass, const Tensor& input) const {
  return contract_.forward(pass, expand_.forward(pass, input));
}

Tensor TransformerEncoderLayer::forward(const Pass& pass, const Tensor& input,
                                        const AttentionMasks& masks) const {
  const ModuleScope here(pass, *this);
  if (!pre_norm_) {
    const Tensor mixed = attention_.forward(pass, input, masks);
    const Tensor first =
        norm1_.forward(pass, input, mixed, attention_dropout_.spec(pass, mixed)).output;
    const Tensor transformed = feed_forward(pass, first);
    return norm2_.forward(pass, first, transformed, feed_forward_dropout_.spec(pass, transformed))
        .output;
  }
  const Tensor mixed = attention_.forward(pass, norm1_.forward(pass, input), masks);
  const ResidualStream middle =
      norm2_.forward(pass, input, mixed, attention_dropout_.spec(pass, mixed));
  const Tensor transformed = feed_forward(pass, middle.output);
  return add(pass, middle.sum, feed_forward_dropout_.forward(pass, transformed));
}

ResidualStream TransformerEncoderLayer::advance(const Pass& pass, const ResidualStream& stream,
                                                const LayerNorm& next_norm,
                                                const AttentionMasks& masks) const {
  const ModuleScope here(pass, *this);
  const Tensor mixed = attention_.forward(pass, stream.output, masks);
  const ResidualStream middle =
      norm2_.forward(pass, stream.sum, mixed, attention_dropout_.spec(pass, mixed));
  const Tensor transformed = feed_forward(pass, middle.output);
  return next_norm.forward(pass, middle.sum, transformed,
                           feed_forward_dropout_.spec(pass, transformed));
}

TransformerEncoder::TransformerEncoder(const Scope& scope, std::int64_t layers,
                                       const TransformerOptions& options) {
  if (layers <= 0) fail("TransformerEncoder: {} layers, expected at least 1", layers);
  for (std::int64_t i = 0; i < layers; ++i) {
    layers_.push_back(std::make_unique<TransformerEncoderLayer>(
        scope.child("layers").child(std::to_string(i)), options));
  }
  if (options.pre_norm) norm_ = std::make_unique<LayerNorm>(scope.child("norm"), options.dim);
}

Tensor TransformerEncoder::forward(const Pass& pass, const Tensor& input,
                                   const AttentionMasks& masks) const {
  if (norm_ == nullptr) {
    Tensor value = input;
    for (const auto& layer : layers_) value = layer->forward(pass, value, masks);
    return value;
  }
  ResidualStream stream{input, layers_.front()->first_norm().forward(pass, input)};
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    const bool last = i + 1 == layers_.size();
    stream = layers_[i]->advance(pass, stream, last ? *norm_ : layers_[i + 1]->first_norm(), masks);
  }
  return stream.output;
}

}  // namespace ebb
