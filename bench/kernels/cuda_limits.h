// What a GPU can do at most. Defined in builds with CUDA only.
#pragma once

#include "bench/kernels/machine.h"

namespace ebb::bench {

/// From the device's clocks, multiprocessors and width of memory: dense operations per
/// multiprocessor and clock by architecture (NVIDIA's tuning guides and white papers).
Limits cuda_limits(Device device, DType dtype, Precision precision);

}  // namespace ebb::bench
