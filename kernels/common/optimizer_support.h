// What optimisers have in common: where they run, and the average of parameters they keep.
#pragma once

#include <string_view>

#include "kernels/common/error.h"
#include "kernels/common/support.h"

namespace ebb::kernels {

/// The rule of optimisers, whose state is f32: f32 and f64 on the CPU, f32 on CUDA. Empty when
/// supported.
inline std::string optimizer_kernels_unsupported(Device device, DType dtype) {
  if (!device.is_cuda() || dtype == DType::f32) return storage_kernels_unsupported(device, dtype);
  return fmt::format("CUDA updates parameters in f32, not in {}", name_of(dtype));
}

/// Throws Error unless `decay`, of the moving average of parameters, lies in [0, 1].
inline void check_average_decay(std::string_view operation, double decay) {
  if (!(decay >= 0.0 && decay <= 1.0)) {
    fail("{}: average_decay is {}, expected [0, 1]", operation, decay);
  }
}

}  // namespace ebb::kernels
