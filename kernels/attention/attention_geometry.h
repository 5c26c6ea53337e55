// Extents and addresses of one attention call, for all kernels and the reference.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "kernels/attention/attention.h"

namespace ebb::kernels {

struct AttentionGeometry {
  explicit AttentionGeometry(const AttentionInputs& p)
      : batch(p.query.shape[0]),
        heads(p.query.shape[1]),
        queries(p.query.shape[2]),
        keys(p.key.shape[2]),
        head_dim(p.query.shape[3]),
        padded_keys((keys + 7) / 8 * 8),
        scale(p.scale != 0.0 ? p.scale : 1.0 / std::sqrt(static_cast<double>(head_dim))),
        causal(p.causal) {}

  /// How many keys, from the first, causality lets query `q` see.
  std::int64_t visible_keys(std::int64_t q) const {
    return causal ? std::clamp<std::int64_t>(q + 1 + keys - queries, 0, keys) : keys;
  }

  std::int64_t batch, heads, queries, keys, head_dim;
  std::int64_t padded_keys;  // the row length in dropout's numbering of elements
  double scale;
  bool causal;
};

/// The rows that one head owns in a view [batch, heads, rows, columns]; a dimension of one element
/// serves every batch entry or head.
template <class T>
struct HeadRows {
  template <class Pointer>
  HeadRows(const BasicView<Pointer>& view, std::int64_t b, std::int64_t h)
      : stride(view.strides[2]) {
    if (!view.present()) return;
    data = view.template as<std::remove_const_t<T>>() +
           (view.shape[0] == 1 ? 0 : b) * view.strides[0] +
           (view.shape[1] == 1 ? 0 : h) * view.strides[1];
  }
  HeadRows(T* rows, std::int64_t step) : data(rows), stride(step) {}

  T* row(std::int64_t i) const { return data + i * stride; }

  T* data = nullptr;
  std::int64_t stride = 0;
};

}  // namespace ebb::kernels
