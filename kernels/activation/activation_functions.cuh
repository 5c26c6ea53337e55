// Activation functions and their derivatives on the device, in f32: for epilogues of kernels.
//
// The same formulas as activation_vectors.h: of GELU the tail below -|x| is exp(-x^2/2) times the
// scaled complementary error function, so that nothing cancels, and the derivative shares the
// exponential.
#pragma once

#include "kernels/activation/activation.h"
#include "kernels/common/cuda/storage.cuh"

namespace ebb::kernels::cuda {

/// kind(x) and kind'(x). What the caller does not use is not computed.
struct Activated {
  float value;
  float derivative;
};

/// x with its magnitude limited: keeps products of infinities with zeros from being NaN. NaN kept.
__device__ inline float limit_magnitude(float x, float limit) {
  return fabsf(x) > limit ? copysignf(limit, x) : x;
}

// Beyond it, exp(-x^2 / 2) is 0 in f32, so that gelu is exactly 0 or x and its derivative 0 or 1.
inline constexpr float kGeluLimit = 15.0F;
// Beyond it, exp(-x) is 0 or inf in f32.
inline constexpr float kSiluLimit = 128.0F;

/// The scaled complementary error function e^(z^2) erfc(z) for z >= 0: the polynomial of
/// kernels/common/vector_math.h, relative error at most 3e-7 e^(z^2 / 4) up to z = 4, beyond which
/// the value at 4 is given; NaN kept. Meant to be multiplied by exp(-z^2), which is small where the
/// error is large, and a third of the instructions of erfcxf.
__device__ inline float erfcx(float z) {
  const float clamped = z > 4.0F ? 4.0F : z;
  const float s = (clamped - 3.0F) / (clamped + 3.0F);
  float p = 2.29902985e-03F;
  p = fmaf(p, s, 6.04063552e-03F);
  p = fmaf(p, s, -2.33848952e-02F);
  p = fmaf(p, s, 7.19461739e-02F);
  p = fmaf(p, s, -1.50091887e-01F);
  p = fmaf(p, s, 2.45600179e-01F);
  p = fmaf(p, s, -3.26234132e-01F);
  return fmaf(p, s, 1.79001153e-01F);
}

template <Activation kKind>
__device__ inline Activated activate(float x) {
  if constexpr (kKind == Activation::relu) {
    const float nan_or_zero = x != x ? x : 0.0F;
    return {x < 0.0F ? 0.0F : x, x > 0.0F ? 1.0F : nan_or_zero};
  } else if constexpr (kKind == Activation::gelu) {
    const float limited = limit_magnitude(x, kGeluLimit);
    const float exponential = expf(limited * limited * -0.5F);
    const float tail = exponential * 0.5F * erfcx(fabsf(limited) * 0.70710678F);
    const float share_below = x < 0.0F ? tail : 1.0F - tail;
    // relu(x) - |x| tail(|x|): nothing cancels on either side.
    return {fmaf(-fabsf(limited), tail, x < 0.0F ? 0.0F : x),
            fmaf(limited, exponential * 0.398942280F, share_below)};
  } else if constexpr (kKind == Activation::silu) {
    const float limited = limit_magnitude(x, kSiluLimit);
    const float sigmoid = 1.0F / (1.0F + expf(-limited));
    return {(x < 0.0F ? limited : x) * sigmoid, sigmoid * fmaf(limited, 1.0F - sigmoid, 1.0F)};
  } else {
    return {x, 1.0F};
  }
}

}  // namespace ebb::kernels::cuda
