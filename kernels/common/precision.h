// In which precision a network is multiplied.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "kernels/common/device.h"

namespace ebb {

/// f32; tf32: on CUDA, attention's f32 operands are rounded to TF32, 10 bits of mantissa, before
/// they are multiplied, and sums are f32; bf16: those of linear layers are rounded to bf16.
/// Weights, gradients, activations and all other operations are f32 in all three.
enum class Precision { f32, tf32, bf16 };

inline constexpr std::array kPrecisions{Precision::f32, Precision::tf32, Precision::bf16};

/// "f32", "tf32" or "bf16".
constexpr std::string_view name_of(Precision precision) {
  if (precision == Precision::tf32) return "tf32";
  return precision == Precision::f32 ? "f32" : "bf16";
}

/// Empty when the device multiplies in TF32, else the reason why not.
std::string tf32_unsupported(Device device);

}  // namespace ebb
