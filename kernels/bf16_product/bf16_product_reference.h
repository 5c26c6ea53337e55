// The product of matrices rounded to bf16 as plain loops: the yardstick of the error rule.
#pragma once

#include <cstdint>

#include "kernels/common/view.h"

namespace ebb::kernels::reference {

/// output [m, n] = (or +=) bf16(a) [m, k] · bf16(b) [k, n], all f32 views with any strides.
inline void bf16_product(const ConstView& a, const ConstView& b, const View& output,
                         bool accumulate) {
  const auto rounded = [](const ConstView& view, std::int64_t i, std::int64_t j) {
    return to_float(to_bfloat16(view.as<float>()[i * view.strides[0] + j * view.strides[1]]));
  };
  for (std::int64_t i = 0; i < output.shape[0]; ++i) {
    for (std::int64_t j = 0; j < output.shape[1]; ++j) {
      float sum = 0;
      for (std::int64_t p = 0; p < a.shape[1]; ++p) sum += rounded(a, i, p) * rounded(b, p, j);
      float& element = output.as<float>()[i * output.strides[0] + j * output.strides[1]];
      element = accumulate ? element + sum : sum;
    }
  }
}

}  // namespace ebb::kernels::reference
