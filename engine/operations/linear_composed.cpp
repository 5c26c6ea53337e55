// The linear layer built of simpler operations.
#include "engine/operations/activation.h"
#include "engine/operations/dropout.h"
#include "engine/operations/elementwise.h"
#include "engine/operations/linear.h"
#include "engine/operations/views.h"

namespace ebb {

Tensor linear_composed(const Pass& pass, const Tensor& input, const Tensor& weight,
                       const Tensor& bias, Activation activation, const DropoutSpec& spec) {
  Shape shape = input.shape();
  const Tensor rows = reshape(pass, input, {input.elements() / shape[-1], shape[-1]});
  Tensor output = matmul(pass, rows, transpose(pass, weight, 0, 1));
  if (bias.defined()) output = add(pass, output, bias);
  output = dropout(pass, activate(pass, output, activation), spec);
  shape[-1] = weight.extent(0);
  return reshape(pass, output, shape);
}

}  // namespace ebb
