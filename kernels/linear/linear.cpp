#include "kernels/linear/linear.h"

#include "kernels/common/check.h"
#include "kernels/common/dispatch.h"
#include "kernels/common/profile.h"
#include "kernels/common/support.h"
#include "kernels/linear/linear_backends.h"
#include "kernels/matrix_product/matrix_product.h"

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

void check_packed(std::string_view operation, const PackedMatrix* packed, const Shape& expected,
                  DType dtype) {
  if (packed == nullptr) return;
  if (dtype != DType::f32) {
    fail("{}: packed_weight is given with {} operands, expected f32", operation, name_of(dtype));
  }
  const Shape shape{packed->k(), packed->n()};
  if (shape != expected) {
    fail("{}: packed_weight is {}, expected {}", operation, to_string(shape), to_string(expected));
  }
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
  check.dropout(p.dropout);
  check_packed("linear", p.packed_weight, Shape{extent.weight[1], extent.weight[0]}, dtype);
  if (p.rounded_input.present()) {
    check.dense("rounded_input", p.rounded_input, DType::bf16, extent.input, "[rows, in]");
  }
}

void check(const LinearBackward& p) {
  const OperandCheck check("linear_backward");
  const Extents extent = extents("linear_backward", p.input, p.weight);
  const DType dtype = p.weight.dtype;
  check_packed("linear_backward", p.packed_weight, extent.weight, dtype);
  const DType input_dtype = p.packed_weight != nullptr ? DType::bf16 : dtype;
  check.dense("input", p.input, input_dtype, extent.input, "[rows, in]");
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

/// Of `products` matrix products of the layer's size; what is fused to them costs nothing.
template <class Parameters>
OperationCost cost(const Parameters& p, int products) {
  const auto rows = static_cast<double>(p.input.shape[0]);
  return {.flops = 2.0 * products * rows * static_cast<double>(p.weight.elements()),
          .shape = p.weight.shape};
}

}  // namespace

std::string linear_unsupported(Device device, DType dtype) {
  return matrix_product_unsupported(device, dtype);
}

void linear(Context& context, const LinearForward& parameters) {
  require_supported("linear", linear_unsupported(context.device(), parameters.input.dtype));
  if (parameters.packed_weight != nullptr) {
    require_supported("linear", bf16_product_unsupported(context.device()));
  }
  check(parameters);
  const ProfileScope scope(context, "linear", [&] { return cost(parameters, 1); });
  run_on_device<cpu::linear, cuda::linear>(context, parameters);
}

void linear_backward(Context& context, const LinearBackward& parameters) {
  require_supported("linear_backward",
                    linear_unsupported(context.device(), parameters.weight.dtype));
  if (parameters.packed_weight != nullptr) {
    require_supported("linear_backward", bf16_product_unsupported(context.device()));
  }
  check(parameters);
  const ProfileScope scope(context, "linear_backward", [&] {
    return cost(parameters,
                int{parameters.grad_input.present()} + int{parameters.grad_weight.present()});
  });
  run_on_device<cpu::linear_backward, cuda::linear_backward>(context, parameters);
}

}  // namespace ebb::kernels
