#include "kernels/unary/unary.h"

#include "kernels/common/check.h"
#include "kernels/common/dispatch.h"
#include "kernels/common/profile.h"
#include "kernels/common/support.h"
#include "kernels/unary/unary_backends.h"

namespace ebb::kernels {

std::string unary_unsupported(Device device, DType dtype) {
  return storage_kernels_unsupported(device, dtype);
}

void unary(Context& context, const UnaryForward& p) {
  require_supported("unary", unary_unsupported(context.device(), p.input.dtype));
  const OperandCheck check("unary");
  check.dense("input", p.input, p.input.dtype, p.input.shape, "as input");
  check.dense("output", p.output, p.input.dtype, p.input.shape, "as input");
  const ProfileScope scope(context, "unary", [&] { return cost_of_moving(p.input, p.output); });
  run_on_device<cpu::unary, cuda::unary>(context, p);
}

void unary_backward(Context& context, const UnaryBackward& p) {
  require_supported("unary_backward", unary_unsupported(context.device(), p.input.dtype));
  const OperandCheck check("unary_backward");
  check.dense("input", p.input, p.input.dtype, p.input.shape, "as input");
  check.dense("output", p.output, p.input.dtype, p.input.shape, "as input");
  check.dense("grad_output", p.grad_output, p.input.dtype, p.input.shape, "as input");
  check.dense("grad_input", p.grad_input, p.input.dtype, p.input.shape, "as input");
  const ProfileScope scope(context, "unary_backward", [&] {
    return cost_of_moving(p.input, p.output, p.grad_output, p.grad_input);
  });
  run_on_device<cpu::unary_backward, cuda::unary_backward>(context, p);
}

}  // namespace ebb::kernels
