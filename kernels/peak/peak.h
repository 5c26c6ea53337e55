// The fastest that this machine does f32 multiply-adds: what measured speeds are a share of.
#pragma once

#include "kernels/common/context.h"

namespace ebb::kernels {

/// GFLOP/s of independent f32 fused multiply-adds in registers (a multiply and an add count as two
/// operations) at the active instruction set, on all threads of `context` at once: the sum of each
/// thread's upper quartile over about 25 ms, so that a disturbance does not count. Throws
/// UnsupportedError on a device other than the CPU.
double measure_peak_gflops(const Context& context);

}  // namespace ebb::kernels
