#include "kernels/binary_cross_entropy/binary_cross_entropy.h"

#include <cmath>

#include "kernels/binary_cross_entropy/binary_cross_entropy_backends.h"
#include "kernels/common/check.h"
#include "kernels/common/dispatch.h"
#include "kernels/common/profile.h"
#include "kernels/common/support.h"

namespace ebb::kernels {
namespace {

constexpr std::string_view kLikeLogits = "as logits";

void check(const BinaryCrossEntropy& p) {
  const OperandCheck check("binary_cross_entropy");
  const Shape& shape = p.logits.shape;
  const DType dtype = p.logits.dtype;
  if (shape.rank() != 1) {
    fail("binary_cross_entropy: logits is {}, expected [n]; reshape it", to_string(shape));
  }
  check.dense("logits", p.logits, dtype, shape, kLikeLogits);
  check.dense("targets", p.targets, dtype, shape, kLikeLogits);
  if (p.sample_weights.present()) {
    check.dense("sample_weights", p.sample_weights, dtype, shape, kLikeLogits);
  }
  if (p.ignored.present()) check.dense("ignored", p.ignored, DType::u8, shape, kLikeLogits);
  check.dense("loss", p.loss, accumulation_dtype(dtype), {}, "a scalar");
  if (p.grad_logits.present()) check.dense("grad_logits", p.grad_logits, dtype, shape, kLikeLogits);
  if (!(p.positive_weight > 0.0) || std::isinf(p.positive_weight)) {
    fail("binary_cross_entropy: positive_weight is {}, expected a finite number above 0",
         p.positive_weight);
  }
  if (!(p.label_smoothing >= 0.0 && p.label_smoothing <= 1.0)) {
    fail("binary_cross_entropy: label_smoothing is {}, expected [0, 1]", p.label_smoothing);
  }
  if (!(p.focusing >= 0.0) || std::isinf(p.focusing)) {
    fail("binary_cross_entropy: focusing is {}, expected a finite number, 0 or more", p.focusing);
  }
  if (!(p.normalizer >= 0.0)) {
    fail("binary_cross_entropy: normalizer is {}, expected 0 or more", p.normalizer);
  }
}

}  // namespace

std::string binary_cross_entropy_unsupported(Device device, DType dtype) {
  return storage_kernels_unsupported(device, dtype);
}

void binary_cross_entropy(Context& context, const BinaryCrossEntropy& parameters) {
  require_supported("binary_cross_entropy",
                    binary_cross_entropy_unsupported(context.device(), parameters.logits.dtype));
  check(parameters);
  const ProfileScope scope(context, "binary_cross_entropy", [&] {
    return cost_of_moving(parameters.logits, parameters.targets, parameters.sample_weights,
                          parameters.ignored, parameters.grad_logits);
  });
  run_on_device<cpu::binary_cross_entropy, cuda::binary_cross_entropy>(context, parameters);
}

}  // namespace ebb::kernels
