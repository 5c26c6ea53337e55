#include "engine/modules/multi_head_attention.h"

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

Tensor MultiHeadAttention::forward(const Pass& pass, const Tensor& input,
                                   const AttentionMasks& masks) const {
  const ModuleScope here(pass, *this);
  const Tensor qkv = in_projection_.forward(pass, input);
  const Tensor mixed = self_attention(pass, qkv, heads_,
                                      {.key_padding_mask = masks.key_padding_mask,
                                       .bias = masks.bias,
                                       .causal = masks.causal,
                                       .dropout = dropout_,
                                       .stream = stream_});
  return out_projection_.forward(pass, mixed);
}

}  // namespace ebb
