// Attention as plain loops: the f64 oracle, the same-dtype yardstick of the error rule, and the CPU
// implementation of f64. Scores are computed anew in each pass, so that no scratch is needed.
#pragma once

#include <limits>

#include "kernels/attention/attention.h"
#include "kernels/attention/attention_geometry.h"

namespace ebb::kernels::reference {

/// One head's operands and the formulas that both directions share.
template <class T>
class AttentionHead {
 public:
  AttentionHead(const AttentionInputs& p, std::int64_t b, std::int64_t h)
      : geometry_(p),
        dropout_(p.dropout),
        first_row_((b * geometry_.heads + h) * geometry_.queries),
        query_(p.query, b, h),
        key_(p.key, b, h),
        value_(p.value, b, h),
        bias_(p.bias, b, h) {
    if (p.key_padding_mask.present()) {
      padding_ = p.key_padding_mask.as<std::uint8_t>() + b * geometry_.keys;
    }
  }

  const T* query(std::int64_t q) const { return query_.row(q); }
  const T* key(std::int64_t k) const { return key_.row(k); }
  const T* value(std::int64_t k) const { return value_.row(k); }

  bool visible(std::int64_t q, std::int64_t k) const {
    return k < geometry_.visible_keys(q) && (padding_ == nullptr || padding_[k] == 0);
  }

  T dot(const T* a, const T* b) const {
    T total = 0;
    for (std::int64_t i = 0; i < geometry_.head_dim; ++i) total += a[i] * b[i];
    return total;
  }

  T score(std::int64_t q, std::int64_t k) const {
    const T product = dot(query(q), key(k)) * static_cast<T>(geometry_.scale);
    return bias_.data == nullptr ? product : product + bias_.row(q)[k];
  }

  T dropout_factor(std::int64_t q, std::int64_t k) const {
    if (!dropout_.active()) return 1;
    const auto element = static_cast<std::uint64_t>((first_row_ + q) * geometry_.padded_keys + k);
    return dropout_keeps(dropout_.drawn_key(), dropout_.threshold(), dropout_.element(element))
               ? static_cast<T>(dropout_.scale())
               : T{0};
  }

 private:
  AttentionGeometry geometry_;
  DropoutSpec dropout_;
  std::int64_t first_row_;
  HeadRows<const T> query_, key_, value_, bias_;
  const std::uint8_t* padding_ = nullptr;
};

/// The largest score of a row, NaN if one is; -inf when no key is visible.
template <class T>
T largest_score(const AttentionHead<T>& head, std::int64_t q, std::int64_t keys) {
  T largest = -std::numeric_limits<T>::infinity();
  for (std::int64_t k = 0; k < keys; ++k) {
    if (!head.visible(q, k)) continue;
    const T score = head.score(q, k);
    if (std::isnan(score)) return score;
    largest = std::max(largest, score);
  }
  return largest;
}

template <class T>
void attention(const AttentionForward& p) {
  const AttentionGeometry g(p);
  for (std::int64_t row = 0; row < g.batch * g.heads * g.queries; ++row) {
    const std::int64_t b = row / (g.heads * g.queries);
    const std::int64_t h = row / g.queries % g.heads;
    const std::int64_t q = row % g.queries;
    const AttentionHead<T> head(p, b, h);
    T* output = HeadRows<T>(p.output, b, h).row(q);
    std::fill_n(output, g.head_dim, T{0});
    const T largest = largest_score(head, q, g.keys);
    T total = 0;
    if (largest != -std::numeric_limits<T>::infinity()) {
      for (std::int64_t k = 0; k < g.keys; ++k) {
        if (!head.visible(q, k)) continue;
        const T weight = std::exp(head.score(q, k) - largest);
        const T kept = weight * head.dropout_factor(q, k);
        total += weight;
        for (std::int64_t i = 0; i < g.head_dim; ++i) output[i] += kept * head.value(k)[i];
      }
      for (std::int64_t i = 0; i < g.head_dim; ++i) output[i] /= total;
    }
    if (p.log_sum_exp.present()) p.log_sum_exp.as<T>()[row] = largest + std::log(total);
  }
}

/// Adds the share of row `q` to the gradients, which start as zeros.
template <class T>
void attention_backward_row(const AttentionBackward& p, std::int64_t b, std::int64_t h,
                            std::int64_t q) {
  const AttentionGeometry g(p);
  const AttentionHead<T> head(p, b, h);
  const T log_sum_exp = p.log_sum_exp.as<T>()[(b * g.heads + h) * g.queries + q];
  if (log_sum_exp == -std::numeric_limits<T>::infinity()) return;
  const T* grad_output = HeadRows<const T>(p.grad_output, b, h).row(q);
  const T delta = head.dot(grad_output, HeadRows<const T>(p.output, b, h).row(q));
  T* grad_query = HeadRows<T>(p.grad_query, b, h).row(q);
  for (std::int64_t k = 0; k < g.keys; ++k) {
    if (!head.visible(q, k)) continue;
    const T probability = std::exp(head.score(q, k) - log_sum_exp);
    const T factor = head.dropout_factor(q, k);
    const T grad_score = probability * (factor * head.dot(grad_output, head.value(k)) - delta);
    const T grad_product = grad_score * static_cast<T>(g.scale);
    T* grad_key = HeadRows<T>(p.grad_key, b, h).row(k);
    T* grad_value = HeadRows<T>(p.grad_value, b, h).row(k);
    for (std::int64_t i = 0; i < g.head_dim; ++i) {
      grad_query[i] += grad_product * head.key(k)[i];
      grad_key[i] += grad_product * head.query(q)[i];
      grad_value[i] += factor * probability * grad_output[i];
    }
    if (p.grad_bias.present()) HeadRows<T>(p.grad_bias, b, h).row(q)[k] += grad_score;
  }
}

/// Writes zeros to a view [batch, heads, rows, columns].
template <class T>
void fill_zero(const View& view) {
  for (std::int64_t b = 0; b < view.shape[0]; ++b) {
    for (std::int64_t h = 0; h < view.shape[1]; ++h) {
      const HeadRows<T> rows(view, b, h);
      for (std::int64_t i = 0; i < view.shape[2]; ++i) {
        std::fill_n(rows.row(i), view.shape[3], T{0});
      }
    }
  }
}

template <class T>
void attention_backward(const AttentionBackward& p) {
  const AttentionGeometry g(p);
  for (const View& view : {p.grad_query, p.grad_key, p.grad_value}) fill_zero<T>(view);
  if (p.grad_bias.present()) fill_zero<T>(p.grad_bias);
  for (std::int64_t b = 0; b < g.batch; ++b) {
    for (std::int64_t h = 0; h < g.heads; ++h) {
      for (std::int64_t q = 0; q < g.queries; ++q) attention_backward_row<T>(p, b, h, q);
    }
  }
}

}  // namespace ebb::kernels::reference
