// Piecewise linear encoding as plain loops: the f64 oracle, the same-dtype yardstick of the error
// rule, and the CPU implementation of f64 and of the backward direction.
#pragma once

#include <cstdint>

#include "kernels/piecewise_linear_encoding/piecewise_linear_encoding.h"

namespace ebb::kernels::reference {

/// Whether `x` is beyond the sloping part of bin `t` on its lower or its upper side.
template <class T>
bool below_bin(T x, const T* edges, std::int64_t t) {
  return t > 0 && x < edges[t];
}
template <class T>
bool above_bin(T x, const T* edges, std::int64_t t, std::int64_t bins) {
  return t < bins - 1 && x >= edges[t + 1];
}

template <class T>
void piecewise_linear_encoding(const PiecewiseLinearEncodingForward& p) {
  const std::int64_t features = p.input.shape[1];
  const std::int64_t most_bins = p.edges.shape[1] - 1;
  for (std::int64_t i = 0; i < p.input.elements(); ++i) {
    const T x = p.input.as<T>()[i];
    const T* edges = p.edges.as<T>() + i % features * (most_bins + 1);
    const std::int64_t bins = p.counts.as<std::int32_t>()[i % features];
    T* output = p.output.as<T>() + i * (most_bins + 2);
    for (std::int64_t t = 0; t < most_bins; ++t) {
      if (t >= bins || below_bin(x, edges, t)) {
        output[t] = 0;
      } else if (above_bin(x, edges, t, bins)) {
        output[t] = 1;
      } else {
        output[t] = (x - edges[t]) / (edges[t + 1] - edges[t]);
      }
    }
    output[most_bins] = x;
    output[most_bins + 1] = 1;
  }
}

/// Elements [begin, end) of the input's gradient.
template <class T>
void piecewise_linear_encoding_backward(const PiecewiseLinearEncodingBackward& p,
                                        std::int64_t begin, std::int64_t end) {
  const std::int64_t features = p.input.shape[1];
  const std::int64_t most_bins = p.edges.shape[1] - 1;
  for (std::int64_t i = begin; i < end; ++i) {
    const T x = p.input.as<T>()[i];
    const T* edges = p.edges.as<T>() + i % features * (most_bins + 1);
    const std::int64_t bins = p.counts.as<std::int32_t>()[i % features];
    const T* grad_output = p.grad_output.as<T>() + i * (most_bins + 2);
    T gradient = grad_output[most_bins];
    for (std::int64_t t = 0; t < bins; ++t) {
      if (below_bin(x, edges, t) || above_bin(x, edges, t, bins)) continue;
      gradient += grad_output[t] / (edges[t + 1] - edges[t]);
    }
    p.grad_input.as<T>()[i] = x != x ? x : gradient;
  }
}

}  // namespace ebb::kernels::reference
