#include "engine/operations/attention.h"

#include "engine/operations/allocate.h"
#include "engine/operations/place.h"
#include "kernels/attention/attention.h"

namespace ebb {
namespace {

struct Heads {
  Tensor query;
  Tensor key;
  Tensor value;
};

// The dropout index of a row leaves room for key_length rounded up to eight.
DropoutSpec dropout_of(const Pass& pass, const Tensor& query, const Tensor& key,
                       const AttentionOptions& options) {
  const std::int64_t keys = (key.extent(2) + 7) / 8 * 8;
  const std::int64_t heads = query.extent(1);
  DropoutSpec spec = pass.dropout(options.dropout, options.stream, heads * query.extent(2) * keys);
  // Every head numbers the queries of its own.
  spec.run /= static_cast<std::uint64_t>(heads);
  spec.stride /= static_cast<std::uint64_t>(heads);
  return spec;
}

Precision precision_of(const Pass& pass) {
  return pass.attention_in_tf32 ? Precision::tf32 : Precision::f32;
}

kernels::AttentionInputs inputs_of(const Heads& heads, const AttentionOptions& options,
                                   const DropoutSpec& dropout, Precision precision) {
  return {.query = heads.query.view(),
          .key = heads.key.view(),
          .value = heads.value.view(),
          .key_padding_mask = options.key_padding_mask.view(),
          .bias = options.bias.view(),
          .causal = options.causal,
          .scale = options.scale,
          .dropout = dropout,
          .precision = precision};
}

// What every form of attention is given besides its options.
void require_one_device(std::string_view operation, const Pass& pass, const Heads& heads,
                        const AttentionOptions& options) {
  require_same_device(operation, pass,
                      {{"query", heads.query},
                       {"key", heads.key},
                       {"value", heads.value},
                       {"key_padding_mask", options.key_padding_mask},
                       {"bias", options.bias}});
}

void require_heads(std::string_view operation, const Tensor& query, const Tensor& key) {
  if (query.rank() != 4 || key.rank() != 4) {
    fail("{}: query is {} and key is {}, expected [batch, heads, length, head_dim]", operation,
         to_string(query.shape()), to_string(key.shape()));
  }
}

// Runs the forward kernel into `output`; the log-sum-exp is kept when the pass records.
Tensor forward(const Pass& pass, const Heads& heads, const AttentionOptions& options,
               const DropoutSpec& dropout, const Tensor& output, bool records) {
  kernels::AttentionForward p{inputs_of(heads, options, dropout, precision_of(pass))};
  p.output = output.view();
  Tensor log_sum_exp;
  if (records) {
    log_sum_exp =
        Tensor::empty({heads.query.extent(0), heads.query.extent(1), heads.query.extent(2)},
                      accumulation_dtype(output.dtype()), output.device());
    p.log_sum_exp = log_sum_exp.view();
  }
  kernels::attention(pass.context, p);
  return log_sum_exp;
}

// Everything that the backward kernel reads.
struct SavedAttention {
  Heads heads;
  AttentionOptions options;
  DropoutSpec dropout;
  Precision precision;
  Tensor output;
  Tensor log_sum_exp;
};

void run_backward(Tape& tape, const SavedAttention& saved, const Tensor& grad_output,
                  const Heads& gradients) {
  kernels::AttentionBackward p{
      inputs_of(saved.heads, saved.options, saved.dropout, saved.precision)};
  p.output = saved.output.view();
  p.log_sum_exp = saved.log_sum_exp.view();
  p.grad_output = grad_output.view();
  p.grad_query = gradients.query.view();
  p.grad_key = gradients.key.view();
  p.grad_value = gradients.value.view();
  const Tensor& bias = saved.options.bias;
  const Tensor grad_bias = bias.slot() ? empty_like(bias) : Tensor();
  p.grad_bias = grad_bias.view();
  kernels::attention_backward(tape.context(), p);
  tape.add(bias.slot(), grad_bias);
}

// A view [batch, heads, length, head_dim] of part `index` of `parts` of a fused projection.
Tensor part_of(const Tensor& fused, std::int64_t heads, std::int64_t parts, std::int64_t index) {
  const std::int64_t head_dim = fused.extent(-1) / (parts * heads);
  return fused.reshape({fused.extent(0), fused.extent(1), parts * heads, head_dim})
      .slice(2, index * heads, heads)
      .transpose(1, 2);
}

Heads split(const Tensor& qkv, std::int64_t heads) {
  return {part_of(qkv, heads, 3, 0), part_of(qkv, heads, 3, 1), part_of(qkv, heads, 3, 2)};
}

Heads split(const Tensor& query, const Tensor& key_value, std::int64_t heads) {
  return {part_of(query, heads, 1, 0), part_of(key_value, heads, 2, 0),
          part_of(key_value, heads, 2, 1)};
}

Tensor merge_view(const Tensor& output, std::int64_t heads) { return part_of(output, heads, 1, 0); }

}  // namespace

Tensor attention(const Pass& pass, const Tensor& query, const Tensor& key, const Tensor& value,
                 const AttentionOptions& options) {
  require_heads("attention", query, key);
  require_one_device("attention", pass, {query, key, value}, options);
  const bool records = pass.records(query, key, value, options.bias);
  Tensor output = empty_like(query);
  SavedAttention saved{.heads = {query, key, value},
                       .options = options,
                       .dropout = dropout_of(pass, query, key, options),
                       .precision = precision_of(pass),
                       .output = output};
  saved.log_sum_exp = forward(pass, saved.heads, options, saved.dropout, output, records);
  if (!records) return output;
  output = pass.tape->attach(output);
  pass.tape->record("attention", [saved, output_slot = output.slot()](Tape& tape) {
    const Tensor gradient = tape.take(output_slot);
    if (!gradient.defined()) return;
    const Heads gradients{empty_like(saved.heads.query), empty_like(saved.heads.key),
                          empty_like(saved.heads.value)};
    run_backward(tape, saved, gradient, gradients);
    tape.add(saved.heads.query.slot(), gradients.query);
    tape.add(saved.heads.key.slot(), gradients.key);
    tape.add(saved.heads.value.slot(), gradients.value);
  });
  return output;
}

Tensor self_attention(const Pass& pass, const Tensor& qkv, std::int64_t heads,
                      const AttentionOptions& options) {
  if (qkv.rank() != 3 || heads <= 0 || qkv.extent(2) % (3 * heads) != 0) {
    fail("self_attention: qkv is {}, expected [batch, length, 3 * heads * head_dim] with {} heads",
         to_string(qkv.shape()), heads);
  }
  const Heads parts = split(qkv, heads);
  require_one_device("self_attention", pass, parts, options);
  const bool records = pass.records(qkv, options.bias);
  Tensor output = empty_as(qkv, {qkv.extent(0), qkv.extent(1), qkv.extent(2) / 3});
  SavedAttention saved{.heads = parts,
                       .options = options,
                       .dropout = dropout_of(pass, parts.query, parts.key, options),
                       .precision = precision_of(pass),
                       .output = merge_view(output, heads)};
  saved.log_sum_exp = forward(pass, parts, options, saved.dropout, saved.output, records);
  if (!records) return output;
  output = pass.tape->attach(output);
  pass.tape->record("self_attention", [saved, qkv, heads, output_slot = output.slot()](Tape& tape) {
    const Tensor gradient = tape.take(output_slot);
    if (!gradient.defined()) return;
    const Tensor grad_qkv = empty_like(qkv);
    run_backward(tape, saved, merge_view(gradient, heads), split(grad_qkv, heads));
    tape.add(qkv.slot(), grad_qkv);
  });
  return output;
}

Tensor leading_attention(const Pass& pass, const Tensor& query, const Tensor& key_value,
                         std::int64_t heads, const AttentionOptions& options) {
  if (query.rank() != 3 || key_value.rank() != 3 || heads <= 0 || query.extent(2) % heads != 0 ||
      key_value.extent(2) != 2 * query.extent(2) || key_value.extent(0) != query.extent(0)) {
    fail(
        "leading_attention: query is {} and key_value is {}, expected [batch, count, heads * "
        "head_dim] and [batch, length, 2 * heads * head_dim] with {} heads",
        to_string(query.shape()), to_string(key_value.shape()), heads);
  }
  if (options.causal) fail("leading_attention: has no causal mask");
  const Heads parts = split(query, key_value, heads);
  require_one_device("leading_attention", pass, parts, options);
  const bool records = pass.records(query, key_value, options.bias);
  Tensor output = empty_like(query);
  SavedAttention saved{.heads = parts,
                       .options = options,
                       .dropout = dropout_of(pass, parts.query, parts.key, options),
                       .precision = precision_of(pass),
                       .output = merge_view(output, heads)};
  saved.log_sum_exp = forward(pass, parts, options, saved.dropout, saved.output, records);
  if (!records) return output;
  output = pass.tape->attach(output);
  pass.tape->record("leading_attention",
                    [saved, query, key_value, heads, output_slot = output.slot()](Tape& tape) {
                      const Tensor gradient = tape.take(output_slot);
                      if (!gradient.defined()) return;
                      const Tensor grad_query = empty_like(query);
                      const Tensor grad_key_value = empty_like(key_value);
                      run_backward(tape, saved, merge_view(gradient, heads),
                                   split(grad_query, grad_key_value, heads));
                      tape.add(query.slot(), grad_query);
                      tape.add(key_value.slot(), grad_key_value);
                    });
  return output;
}

}  // namespace ebb
