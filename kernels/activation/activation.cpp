#include "kernels/activation/activation.h"

#include <iterator>

#include "kernels/activation/activation_backends.h"
#include "kernels/common/check.h"
#include "kernels/common/dispatch.h"
#include "kernels/common/profile.h"
#include "kernels/common/support.h"

namespace ebb::kernels {
namespace {

constexpr std::string_view kNames[] = {"identity", "relu", "gelu", "silu"};
constexpr std::string_view kLikeInput = "as input";
constexpr std::string_view kLikeGradOutput = "as grad_output";
constexpr std::string_view kColumns = "[columns], the last dimension of input";
constexpr std::string_view kGradColumns = "[columns], the last dimension of grad_output";

Shape columns_of(std::string_view operation, const Shape& shape) {
  if (shape.rank() == 0)
    fail("{}: a bias needs an input of [..., columns], got a scalar", operation);
  return {shape[-1]};
}

void check(const ActivationForward& p) {
  const OperandCheck check("activation");
  const Shape& shape = p.input.shape;
  const DType dtype = p.input.dtype;
  check.dense("input", p.input, dtype, shape, kLikeInput);
  if (p.bias.present()) {
    check.dense("bias", p.bias, dtype, columns_of("activation", shape), kColumns);
  }
  check.dropout(p.dropout);
  check.dense("output", p.output, dtype, shape, kLikeInput);
  if (!p.derivative.present()) return;
  check.dense("derivative", p.derivative, dtype, shape, kLikeInput);
  if (p.output.data == p.derivative.data) {
    fail(
        "activation: output and derivative share their memory; leave out derivative or give it its "
        "own");
  }
}

void check(const ActivationBackward& p) {
  const OperandCheck check("activation_backward");
  const Shape& shape = p.grad_output.shape;
  const DType dtype = p.grad_output.dtype;
  check.dense("grad_output", p.grad_output, dtype, shape, kLikeGradOutput);
  check.dense("derivative", p.derivative, dtype, shape, kLikeGradOutput);
  check.dense("grad_input", p.grad_input, dtype, shape, kLikeGradOutput);
  if (p.grad_bias.present()) {
    check.dense("grad_bias", p.grad_bias, dtype, columns_of("activation_backward", shape),
                kGradColumns);
  }
}

}  // namespace

std::string_view name_of(Activation kind) { return kNames[static_cast<std::size_t>(kind)]; }

Activation parse_activation(std::string_view name) {
  for (std::size_t i = 0; i < std::size(kNames); ++i) {
    if (kNames[i] == name) return static_cast<Activation>(i);
  }
  fail<DataError>("unknown activation \"{}\": expected identity, relu, gelu or silu", name);
}

std::string activation_unsupported(Device device, DType dtype) {
  return storage_kernels_unsupported(device, dtype);
}

void activation(Context& context, const ActivationForward& parameters) {
  require_supported("activation", activation_unsupported(context.device(), parameters.input.dtype));
  check(parameters);
  const ProfileScope scope(context, "activation", [&] {
    return cost_of_moving(parameters.input, parameters.bias, parameters.derivative,
                          parameters.output);
  });
  run_on_device<cpu::activation, cuda::activation>(context, parameters);
}

void activation_backward(Context& context, const ActivationBackward& parameters) {
  require_supported("activation_backward",
                    activation_unsupported(context.device(), parameters.grad_output.dtype));
  check(parameters);
  const ProfileScope scope(context, "activation_backward", [&] {
    return cost_of_moving(parameters.derivative, parameters.grad_output, parameters.grad_input,
                          parameters.grad_bias);
  });
  run_on_device<cpu::activation_backward, cuda::activation_backward>(context, parameters);
}

}  // namespace ebb::kernels
