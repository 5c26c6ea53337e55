// Why an operation cannot run somewhere: one answer for the error, the test's skip and the support
// matrix.
#pragma once

#include <string>
#include <string_view>

#include "kernels/common/device.h"
#include "kernels/common/dtype.h"
#include "kernels/common/error.h"

namespace ebb::kernels {

/// The rule of most operations: f32 and f64 on the CPU. Empty when supported.
inline std::string float_kernels_unsupported(Device device, DType dtype) {
  if (device.kind != DeviceKind::cpu) {
    return fmt::format("this build has no kernels for {}", to_string(device));
  }
  if (dtype != DType::f32 && dtype != DType::f64) {
    return fmt::format("the CPU computes in f32 and f64, not in {}; cast first", name_of(dtype));
  }
  return {};
}

/// Throws UnsupportedError when `reason` is not empty.
inline void require_supported(std::string_view operation, const std::string& reason) {
  if (!reason.empty()) fail<UnsupportedError>("{}: {}", operation, reason);
}

}  // namespace ebb::kernels
