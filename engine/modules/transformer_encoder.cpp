#include "engine/modules/transformer_encoder.h"

#include "engine/operations/elementwise.h"
#include "engine/operations/views.h"

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

Tensor TransformerEncoderLayer::forward_first(const Pass& pass, const Tensor& input,
                                              std::int64_t count,
                                              const AttentionMasks& masks) const {
  const ModuleScope here(pass, *this);
  const Pass part = pass.with(LeadingPositions{count, input.extent(1)});
  const Tensor residual = leading(pass, input, count);
  if (!pre_norm_) {
    const Tensor mixed = attention_.forward_first(pass, input, count, masks);
    const Tensor first =
        norm1_.forward(part, residual, mixed, attention_dropout_.spec(part, mixed)).output;
    const Tensor transformed = feed_forward(part, first);
    return norm2_.forward(part, first, transformed, feed_forward_dropout_.spec(part, transformed))
        .output;
  }
  const Tensor mixed = attention_.forward_first(pass, norm1_.forward(pass, input), count, masks);
  const ResidualStream middle =
      norm2_.forward(part, residual, mixed, attention_dropout_.spec(part, mixed));
  const Tensor transformed = feed_forward(part, middle.output);
  return add(part, middle.sum, feed_forward_dropout_.forward(part, transformed));
}

Tensor TransformerEncoderLayer::attention_probabilities(const Pass& pass,
                                                        const Tensor& input) const {
  return attention_.probabilities(pass, pre_norm_ ? norm1_.forward(pass, input) : input);
}

ResidualStream TransformerEncoderLayer::advance(const Pass& pass, const ResidualStream& stream,
                                                const LayerNorm& next_norm, std::int64_t count,
                                                const AttentionMasks& masks) const {
  const ModuleScope here(pass, *this);
  const Pass part = pass.with(LeadingPositions{count, stream.sum.extent(1)});
  const Tensor mixed = attention_.forward_first(pass, stream.output, count, masks);
  const ResidualStream middle = norm2_.forward(part, leading(pass, stream.sum, count), mixed,
                                               attention_dropout_.spec(part, mixed));
  const Tensor transformed = feed_forward(part, middle.output);
  return next_norm.forward(part, middle.sum, transformed,
                           feed_forward_dropout_.spec(part, transformed));
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

Tensor TransformerEncoder::forward_first(const Pass& pass, const Tensor& input, std::int64_t count,
                                         const AttentionMasks& masks) const {
  if (count < 1 || count > input.extent(1)) {
    fail("TransformerEncoder: the first {} positions of {}, expected 1 to {}", count,
         to_string(input.shape()), input.extent(1));
  }
  // Every position reaches the keys and values of the layers after it.
  const auto needed = [&](std::size_t layer) {
    return layer + 1 == layers_.size() ? count : input.extent(1);
  };
  if (norm_ == nullptr) {
    Tensor value = input;
    for (std::size_t i = 0; i < layers_.size(); ++i) {
      value = layers_[i]->forward_first(pass, value, needed(i), masks);
    }
    return value;
  }
  ResidualStream stream{input, layers_.front()->first_norm().forward(pass, input)};
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    const bool last = i + 1 == layers_.size();
    stream = layers_[i]->advance(pass, stream, last ? *norm_ : layers_[i + 1]->first_norm(),
                                 needed(i), masks);
  }
  return stream.output;
}

std::vector<Tensor> TransformerEncoder::attention_probabilities(const Pass& pass,
                                                                const Tensor& input) const {
  std::vector<Tensor> probabilities;
  Tensor value = input;
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    probabilities.push_back(layers_[i]->attention_probabilities(pass, value));
    if (i + 1 < layers_.size()) value = layers_[i]->forward(pass, value);
  }
  return probabilities;
}

}  // namespace ebb
