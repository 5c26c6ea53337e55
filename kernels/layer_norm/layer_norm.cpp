#include "kernels/layer_norm/layer_norm.h"

#include "kernels/common/check.h"
#include "kernels/common/dispatch.h"
#include "kernels/common/profile.h"
#include "kernels/common/support.h"
#include "kernels/layer_norm/layer_norm_backends.h"

namespace ebb::kernels {
namespace {

constexpr std::string_view kLikeInput = "as input";
constexpr std::string_view kLastDimension = "[columns], the last dimension of input";
constexpr std::string_view kRows = "[rows], the elements of input over its columns";

void check(const LayerNormForward& p) {
  const OperandCheck check("layer_norm");
  const Shape& shape = p.input.shape;
  if (shape.rank() == 0) fail("layer_norm: input is a scalar, expected [..., columns]");
  const DType dtype = p.input.dtype;
  const Shape columns{shape[-1]};
  const Shape rows{shape[-1] == 0 ? 0 : shape.elements() / shape[-1]};
  check.dense("input", p.input, dtype, shape, kLikeInput);
  check.dense("gamma", p.gamma, dtype, columns, kLastDimension);
  check.dense("beta", p.beta, dtype, columns, kLastDimension);
  check.dense("output", p.output, dtype, shape, kLikeInput);
  check.dropout(p.dropout);
  if (p.residual.present()) {
    check.dense("residual", p.residual, dtype, shape, kLikeInput);
    check.dense("sum", p.sum, dtype, shape, kLikeInput);
  } else if (p.dropout.active()) {
    fail("layer_norm: dropout needs a residual to add to; use the dropout operation instead");
  }
  if (p.mean.present()) check.dense("mean", p.mean, accumulation_dtype(dtype), rows, kRows);
  if (p.inverse_deviation.present()) {
    check.dense("inverse_deviation", p.inverse_deviation, accumulation_dtype(dtype), rows, kRows);
  }
}

void check(const LayerNormBackward& p) {
  const OperandCheck check("layer_norm_backward");
  const Shape& shape = p.sum.shape;
  if (shape.rank() == 0) fail("layer_norm_backward: sum is a scalar, expected [..., columns]");
  const DType dtype = p.sum.dtype;
  const Shape columns{shape[-1]};
  const Shape rows{shape[-1] == 0 ? 0 : shape.elements() / shape[-1]};
  check.dense("sum", p.sum, dtype, shape, kLikeInput);
  check.dense("gamma", p.gamma, dtype, columns, kLastDimension);
  check.dense("mean", p.mean, accumulation_dtype(dtype), rows, kRows);
  check.dense("inverse_deviation", p.inverse_deviation, accumulation_dtype(dtype), rows, kRows);
  check.dense("grad_output", p.grad_output, dtype, shape, kLikeInput);
  if (p.grad_sum.present()) check.dense("grad_sum", p.grad_sum, dtype, shape, kLikeInput);
  check.dense("grad_residual", p.grad_residual, dtype, shape, kLikeInput);
  check.dropout(p.dropout);
  if (p.dropout.active()) check.dense("grad_input", p.grad_input, dtype, shape, kLikeInput);
  check.dense("grad_gamma", p.grad_gamma, dtype, columns, kLastDimension);
  check.dense("grad_beta", p.grad_beta, dtype, columns, kLastDimension);
}

}  // namespace

std::string layer_norm_unsupported(Device device, DType dtype) {
  return storage_kernels_unsupported(device, dtype);
}

void layer_norm(Context& context, const LayerNormForward& parameters) {
  require_supported("layer_norm", layer_norm_unsupported(context.device(), parameters.input.dtype));
  check(parameters);
  const ProfileScope scope(context, "layer_norm", [&] {
    return cost_of_moving(parameters.input, parameters.residual, parameters.gamma, parameters.beta,
                          parameters.sum, parameters.output, parameters.mean,
                          parameters.inverse_deviation);
  });
  run_on_device<cpu::layer_norm, cuda::layer_norm>(context, parameters);
}

void layer_norm_backward(Context& context, const LayerNormBackward& parameters) {
  require_supported("layer_norm_backward",
                    layer_norm_unsupported(context.device(), parameters.sum.dtype));
  check(parameters);
  const ProfileScope scope(context, "layer_norm_backward", [&] {
    return cost_of_moving(parameters.sum, parameters.gamma, parameters.mean,
                          parameters.inverse_deviation, parameters.grad_output, parameters.grad_sum,
                          parameters.grad_residual, parameters.grad_input, parameters.grad_gamma,
                          parameters.grad_beta);
  });
  run_on_device<cpu::layer_norm_backward, cuda::layer_norm_backward>(context, parameters);
}

}  // namespace ebb::kernels
