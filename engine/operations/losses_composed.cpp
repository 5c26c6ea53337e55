// Losses built of simpler operations.
#include <algorithm>

#include "engine/operations/activation.h"
#include "engine/operations/elementwise.h"
#include "engine/operations/losses.h"
#include "engine/operations/reduce.h"
#include "engine/operations/unary.h"
#include "engine/operations/views.h"
#include "kernels/elementwise/elementwise.h"

namespace ebb {
namespace {

Tensor constant(const Pass& pass, const Shape& shape, const std::vector<double>& values,
                DType dtype) {
  const Tensor exact = Tensor::from_values(shape, values, pass.context.device());
  Tensor result = Tensor::empty(shape, dtype, pass.context.device());
  kernels::cast(pass.context, {.input = exact.view(), .output = result.view()});
  return result;
}

Tensor on_host(const Tensor& tensor) { return tensor.defined() ? tensor.to(Device()) : tensor; }

double element(const Tensor& tensor, std::int64_t i) {
  return tensor.dtype() == DType::f64 ? tensor.data<double>()[i]
                                      : static_cast<double>(tensor.data<float>()[i]);
}

Tensor shifted(const Pass& pass, const Tensor& input, double amount) {
  return add(pass, input, Tensor::full({}, amount, input.dtype(), input.device()));
}

// log(1 + e^input) = max(input, 0) + log(1 + e^-|input|).
Tensor softplus(const Pass& pass, const Tensor& input) {
  const Tensor positive = activate(pass, input, kernels::Activation::relu);
  const Tensor negative = activate(pass, scale(pass, input, -1.0), kernels::Activation::relu);
  const Tensor magnitude = add(pass, positive, negative);
  const Tensor tail = log(pass, shifted(pass, exp(pass, scale(pass, magnitude, -1.0)), 1.0));
  return add(pass, positive, tail);
}

// The sum of `terms` over `normalizer`, or over `total` where that is 0.
Tensor normalized(const Pass& pass, const Tensor& terms, double normalizer, double total) {
  return scale(pass, sum(pass, terms), 1.0 / (normalizer != 0.0 ? normalizer : total));
}

}  // namespace

Tensor binary_cross_entropy_composed(const Pass& pass, const Tensor& logits, const Tensor& targets,
                                     const BinaryCrossEntropyOptions& options) {
  const Tensor x = reshape(pass, logits, {logits.elements()});
  const Tensor y = shifted(pass, scale(pass, targets, 1.0 - options.label_smoothing),
                           options.label_smoothing / 2.0);
  const Tensor not_y = shifted(pass, scale(pass, y, -1.0), 1.0);
  // What a logit costs a negative row: log(1 + e^x) times sigmoid(x)^focusing.
  const auto cost = [&](const Tensor& logit) {
    const Tensor complement = softplus(pass, scale(pass, logit, -1.0));
    const Tensor power = exp(pass, scale(pass, complement, -options.focusing));
    return multiply(pass, power, softplus(pass, logit));
  };
  const Tensor if_positive =
      multiply(pass, cost(scale(pass, x, -1.0)), scale(pass, y, options.positive_weight));
  const Tensor if_negative = multiply(pass, cost(x), not_y);
  std::vector<double> weights(static_cast<std::size_t>(x.elements()), 1.0);
  double total = 0.0;
  const Tensor sample_weights = on_host(options.sample_weights);
  const Tensor ignored = on_host(options.ignored);
  for (std::int64_t i = 0; i < x.elements(); ++i) {
    double& weight = weights[static_cast<std::size_t>(i)];
    if (sample_weights.defined()) weight = element(sample_weights, i);
    if (ignored.defined() && ignored.data<std::uint8_t>()[i] != 0) weight = 0.0;
    total += weight;
  }
  const Tensor rows = multiply(pass, add(pass, if_positive, if_negative),
                               constant(pass, x.shape(), weights, x.dtype()));
  return normalized(pass, rows, options.normalizer, total);
}

Tensor cross_entropy_composed(const Pass& pass, const Tensor& logits, const Tensor& targets,
                              const CrossEntropyOptions& options) {
  const Tensor values = on_host(logits);
  const Tensor labels = on_host(targets);
  const Tensor class_weights = on_host(options.class_weights);
  const std::int64_t n = logits.extent(0);
  const std::int64_t classes = logits.extent(1);
  // What each logit of a row costs, and the largest logit of the row, which is a constant here: the
  // loss does not depend on it.
  std::vector<double> costs(static_cast<std::size_t>(n * classes), 0.0);
  std::vector<double> largest(static_cast<std::size_t>(n));
  double total = 0.0;
  for (std::int64_t i = 0; i < n; ++i) {
    double& most = largest[static_cast<std::size_t>(i)];
    most = element(values, i * classes);
    for (std::int64_t c = 1; c < classes; ++c) {
      most = std::max(most, element(values, i * classes + c));
    }
    const std::int32_t target = labels.data<std::int32_t>()[i];
    if (target == options.ignore_index) continue;
    const auto weight = [&](std::int64_t c) {
      return class_weights.defined() ? element(class_weights, c) : 1.0;
    };
    const double even = options.label_smoothing / static_cast<double>(classes);
    for (std::int64_t c = 0; c < classes; ++c) {
      const double share = even + (c == target ? 1.0 - options.label_smoothing : 0.0);
      costs[static_cast<std::size_t>(i * classes + c)] = weight(c) * share;
    }
    total += weight(target);
  }
  const Tensor q = constant(pass, logits.shape(), costs, logits.dtype());
  const Tensor most = constant(pass, {n}, largest, logits.dtype());
  const Tensor centered = subtract(pass, logits, repeat(pass, most, -1, classes));
  const Tensor log_sum = log(pass, sum(pass, exp(pass, centered), -1));
  const Tensor cost = subtract(pass, repeat(pass, log_sum, -1, classes), centered);
  return normalized(pass, multiply(pass, cost, q), options.normalizer, total);
}

Tensor mean_squared_error_composed(const Pass& pass, const Tensor& prediction, const Tensor& target,
                                   double normalizer) {
  const Tensor difference = subtract(pass, prediction, target);
  return normalized(pass, multiply(pass, difference, difference), normalizer,
                    static_cast<double>(prediction.elements()));
}

}  // namespace ebb
