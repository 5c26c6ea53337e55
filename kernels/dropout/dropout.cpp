#include "kernels/dropout/dropout.h"

#include "kernels/common/check.h"
#include "kernels/common/dispatch.h"
#include "kernels/common/profile.h"
#include "kernels/common/support.h"
#include "kernels/dropout/dropout_backends.h"

namespace ebb::kernels {

std::string dropout_unsupported(Device device, DType dtype) {
  return storage_kernels_unsupported(device, dtype);
}

void dropout(Context& context, const Dropout& p) {
  require_supported("dropout", dropout_unsupported(context.device(), p.input.dtype));
  const OperandCheck check("dropout");
  check.dense("input", p.input, p.input.dtype, p.input.shape, "as input");
  check.dense("output", p.output, p.input.dtype, p.input.shape, "as input");
  check.dropout(p.dropout);
  const ProfileScope scope(context, "dropout", [&] { return cost_of_moving(p.input, p.output); });
  run_on_device<cpu::dropout, cuda::dropout>(context, p);
}

}  // namespace ebb::kernels
