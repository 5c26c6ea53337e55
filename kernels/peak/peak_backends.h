// The implementations behind peak.h.
#pragma once

#include <cstdint>

#include "kernels/common/context.h"

namespace ebb::kernels::cpu {

double measure_peak_gflops(const Context& context);
double measure_copy_bandwidth(const Context& context, std::int64_t bytes_per_thread);

}  // namespace ebb::kernels::cpu
