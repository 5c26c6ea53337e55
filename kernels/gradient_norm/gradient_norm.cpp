#include "kernels/gradient_norm/gradient_norm.h"

#include "kernels/common/check.h"
#include "kernels/common/dispatch.h"
#include "kernels/common/optimizer_support.h"
#include "kernels/common/profile.h"
#include "kernels/gradient_norm/gradient_norm_backends.h"

namespace ebb::kernels {

std::int64_t gradient_norm_parts(std::int64_t n) {
  return blocks_of(n, gradient_norm_part_size(n));
}

std::string gradient_norm_unsupported(Device device, DType dtype) {
  return optimizer_kernels_unsupported(device, dtype);
}

void gradient_norm(Context& context, const GradientNorm& p) {
  constexpr std::string_view kName = "gradient_norm";
  require_supported(kName, gradient_norm_unsupported(context.device(), p.gradient.dtype));
  const OperandCheck check(kName);
  const std::int64_t n = p.gradient.elements();
  check.dense("gradient", p.gradient, p.gradient.dtype, {n}, "one flat buffer");
  check.dense("squares", p.squares, DType::f64, {gradient_norm_parts(n)}, "gradient_norm_parts");
  const ProfileScope scope(context, kName, [&] { return cost_of_moving(p.gradient); });
  run_on_device<cpu::gradient_norm, cuda::gradient_norm>(context, p);
}

}  // namespace ebb::kernels
