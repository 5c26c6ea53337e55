// In which precision a network's linear layers are multiplied.
#pragma once

#include <string_view>

namespace ebb {

/// f32, or bf16: products of operands rounded to bf16, summed in f32. Weights, gradients,
/// activations and all other operations are f32 in both.
enum class Precision { f32, bf16 };

/// "f32" or "bf16".
constexpr std::string_view name_of(Precision precision) {
  return precision == Precision::f32 ? "f32" : "bf16";
}

}  // namespace ebb
