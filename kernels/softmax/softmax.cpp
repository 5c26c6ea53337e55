#include "kernels/softmax/softmax.h"

#include "kernels/common/check.h"
#include "kernels/common/dispatch.h"
#include "kernels/common/profile.h"
#include "kernels/common/support.h"
#include "kernels/softmax/softmax_backends.h"

namespace ebb::kernels {
namespace {

void check(const SoftmaxForward& p) {
  const OperandCheck check("softmax");
  const Shape& shape = p.input.shape;
  if (shape.rank() == 0) fail("softmax: input is a scalar, expected [..., columns]");
  check.dense("input", p.input, p.input.dtype, shape, "as input");
  check.dense("output", p.output, p.input.dtype, shape, "as input");
}

void check(const SoftmaxBackward& p) {
  const OperandCheck check("softmax_backward");
  const Shape& shape = p.output.shape;
  if (shape.rank() == 0) fail("softmax_backward: output is a scalar, expected [..., columns]");
  check.dense("output", p.output, p.output.dtype, shape, "as output");
  check.dense("grad_output", p.grad_output, p.output.dtype, shape, "as output");
  check.dense("grad_input", p.grad_input, p.output.dtype, shape, "as output");
}

}  // namespace

std::string softmax_unsupported(Device device, DType dtype) {
  return storage_kernels_unsupported(device, dtype);
}

void softmax(Context& context, const SoftmaxForward& parameters) {
  require_supported("softmax", softmax_unsupported(context.device(), parameters.input.dtype));
  check(parameters);
  const ProfileScope scope(context, "softmax",
                           [&] { return cost_of_moving(parameters.input, parameters.output); });
  run_on_device<cpu::softmax, cuda::softmax>(context, parameters);
}

void softmax_backward(Context& context, const SoftmaxBackward& parameters) {
  require_supported("softmax_backward",
                    softmax_unsupported(context.device(), parameters.output.dtype));
  check(parameters);
  const ProfileScope scope(context, "softmax_backward", [&] {
    return cost_of_moving(parameters.output, parameters.grad_output, parameters.grad_input);
  });
  run_on_device<cpu::softmax_backward, cuda::softmax_backward>(context, parameters);
}

}  // namespace ebb::kernels
