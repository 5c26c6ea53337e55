// Layer normalisation built of simpler operations.
#include "engine/operations/elementwise.h"
#include "engine/operations/layer_norm.h"
#include "engine/operations/reduce.h"
#include "engine/operations/unary.h"

namespace ebb {

Tensor layer_norm_composed(const Pass& pass, const Tensor& input, const Tensor& gamma,
                           const Tensor& beta, double epsilon) {
  const auto along_row = [&](const Tensor& per_row) {
    return repeat(pass, per_row, -1, input.extent(-1));
  };
  const Tensor centered = subtract(pass, input, along_row(mean(pass, input, -1)));
  const Tensor variance = mean(pass, multiply(pass, centered, centered), -1);
  const Tensor shifted =
      add(pass, variance, Tensor::full({}, epsilon, input.dtype(), input.device()));
  const Tensor inverse_deviation = reciprocal(pass, sqrt(pass, shifted));
  const Tensor normalized = multiply(pass, centered, along_row(inverse_deviation));
  return add(pass, multiply(pass, normalized, gamma), beta);
}

}  // namespace ebb
