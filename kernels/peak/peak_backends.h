// The implementations behind peak.h.
#pragma once

#include "kernels/common/context.h"

namespace ebb::kernels::cpu {

double measure_peak_gflops(const Context& context);

}  // namespace ebb::kernels::cpu
