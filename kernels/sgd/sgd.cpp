#include "kernels/sgd/sgd.h"

#include "kernels/common/check.h"
#include "kernels/common/dispatch.h"
#include "kernels/common/optimizer_support.h"
#include "kernels/common/profile.h"
#include "kernels/sgd/sgd_backends.h"

namespace ebb::kernels {
namespace {

constexpr std::string_view kLikeParameters = "as parameters";

void check(const SgdUpdate& p) {
  const OperandCheck check("sgd");
  const Shape& shape = p.parameters.shape;
  const DType dtype = p.parameters.dtype;
  if (shape.rank() != 1) {
    fail("sgd: parameters is {}, expected [n], one flat buffer", to_string(shape));
  }
  check.dense("parameters", p.parameters, dtype, shape, kLikeParameters);
  check.dense("gradients", p.gradients, dtype, shape, kLikeParameters);
  if (!(p.momentum >= 0.0 && p.momentum < 1.0)) {
    fail("sgd: momentum is {}, expected [0, 1)", p.momentum);
  }
  if (p.momentum != 0.0) {
    check.dense("momentum_buffer", p.momentum_buffer, dtype, shape, kLikeParameters);
  } else if (p.nesterov) {
    fail("sgd: nesterov needs a momentum above 0");
  }
  check_average_decay("sgd", p.average_decay);
  if (p.average.present()) check.dense("average", p.average, dtype, shape, kLikeParameters);
  check_clipping(check, p.clipping);
  check_segments("sgd", p.segments, shape[0]);
}

}  // namespace

StepScalars sgd_scalars(const SgdUpdate& p) {
  return {.learning_rate = p.learning_rate,
          .gradient_scale = p.gradient_scale,
          .average_decay = p.average_decay};
}

std::string sgd_unsupported(Device device, DType dtype) {
  return optimizer_kernels_unsupported(device, dtype);
}

void sgd(Context& context, const SgdUpdate& parameters) {
  require_supported("sgd", sgd_unsupported(context.device(), parameters.parameters.dtype));
  check(parameters);
  const ProfileScope scope(context, "sgd", [&] {
    return cost_of_moving(parameters.parameters, parameters.parameters, parameters.gradients,
                          parameters.momentum_buffer, parameters.momentum_buffer,
                          parameters.average, parameters.average);
  });
  run_on_device<cpu::sgd, cuda::sgd>(context, parameters);
}

}  // namespace ebb::kernels
