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

double measure_copy_bandwidth(const Context& context, std::int64_t bytes_per_thread) {
  require_supported("measure_copy_bandwidth",
                    float_kernels_unsupported(context.device(), DType::f32));
  active_instruction_set();
  return cpu::measure_copy_bandwidth(context, bytes_per_thread);
}

}  // namespace ebb::kernels
