#include "kernels/mean_squared_error/mean_squared_error.h"

#include "kernels/common/check.h"
#include "kernels/common/dispatch.h"
#include "kernels/common/profile.h"
#include "kernels/common/support.h"
#include "kernels/mean_squared_error/mean_squared_error_backends.h"

namespace ebb::kernels {
namespace {

constexpr std::string_view kLikePrediction = "as prediction";

void check(const MeanSquaredError& p) {
  const OperandCheck check("mean_squared_error");
  const Shape& shape = p.prediction.shape;
  const DType dtype = p.prediction.dtype;
  check.dense("prediction", p.prediction, dtype, shape, kLikePrediction);
  check.dense("target", p.target, dtype, shape, kLikePrediction);
  check.dense("loss", p.loss, accumulation_dtype(dtype), {}, "a scalar");
  if (p.grad_prediction.present()) {
    check.dense("grad_prediction", p.grad_prediction, dtype, shape, kLikePrediction);
  }
  if (!(p.normalizer >= 0.0)) {
    fail("mean_squared_error: normalizer is {}, expected 0 or more", p.normalizer);
  }
}

}  // namespace

std::string mean_squared_error_unsupported(Device device, DType dtype) {
  return storage_kernels_unsupported(device, dtype);
}

void mean_squared_error(Context& context, const MeanSquaredError& parameters) {
  require_supported("mean_squared_error",
                    mean_squared_error_unsupported(context.device(), parameters.prediction.dtype));
  check(parameters);
  const ProfileScope scope(context, "mean_squared_error", [&] {
    return cost_of_moving(parameters.prediction, parameters.target, parameters.grad_prediction);
  });
  run_on_device<cpu::mean_squared_error, cuda::mean_squared_error>(context, parameters);
}

}  // namespace ebb::kernels
