// Denormals as zero on the device, where a contract asks for it (kernels/common/denormals.h).
#pragma once

namespace ebb::cuda {

/// NaN stays.
__device__ inline float flush_denormal(float value) {
  constexpr float kSmallestNormal = 0x1p-126F;
  return fabsf(value) < kSmallestNormal ? 0.0F : value;
}

}  // namespace ebb::cuda
