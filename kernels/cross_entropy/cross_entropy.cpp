#include "kernels/cross_entropy/cross_entropy.h"

#include "kernels/common/check.h"
#include "kernels/common/dispatch.h"
#include "kernels/common/profile.h"
#include "kernels/common/support.h"
#include "kernels/cross_entropy/cross_entropy_backends.h"

namespace ebb::kernels {
namespace {

void check(const CrossEntropy& p) {
  const OperandCheck check("cross_entropy");
  const Shape& shape = p.logits.shape;
  const DType dtype = p.logits.dtype;
  if (shape.rank() != 2) {
    fail("cross_entropy: logits is {}, expected [n, classes]; reshape it", to_string(shape));
  }
  check.dense("logits", p.logits, dtype, shape, "as logits");
  check.dense("targets", p.targets, DType::i32, {shape[0]}, "[n], the rows of logits");
  if (p.class_weights.present()) {
    check.dense("class_weights", p.class_weights, dtype, {shape[1]},
                "[classes], the last dimension of logits");
  }
  check.dense("loss", p.loss, accumulation_dtype(dtype), {}, "a scalar");
  if (p.grad_logits.present()) check.dense("grad_logits", p.grad_logits, dtype, shape, "as logits");
  if (!(p.label_smoothing >= 0.0 && p.label_smoothing <= 1.0)) {
    fail("cross_entropy: label_smoothing is {}, expected [0, 1]", p.label_smoothing);
  }
  if (!(p.normalizer >= 0.0)) {
    fail("cross_entropy: normalizer is {}, expected 0 or more", p.normalizer);
  }
}

}  // namespace

std::string cross_entropy_unsupported(Device device, DType dtype) {
  return storage_kernels_unsupported(device, dtype);
}

void cross_entropy(Context& context, const CrossEntropy& parameters) {
  require_supported("cross_entropy",
                    cross_entropy_unsupported(context.device(), parameters.logits.dtype));
  check(parameters);
  const ProfileScope scope(context, "cross_entropy", [&] {
    return cost_of_moving(parameters.logits, parameters.targets, parameters.grad_logits);
  });
  run_on_device<cpu::cross_entropy, cuda::cross_entropy>(context, parameters);
}

}  // namespace ebb::kernels
