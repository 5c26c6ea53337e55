// Where optimisers run.
#pragma once

#include "kernels/common/support.h"

namespace ebb::kernels {

/// The rule of optimisers, whose state is f32: f32 and f64 on the CPU, f32 on CUDA. Empty when
/// supported.
inline std::string optimizer_kernels_unsupported(Device device, DType dtype) {
  if (!device.is_cuda() || dtype == DType::f32) return storage_kernels_unsupported(device, dtype);
  return fmt::format("CUDA updates parameters in f32, not in {}", name_of(dtype));
}

}  // namespace ebb::kernels
