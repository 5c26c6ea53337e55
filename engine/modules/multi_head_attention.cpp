#include "engine/modules/multi_head_attention.h"

#include <cmath>

#include "engine/operations/elementwise.h"
#include "engine/operations/softmax.h"
#include "engine/operations/views.h"

namespace ebb {
namespace {

std::int64_t checked_heads(std::int64_t dim, std::int64_t heads) {
  if (heads <= 0 || dim % heads != 0) {
    fail("MultiHeadAttention: {} heads do not divide a width of {}", heads, dim);
  }
  return heads;
}

}  // namespace

MultiHeadAttention::MultiHeadAttention(const Scope& scope, std::int64_t dim, std::int64_t heads,
                                       double dropout)
    : Module(scope),
      heads_(checked_heads(dim, heads)),
      dropout_(dropout),
      stream_(scope.stream()),
      in_projection_(scope.child("in_projection"), dim, 3 * dim),
      out_projection_(scope.child("out_projection"), dim, dim) {}

AttentionOptions MultiHeadAttention::options(const AttentionMasks& masks) const {
  return {.key_padding_mask = masks.key_padding_mask,
          .bias = masks.bias,
          .causal = masks.causal,
          .dropout = dropout_,
          .stream = stream_};
}

Tensor MultiHeadAttention::forward(const Pass& pass, const Tensor& input,
                                   const AttentionMasks& masks) const {
  const ModuleScope here(pass, *this);
  const Tensor qkv = in_projection_.forward(pass, input);
  return out_projection_.forward(pass, self_attention(pass, qkv, heads_, options(masks)));
}

Tensor MultiHeadAttention::forward_first(const Pass& pass, const Tensor& input, std::int64_t count,
                                         const AttentionMasks& masks) const {
  const ModuleScope here(pass, *this);
  const std::int64_t length = input.extent(1);
  if (count == length) return forward(pass, input, masks);
  // Causality is counted from the end of the sequence: it needs all queries.
  if (masks.causal) return leading(pass, forward(pass, input, masks), count);
  AttentionMasks rows = masks;
  if (rows.bias.defined()) rows.bias = slice(pass, rows.bias, 2, 0, count);
  const std::int64_t dim = input.extent(2);
  const Tensor query = in_projection_.forward(pass, leading(pass, input, count), 0, dim);
  const Tensor key_value = in_projection_.forward(pass, input, dim, 2 * dim);
  const Tensor mixed = leading_attention(pass.with(LeadingPositions{count, length}), query,
                                         key_value, heads_, options(rows));
  return out_projection_.forward(pass, mixed);
}

Tensor MultiHeadAttention::probabilities(const Pass& pass, const Tensor& input) const {
  const ModuleScope here(pass, *this);
  const std::int64_t dim = input.extent(2);
  const auto per_head = [&](std::int64_t first) {
    const Tensor projected = in_projection_.forward(pass, input, first, dim);
    const Shape shape{input.extent(0), input.extent(1), heads_, dim / heads_};
    return transpose(pass, reshape(pass, projected, shape), 1, 2);
  };
  const Tensor scores = matmul(pass, per_head(0), transpose(pass, per_head(dim), 2, 3));
  const double factor = 1.0 / std::sqrt(static_cast<double>(dim / heads_));
  return softmax(pass, scale(pass, scores, factor));
}

}  // namespace ebb
