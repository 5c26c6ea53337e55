#include "kernels/peak/peak.h"

#include "kernels/common/instruction_set.h"
#include "kernels/common/support.h"
#include "kernels/peak/peak_backends.h"

namespace ebb::kernels {

double measure_peak_gflops(const Context& context) {
  require_supported("measure_peak_gflops", float_kernels_unsupported(context.device(), DType::f32));
  active_instruction_set();
  return cpu::measure_peak_gflops(context);
}

}  // namespace ebb::kernels
