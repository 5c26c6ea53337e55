#include "kernels/adamw/adamw.h"

#include <cmath>

#include "kernels/adamw/adamw_backends.h"
#include "kernels/common/check.h"
#include "kernels/common/dispatch.h"
#include "kernels/common/optimizer_support.h"
#include "kernels/common/profile.h"

namespace ebb::kernels {
namespace {

constexpr std::string_view kLikeParameters = "as parameters";

void check_share(std::string_view name, double value) {
  if (!(value >= 0.0 && value < 1.0)) fail("adamw: {} is {}, expected [0, 1)", name, value);
}

void check(const AdamWUpdate& p) {
  const OperandCheck check("adamw");
  const Shape& shape = p.parameters.shape;
  const DType dtype = p.parameters.dtype;
  if (shape.rank() != 1) {
    fail("adamw: parameters is {}, expected [n], one flat buffer", to_string(shape));
  }
  check.dense("parameters", p.parameters, dtype, shape, kLikeParameters);
  check.dense("gradients", p.gradients, dtype, shape, kLikeParameters);
  check.dense("first_moment", p.first_moment, dtype, shape, kLikeParameters);
  check.dense("second_moment", p.second_moment, dtype, shape, kLikeParameters);
  if (p.average.present()) check.dense("average", p.average, dtype, shape, kLikeParameters);
  check_segments("adamw", p.segments, shape[0]);
  check_clipping(check, p.clipping);
  check_share("beta1", p.beta1);
  check_share("beta2", p.beta2);
  check_average_decay("adamw", p.average_decay);
  if (!(p.epsilon >= 0.0)) fail("adamw: epsilon is {}, expected 0 or more", p.epsilon);
  if (p.step < 1) fail("adamw: step is {}, expected 1 or more", p.step);
}

}  // namespace

StepScalars adamw_scalars(const AdamWUpdate& p) {
  const auto t = static_cast<double>(p.step);
  return {.learning_rate = p.learning_rate,
          .gradient_scale = p.gradient_scale,
          .average_decay = p.average_decay,
          .first_correction = 1.0 - std::pow(p.beta1, t),
          .second_correction = 1.0 - std::pow(p.beta2, t)};
}

std::string adamw_unsupported(Device device, DType dtype) {
  return optimizer_kernels_unsupported(device, dtype);
}

void adamw(Context& context, const AdamWUpdate& parameters) {
  require_supported("adamw", adamw_unsupported(context.device(), parameters.parameters.dtype));
  check(parameters);
  const ProfileScope scope(context, "adamw", [&] {
    return cost_of_moving(parameters.parameters, parameters.parameters, parameters.gradients,
                          parameters.first_moment, parameters.first_moment,
                          parameters.second_moment, parameters.second_moment, parameters.average,
                          parameters.average);
  });
  run_on_device<cpu::adamw, cuda::adamw>(context, parameters);
}

}  // namespace ebb::kernels
