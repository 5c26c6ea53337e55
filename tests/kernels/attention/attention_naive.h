// Attention as a straightforward implementation in bf16, f16 or TF32 does it: sums in f32, but
// whatever goes into a matrix product, also probabilities and gradients of scores, is rounded to T,
// and so are results stored in T. The yardstick of the error rule for kernels on T.
#pragma once

#include <bit>
#include <vector>

#include "kernels/attention/attention_reference.h"
#include "tests/kernels/attention/attention_operands.h"
#include "tests/kernels/support/numbers.h"

namespace ebb::testing {

/// Stands for f32 with the 10 bits of mantissa that tensor cores read.
struct Tf32 {};

/// To nearest; ties to even, of TF32 away from zero.
template <class T>
float rounded(float value) {
  if constexpr (std::is_same_v<T, Tf32>) {
    if (!std::isfinite(value)) return value;
    return std::bit_cast<float>((std::bit_cast<std::uint32_t>(value) + 0x1000u) & ~0x1fffu);
  } else {
    return static_cast<float>(to_double(to_number<T>(value)));
  }
}

/// Rounds every element to T.
template <class T, class Element>
void round_all(Buffer<Element>& buffer) {
  for (std::size_t i = 0; i < buffer.size(); ++i) {
    buffer[i] = static_cast<Element>(rounded<T>(static_cast<float>(buffer[i])));
  }
}

/// One row of the score matrix: probabilities from log_sum_exp, not yet rounded.
inline std::vector<float> probabilities_of(const kernels::reference::AttentionHead<float>& head,
                                           std::int64_t q, std::int64_t keys, float log_sum_exp) {
  std::vector<float> row(static_cast<std::size_t>(keys), 0.0F);
  for (std::int64_t k = 0; k < keys; ++k) {
    if (!head.visible(q, k)) continue;
    row[static_cast<std::size_t>(k)] = std::exp(head.score(q, k) - log_sum_exp);
  }
  return row;
}

template <class T>
void naive_forward(const kernels::AttentionForward& p) {
  kernels::reference::attention<float>(p);  // log_sum_exp, and rows that see nothing
  const kernels::AttentionGeometry g(p);
  for (std::int64_t row = 0; row < g.batch * g.heads * g.queries; ++row) {
    const std::int64_t b = row / (g.heads * g.queries);
    const std::int64_t h = row / g.queries % g.heads;
    const std::int64_t q = row % g.queries;
    const float log_sum_exp = p.log_sum_exp.as<float>()[row];
    if (log_sum_exp == -std::numeric_limits<float>::infinity()) continue;
    const kernels::reference::AttentionHead<float> head(p, b, h);
    const std::vector<float> probabilities = probabilities_of(head, q, g.keys, log_sum_exp);
    float* output = kernels::HeadRows<float>(p.output, b, h).row(q);
    std::fill_n(output, g.head_dim, 0.0F);
    for (std::int64_t k = 0; k < g.keys; ++k) {
      if (!head.visible(q, k)) continue;
      const float weight =
          rounded<T>(probabilities[static_cast<std::size_t>(k)] * head.dropout_factor(q, k));
      for (std::int64_t i = 0; i < g.head_dim; ++i) output[i] += weight * head.value(k)[i];
    }
    if constexpr (std::is_same_v<T, Tf32>) continue;  // stored in f32
    for (std::int64_t i = 0; i < g.head_dim; ++i) output[i] = rounded<T>(output[i]);
  }
}

template <class T>
void naive_backward_row(const kernels::AttentionBackward& p, std::int64_t b, std::int64_t h,
                        std::int64_t q) {
  using kernels::HeadRows;
  const kernels::AttentionGeometry g(p);
  const float log_sum_exp = p.log_sum_exp.as<float>()[(b * g.heads + h) * g.queries + q];
  if (log_sum_exp == -std::numeric_limits<float>::infinity()) return;
  const kernels::reference::AttentionHead<float> head(p, b, h);
  const std::vector<float> probabilities = probabilities_of(head, q, g.keys, log_sum_exp);
  const float* grad_output = HeadRows<const float>(p.grad_output, b, h).row(q);
  std::vector<float> factors(grad_output, grad_output + g.head_dim);
  for (float& x : factors) x = rounded<T>(x);
  const float delta = head.dot(factors.data(), HeadRows<const float>(p.output, b, h).row(q));
  float* grad_query = HeadRows<float>(p.grad_query, b, h).row(q);
  const auto scale = static_cast<float>(g.scale);
  for (std::int64_t k = 0; k < g.keys; ++k) {
    if (!head.visible(q, k)) continue;
    const float probability = probabilities[static_cast<std::size_t>(k)];
    const float factor = head.dropout_factor(q, k);
    const float grad_p = factor * head.dot(factors.data(), head.value(k));
    const float grad_score = rounded<T>(probability * (grad_p - delta));
    const float weight = rounded<T>(probability * factor);
    float* grad_key = HeadRows<float>(p.grad_key, b, h).row(k);
    float* grad_value = HeadRows<float>(p.grad_value, b, h).row(k);
    for (std::int64_t i = 0; i < g.head_dim; ++i) {
      grad_query[i] += scale * (grad_score * head.key(k)[i]);
      grad_key[i] += scale * (grad_score * head.query(q)[i]);
      grad_value[i] += weight * factors[static_cast<std::size_t>(i)];
    }
    if (p.grad_bias.present()) HeadRows<float>(p.grad_bias, b, h).row(q)[k] += grad_score;
  }
}

template <class T>
void naive_backward(const kernels::AttentionBackward& p) {
  const kernels::AttentionGeometry g(p);
  for (const View& view : {p.grad_query, p.grad_key, p.grad_value, p.grad_bias}) {
    if (view.present()) kernels::reference::fill_zero<float>(view);
  }
  for (std::int64_t b = 0; b < g.batch; ++b) {
    for (std::int64_t h = 0; h < g.heads; ++h) {
      for (std::int64_t q = 0; q < g.queries; ++q) naive_backward_row<T>(p, b, h, q);
    }
  }
}

template <class T>
void run_naive(AttentionOperands<float>& naive) {
  for (Buffer<float>* operand :
       {&naive.inputs.all, &naive.inputs.queries, &naive.inputs.keys, &naive.inputs.values}) {
    round_all<T>(*operand);
  }
  naive_forward<T>(naive.forward());
  naive_backward<T>(naive.backward());
}

/// Both directions of the oracle and of a straightforward implementation on T, in the precision
/// asked for. The oracle's backward direction reads its output as the forward one saved it, in T.
template <class T>
void run_oracle_and_naive(AttentionOperands<double>& oracle, AttentionOperands<float>& naive) {
  if constexpr (!kIsStorage<T>) {
    run_reference(oracle);
    if (ProductsIn::current() == Precision::tf32) return run_naive<Tf32>(naive);
    run_reference(naive);
  } else {
    kernels::reference::attention<double>(oracle.forward());
    const Buffer<double> exact(oracle.output);
    round_all<T>(oracle.output);
    kernels::reference::attention_backward<double>(oracle.backward());
    oracle.output = exact;
    run_naive<T>(naive);
  }
}

}  // namespace ebb::testing
