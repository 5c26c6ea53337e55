// Differentiable scaled dot-product attention: softmax(query · keyᵀ · scale + bias) · value.
#pragma once

#include "engine/pass.h"

namespace ebb {

struct AttentionOptions {
  Tensor key_padding_mask;   // u8 [batch, key_length]; nonzero keys contribute nothing
  Tensor bias;               // [batch or 1, heads or 1, query_length, key_length], added to scores
  bool causal = false;       // query i sees keys up to i + key_length - query_length
  double scale = 0.0;        // 0: 1 / sqrt(head_dim)
  double dropout = 0.0;      // probability of dropping an attention weight
  std::uint32_t stream = 0;  // random stream of the dropout
};

/// query [batch, heads, query_length, head_dim], key and value [batch, heads, key_length,
/// head_dim]; any strides with a contiguous last dimension. The result has the shape of query. A
/// query that sees no key gives zeros.
Tensor attention(const Pass& pass, const Tensor& query, const Tensor& key, const Tensor& value,
                 const AttentionOptions& options = {});

/// Attention of a sequence to itself from one fused projection: qkv [batch, length, 3 * heads *
/// head_dim] holds query, key and value one after the other, each [heads, head_dim]. The result is
/// [batch, length, heads * head_dim]. Neither direction copies a head.
Tensor self_attention(const Pass& pass, const Tensor& qkv, std::int64_t heads,
                      const AttentionOptions& options = {});

/// Attention of the first positions of a sequence to the whole of it, without a causal mask: query
/// [batch, count, heads * head_dim] of the first positions, key_value [batch, length, 2 * heads *
/// head_dim] holds key and value. The result has the shape of query; with pass.positions {count,
/// length} it has the first rows of self_attention's. Throws Error with options.causal.
Tensor leading_attention(const Pass& pass, const Tensor& query, const Tensor& key_value,
                         std::int64_t heads, const AttentionOptions& options = {});

/// attention() of simpler operations: what the fused one is tested against. It has no dropout
/// (throws UnsupportedError on it), hides keys by adding -inf to their scores, and so gives NaN for
/// a query that sees no key.
Tensor attention_composed(const Pass& pass, const Tensor& query, const Tensor& key,
                          const Tensor& value, const AttentionOptions& options = {});

}  // namespace ebb
