// Binary cross-entropy as plain loops: the f64 oracle, the same-dtype yardstick of the error rule,
// and the CPU implementation of f64.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "kernels/binary_cross_entropy/binary_cross_entropy.h"

namespace ebb::kernels::reference {

/// The weight of a row: 0 when it does not count.
template <class T>
T row_weight(const BinaryCrossEntropy& p, std::int64_t row) {
  if (p.ignored.present() && p.ignored.as<std::uint8_t>()[row] != 0) return 0;
  return p.sample_weights.present() ? p.sample_weights.as<T>()[row] : T{1};
}

/// 1 / normalizer, or 0 when no row counts.
template <class T>
double inverse_normalizer(const BinaryCrossEntropy& p) {
  const std::int64_t rows = p.logits.elements();
  double normalizer = p.normalizer;
  if (normalizer == 0.0 && (p.sample_weights.present() || p.ignored.present())) {
    for (std::int64_t row = 0; row < rows; ++row) {
      normalizer += static_cast<double>(row_weight<T>(p, row));
    }
  } else if (normalizer == 0.0) {
    normalizer = static_cast<double>(rows);
  }
  return normalizer == 0.0 ? 0.0 : 1.0 / normalizer;
}

template <class T>
void binary_cross_entropy(const BinaryCrossEntropy& p) {
  const auto smoothing = static_cast<T>(p.label_smoothing);
  const auto positive_weight = static_cast<T>(p.positive_weight);
  const auto scale = static_cast<T>(inverse_normalizer<T>(p));
  const auto focusing = static_cast<T>(p.focusing);
  const auto softplus = [](T x) { return std::max(x, T{0}) + std::log1p(std::exp(-std::fabs(x))); };
  const auto sigmoid = [](T x) {
    const T e = std::exp(-std::fabs(x));
    return (x < 0 ? e : T{1}) / (1 + e);
  };
  // sigmoid(x)^focusing * log(1 + e^x), and its derivative.
  const auto focal_loss = [&](T x) {
    return focusing == 0 ? softplus(x) : std::exp(-focusing * softplus(-x)) * softplus(x);
  };
  const auto focal_slope = [&](T x) {
    if (focusing == 0) return sigmoid(x);
    const T miss = sigmoid(-x);
    return std::exp(-focusing * softplus(-x)) *
           (sigmoid(x) + focusing * (miss == 0 ? T{0} : miss * softplus(x)));
  };
  T total = 0;
  for (std::int64_t row = 0; row < p.logits.elements(); ++row) {
    const T weight = row_weight<T>(p, row);
    T gradient = 0;
    if (weight != 0) {
      const T x = p.logits.as<T>()[row];
      const T target = p.targets.as<T>()[row] * (1 - smoothing) + smoothing / 2;
      const T positive = positive_weight * target;
      const T negative = 1 - target;
      const T loss = (positive == 0 ? 0 : positive * focal_loss(-x)) +
                     (negative == 0 ? 0 : negative * focal_loss(x));
      total += weight * loss;
      gradient = weight * scale * (negative * focal_slope(x) - positive * focal_slope(-x));
    }
    if (p.grad_logits.present()) p.grad_logits.as<T>()[row] = gradient;
  }
  *p.loss.as<T>() = total * scale;
}

}  // namespace ebb::kernels::reference
