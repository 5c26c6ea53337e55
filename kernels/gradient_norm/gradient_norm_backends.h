// What each backend of the gradient's norm provides; operands are checked already.
#pragma once

#include "kernels/common/blocks.h"
#include "kernels/gradient_norm/gradient_norm.h"

namespace ebb::kernels {

/// Elements of one partial sum, the last of which may be shorter.
constexpr std::int64_t gradient_norm_part_size(std::int64_t n) {
  constexpr std::int64_t kMostParts = 1024;
  constexpr std::int64_t kGranule = 1024;
  return kGranule * (n <= kGranule * kMostParts ? 1 : blocks_of(n, kGranule * kMostParts));
}

namespace cpu {
void gradient_norm(Context& context, const GradientNorm& parameters);
}
namespace cuda {
void gradient_norm(Context& context, const GradientNorm& parameters);
}

}  // namespace ebb::kernels
