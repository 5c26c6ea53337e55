// The fastest that this machine does f32 multiply-adds and moves memory: what measured speeds are a
// share of. A virtual machine may be slower for a while after a pause (its processors then share a
// core), so who measures something takes these before and after, and believes the larger.
#pragma once

#include <cstdint>

#include "kernels/common/context.h"

namespace ebb::kernels {

/// GFLOP/s of independent f32 fused multiply-adds in registers (a multiply and an add count as two
/// operations) at the active instruction set, on all threads of `context` at once, or as many as
/// there are processors: the sum of each thread's upper quartile over about 25 ms, so that a
/// disturbance does not count. Throws
/// UnsupportedError on a device other than the CPU.
double measure_peak_gflops(const Context& context);

/// Bytes per second, read and written together, of copying `bytes_per_thread` / 2 from one buffer
/// to another again and again on as many threads as above at once, so that they lie in the cache
/// that holds them: the sum of each thread's upper quartile over about 3 ms. Throws
/// UnsupportedError on a device other than the CPU.
double measure_copy_bandwidth(const Context& context, std::int64_t bytes_per_thread);

}  // namespace ebb::kernels
