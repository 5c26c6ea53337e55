// Scaled dot-product attention, fused: neither direction writes a matrix of scores to memory.
//
//   score[q, k]      = scale * <query[q], key[k]> + bias[q, k]
//   probability      = softmax of score over the visible keys
//   output[q]        = sum over k of dropout(probability[q, k]) * value[k]
//   log_sum_exp[q]   = log of the sum over k of exp(score[q, k])
//
// per batch entry and head. Sources: Vaswani et al., "Attention is all you need", 2017; the online
// softmax and the recomputing backward direction: Dao et al., "FlashAttention", 2022.
//
// A key that the padding mask or causality hides contributes nothing, not even its NaN. A row whose
// every score is hidden or -inf gives a zero output, a log_sum_exp of -inf and zero gradients. A
// NaN in a visible key makes the row NaN. Sums accumulate in f32 (f64 for f64 operands). Results do
// not depend on the number of threads, nor change between runs: on the CPU the forward direction
// works on whole rows of queries, and in the backward one each head's sums are taken in order on
// one thread; on CUDA no sum crosses blocks but grad_bias, whose parts are added in order.
//
// In bf16 and f16, probabilities (before they are divided by their sum, and times dropout's
// factors) and gradients of scores are rounded to the dtype before they are multiplied by rows of
// value, key, query or grad_output.
//
// f32 is multiplied exactly, by FMA, unless TF32 is asked for (AttentionInputs::precision): then,
// on CUDA, whatever is multiplied is rounded to TF32, 10 bits of mantissa, to nearest, ties away
// from zero: query, key, value, grad_output, and the same probabilities and gradients of scores.
// The bias, delta, the softmax and all sums are f32 as ever. Heads wider than kMaxTf32HeadDim,
// whose tiles of f32 shared memory does not hold, are multiplied exactly all the same. Compute
// capabilities below 8.0 have no TF32: there, as on the CPU, it is refused.
#pragma once

#include "kernels/common/context.h"
#include "kernels/common/philox.h"
#include "kernels/common/precision.h"
#include "kernels/common/view.h"

namespace ebb::kernels {

/// The largest head_dim served.
inline constexpr std::int64_t kMaxHeadDim = 256;
/// The largest head_dim multiplied in TF32.
inline constexpr std::int64_t kMaxTf32HeadDim = 128;

/// What both directions read. One dtype, except the mask: on the CPU f32 or f64; on CUDA f32, bf16
/// or f16. Query, key, value and bias may have any strides as long as the last dimension is without
/// gaps, so that query, key and value can be views of one fused projection [batch, tokens, 3,
/// heads, head_dim].
struct AttentionInputs {
  ConstView query;             // [batch, heads, queries, head_dim]
  ConstView key;               // [batch, heads, keys, head_dim]
  ConstView value;             // as key
  ConstView key_padding_mask;  // optional, u8 [batch, keys], dense: nonzero hides the key
  ConstView bias;              // optional, [batch or 1, heads or 1, queries, keys]
  bool causal = false;         // query q sees key k exactly when k <= q + keys - queries
  double scale = 0.0;          // 0 means 1 / sqrt(head_dim)
  /// Of the probabilities. The element of (b, h, q, k) is ((b * heads + h) * queries + q) *
  /// roundup(keys, 8) + k.
  DropoutSpec dropout;
  Precision precision = Precision::f32;  // f32, or, of f32 operands on CUDA, tf32
};

/// Operands of the forward direction.
struct AttentionForward : AttentionInputs {
  View output;  // as query, of any strides with a gapless last dimension
  // [batch, heads, queries], dense, of accumulation_dtype; optional, what the backward direction
  // needs.
  View log_sum_exp;
};

/// Operands of the backward direction. Gradients are overwritten and may have any strides with a
/// gapless last dimension; they may not overlap each other or the inputs.
///
///   grad_p[q, k] = dropout(<grad_output[q], value[k]>),  delta[q] = <grad_output[q], output[q]>
///   grad_score[q, k] = probability[q, k] * (grad_p[q, k] - delta[q])
///
/// Heads run in parallel; with a grad_bias that sums over batch or heads, only its own entries do.
struct AttentionBackward : AttentionInputs {
  ConstView output;
  ConstView log_sum_exp;
  ConstView grad_output;  // as output
  View grad_query;        // as query
  View grad_key;          // as key
  View grad_value;        // as value
  View grad_bias;         // optional, as bias: summed over the dimensions that bias broadcasts
};

/// Empty when the device can run attention on `dtype` and `head_dim` in `precision`, else the
/// reason why not.
std::string attention_unsupported(Device device, DType dtype, std::int64_t head_dim,
                                  Precision precision = Precision::f32);

/// Throws Error on operands that do not fit, UnsupportedError where attention_unsupported says so.
/// On the CPU the workspace holds, per thread, a tile of up to 64 queries and, in the backward
/// direction, one head's grad_key and grad_value; on CUDA, in the backward direction, a number per
/// row of queries and, with a bias that few heads of many share, up to 8 MiB of partial sums; in
/// bf16 and f16 at least 4 bytes for each element of grad_bias.
void attention(Context& context, const AttentionForward& parameters);
void attention_backward(Context& context, const AttentionBackward& parameters);

}  // namespace ebb::kernels
