#include "kernels/linear/linear.h"

#include "kernels/common/check.h"
#include "kernels/common/support.h"
#include "kernels/linear/linear_backends.h"

namespace ebb::kernels {
namespace {

// The shapes that input and weight imply.
struct Extents {
  Shape input;
  Shape weight;
  Shape output;
  Shape bias;
};

Extents extents(std::string_view operation, const ConstView& input, const ConstView& weight) {
  if (input.shape.rank() != 2 || weight.shape.rank() != 2 || input.shape[1] != weight.shape[1]) {
    fail("{}: input is {} and weight is {}, expected [rows, in] and [out, in]", operation,
         to_string(input.shape), to_string(weight.shape));
  }
  return {input.shape, weight.shape, {input.shape[0], weight.shape[0]}, {weight.shape[0]}};
}

void check(const LinearForward& p) {
  const OperandCheck check("linear");
  const Extents extent = extents("linear", p.input, p.weight);
  const DType dtype = p.input.dtype;
  check.dense("input", p.input, dtype, extent.input, "[rows, in]");
  check.dense("weight", p.weight, dtype, extent.weight, "[out, in]");
  if (p.bias.present()) check.dense("bias", p.bias, dtype, extent.bias, "[out]");
  if (p.derivative.present()) {
    check.dense("derivative", p.derivative, dtype, extent.output, "[rows, out]");
  }
  check.dense("output", p.output, dtype, extent.output, "[rows, out]");
}

void check(const LinearBackward& p) {
  const OperandCheck check("linear_backward");
  const Extents extent = extents("linear_backward", p.input, p.weight);
  const DType dtype = p.input.dtype;
  check.dense("input", p.input, dtype, extent.input, "[rows, in]");
  check.dense("weight", p.weight, dtype, extent.weight, "[out, in]");
  check.dense("grad_output", p.grad_output, dtype, extent.output, "[rows, out]");
  if (p.derivative.present()) {
    check.dense("derivative", p.derivative, dtype, extent.output, "[rows, out]");
    check.dense("grad_pre_activation", p.grad_pre_activation, dtype, extent.output, "[rows, out]");
  }
  if (p.grad_input.present()) {
    check.dense("grad_input", p.grad_input, dtype, extent.input, "[rows, in]");
  }
  if (p.grad_weight.present()) {
    check.dense("grad_weight", p.grad_weight, dtype, extent.weight, "[out, in]");
  }
  if (p.grad_bias.present()) {
    check.dense("grad_bias", p.grad_bias, dtype, extent.bias, "[out]");
  }
}

}  // namespace

std::string linear_unsupported(Device device, DType dtype) {
  return float_kernels_unsupported(device, dtype);
}

void linear(Context& context, const LinearForward& parameters) {
  require_supported("linear", linear_unsupported(context.device(), parameters.input.dtype));
  check(parameters);
  cpu::linear(context, parameters);
}

void linear_backward(Context& context, const LinearBackward& parameters) {
  require_supported("linear_backward",
                    linear_unsupported(context.device(), parameters.input.dtype));
  check(parameters);
  cpu::linear_backward(context, parameters);
}

}  // namespace ebb::kernels
