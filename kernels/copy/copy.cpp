#include "kernels/copy/copy.h"

#include "kernels/common/check.h"
#include "kernels/common/dispatch.h"
#include "kernels/common/profile.h"
#include "kernels/common/support.h"
#include "kernels/copy/copy_backends.h"

namespace ebb::kernels {
namespace {

void check(const Copy& p) {
  const OperandCheck check("copy");
  check.present("input", p.input);
  check.dtype("input", p.input, p.input.dtype);
  check.shape("output", p.output, p.input.shape, "as input");
  check.dtype("output", p.output, p.input.dtype);
  for (int i = 0; i < p.output.shape.rank(); ++i) {
    if (p.output.strides[i] == 0 && p.output.shape[i] > 1 && p.output.elements() > 0) {
      fail("copy: output {} has stride 0 in dimension {}, so its elements share memory",
           to_string(p.output.shape), i);
    }
  }
}

}  // namespace

std::string copy_unsupported(Device device, DType dtype, bool accumulate) {
  return storage_kernels_unsupported(device, accumulate ? dtype : DType::f32);
}

void copy(Context& context, const Copy& parameters) {
  require_supported(
      "copy", copy_unsupported(context.device(), parameters.input.dtype, parameters.accumulate));
  check(parameters);
  const ProfileScope scope(context, "copy", [&] {
    return cost_of_moving(parameters.input, parameters.output,
                          parameters.accumulate ? parameters.output : View());
  });
  run_on_device<cpu::copy, cuda::copy>(context, parameters);
}

}  // namespace ebb::kernels
