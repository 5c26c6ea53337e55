// Cross-entropy as plain loops: the f64 oracle, the same-dtype yardstick of the error rule, and the
// CPU implementation of f64.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "kernels/cross_entropy/cross_entropy.h"

namespace ebb::kernels::reference {

/// Checks every target and returns 1 / normalizer, or 0 when no row counts.
template <class T>
double checked_inverse_normalizer(const CrossEntropy& p) {
  const std::int64_t classes = p.logits.shape[1];
  const auto* targets = p.targets.as<std::int32_t>();
  double weights = 0.0;
  for (std::int64_t row = 0; row < p.logits.shape[0]; ++row) {
    const std::int32_t target = targets[row];
    if (target == p.ignore_index) continue;
    if (target < 0 || target >= classes) {
      fail("cross_entropy: the target of row {} is {}, expected 0 to {} or ignore_index {}", row,
           target, classes - 1, p.ignore_index);
    }
    weights += p.class_weights.present() ? static_cast<double>(p.class_weights.as<T>()[target]) : 1;
  }
  const double normalizer = p.normalizer == 0.0 ? weights : p.normalizer;
  return normalizer == 0.0 ? 0.0 : 1.0 / normalizer;
}

template <class T>
void cross_entropy(const CrossEntropy& p) {
  const std::int64_t classes = p.logits.shape[1];
  const auto scale = static_cast<T>(checked_inverse_normalizer<T>(p));
  const auto smoothing = static_cast<T>(p.label_smoothing);
  T total = 0;
  for (std::int64_t row = 0; row < p.logits.shape[0]; ++row) {
    const T* x = p.logits.as<T>() + row * classes;
    const std::int32_t target = p.targets.as<std::int32_t>()[row];
    const auto share = [&](std::int64_t c) {
      const T weight = p.class_weights.present() ? p.class_weights.as<T>()[c] : T{1};
      return weight * ((c == target ? 1 - smoothing : T{0}) + smoothing / static_cast<T>(classes));
    };
    T shares = 0;
    if (target != p.ignore_index) {
      for (std::int64_t c = 0; c < classes; ++c) shares += share(c);
    }
    T* grad = p.grad_logits.present() ? p.grad_logits.as<T>() + row * classes : nullptr;
    if (shares == 0) {
      if (grad != nullptr) std::fill_n(grad, classes, T{0});
      continue;
    }
    const T largest = *std::max_element(x, x + classes);
    T sum = 0;
    for (std::int64_t c = 0; c < classes; ++c) sum += std::exp(x[c] - largest);
    for (std::int64_t c = 0; c < classes; ++c) {
      if (share(c) != 0) total += share(c) * (std::log(sum) - (x[c] - largest));
      if (grad != nullptr) {
        grad[c] = (std::exp(x[c] - largest) / sum * shares - share(c)) * scale;
      }
    }
  }
  *p.loss.as<T>() = total * scale;
}

}  // namespace ebb::kernels::reference
