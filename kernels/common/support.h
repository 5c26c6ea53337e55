// Why an operation cannot run somewhere: one answer for the error, the test's skip and the support
// matrix.
#pragma once

#include <string>
#include <string_view>

#include "kernels/common/device.h"
#include "kernels/common/dtype.h"
#include "kernels/common/error.h"

namespace ebb::kernels {

/// The rule of operations that compute on the CPU only, in f32 and f64. Empty when supported.
inline std::string float_kernels_unsupported(Device device, DType dtype) {
  if (device.is_cuda()) return fmt::format("there are no kernels for {}", to_string(device));
  if (dtype != DType::f32 && dtype != DType::f64) {
    return fmt::format("the CPU computes in f32 and f64, not in {}; cast first", name_of(dtype));
  }
  return {};
}

/// The rule of most operations: f32 and f64 on the CPU; f32, and bf16 and f16 as storage, on CUDA.
inline std::string storage_kernels_unsupported(Device device, DType dtype) {
  if (!device.is_cuda()) return float_kernels_unsupported(device, dtype);
  const std::string reason = device_unavailable(device);
  if (!reason.empty()) return fmt::format("{}: {}", to_string(device), reason);
  if (dtype == DType::f32 || dtype == DType::bf16 || dtype == DType::f16) return {};
  return fmt::format("CUDA computes in f32, bf16 and f16, not in {}; cast first", name_of(dtype));
}

/// Throws UnsupportedError when `reason` is not empty.
inline void require_supported(std::string_view operation, const std::string& reason) {
  if (!reason.empty()) fail<UnsupportedError>("{}: {}", operation, reason);
}

}  // namespace ebb::kernels
