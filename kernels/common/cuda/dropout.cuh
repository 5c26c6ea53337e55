// Dropout on the device: the decisions of kernels/common/philox.h, eight for each Philox block.
#pragma once

#include "kernels/common/philox.h"

namespace ebb::cuda {

/// The factors (spec.scale() or 0) of `kCount` neighbouring elements from element `first` of the
/// tensor: what dropout_factor() gives for each. A Philox block is drawn once for the neighbours
/// that share it, so packs of 8 that begin at a multiple of 8 of the whole batch are cheapest.
template <int kCount>
__device__ inline void dropout_factors(const DropoutSpec& spec, std::uint64_t first,
                                       float (&factors)[kCount]) {
  const std::uint32_t threshold = spec.threshold();
  const float scale = spec.scale();
  const RandomKey key = spec.drawn_key();
  std::uint64_t drawn = ~std::uint64_t{0};
  std::array<std::uint32_t, 4> words{};
#pragma unroll
  for (int i = 0; i < kCount; ++i) {
    const std::uint64_t element = spec.element(first + static_cast<std::uint64_t>(i));
    if (element / 8 != drawn) {
      drawn = element / 8;
      words = philox(key, drawn);
    }
    // Selected, not indexed: a register array has no addresses.
    const auto half = static_cast<unsigned>(element % 8);
    const std::uint32_t low = half & 2u ? words[1] : words[0];
    const std::uint32_t high = half & 2u ? words[3] : words[2];
    const std::uint32_t word = half & 4u ? high : low;
    const std::uint32_t decision = half & 1u ? word >> 16 : word & 0xffffu;
    factors[i] = decision >= threshold ? scale : 0.0F;
  }
}

}  // namespace ebb::cuda
