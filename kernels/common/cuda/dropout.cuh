// Dropout on the device: the decisions of kernels/common/philox.h, eight for each Philox block.
#pragma once

#include "kernels/common/philox.h"

namespace ebb::cuda {

/// Whether dropout keeps the element that `half` of `word` of a Philox block decides: the low half
/// if `half` is even. Equals dropout_keeps() of kernels/common/philox.h, but compares in the upper
/// half of the word, so that the high half need not be moved.
__device__ inline bool keeps(std::uint32_t word, unsigned half, std::uint32_t threshold) {
  const std::uint32_t decision = half & 1u ? word : word << 16;
  return decision >= threshold << 16;
}

/// Bit i: whether dropout keeps element `first + i` of the tensor, for i < count <= 32. Draws each
/// Philox block once, wherever the elements begin and whatever gaps lie between them.
__device__ inline unsigned kept_word(const DropoutSpec& spec, std::uint64_t first, int count) {
  const std::uint32_t threshold = spec.threshold();
  unsigned kept = 0;
  for (int done = 0; done < count;) {
    const std::uint64_t place = first + static_cast<std::uint64_t>(done);
    const std::uint64_t element = spec.element(place);
    const auto skipped = static_cast<int>(element % 8);
    int piece = min(8 - skipped, count - done);
    if (spec.run != 0) {
      const std::uint64_t rest = spec.run - (spec.offset + place) % spec.run;
      if (rest < static_cast<std::uint64_t>(piece)) piece = static_cast<int>(rest);
    }
    unsigned decisions = 0;
    int bit = 0;
    RandomKey key = spec.key;
    // Volatile: read where it is needed, since a register held through the tile would be spilled.
    if (spec.device_step != nullptr) {
      key.step = *static_cast<const volatile std::uint32_t*>(spec.device_step);
    }
    for (const std::uint32_t word : philox(key, element / 8)) {
      decisions |= (keeps(word, 0, threshold) ? 1u : 0u) << bit++;
      decisions |= (keeps(word, 1, threshold) ? 1u : 0u) << bit++;
    }
    kept |= (decisions >> skipped & ((1u << piece) - 1u)) << done;
    done += piece;
  }
  return kept;
}

/// The factors (spec.scale() or 0) of `kCount` neighbouring elements from element `first` of the
/// tensor: what dropout_factor() gives for each. Where the elements lie in one Philox block, which
/// packs of a tensor without gaps do if its first element is a multiple of kCount in the whole
/// batch, the block is drawn once and every decision has a fixed place. All else goes through
/// kept_word().
template <int kCount>
__device__ inline void dropout_factors(const DropoutSpec& spec, std::uint64_t first,
                                       float (&factors)[kCount]) {
  static_assert(8 % kCount == 0);
  const std::uint32_t threshold = spec.threshold();
  const float scale = spec.scale();
  const std::uint64_t element = spec.element(first);
  const bool gapless = kCount == 1 || spec.run == 0 ||
                       (spec.run % kCount == 0 && (spec.offset + first) % kCount == 0);
  if (!gapless || element % kCount != 0) {
    const unsigned kept = kept_word(spec, first, kCount);
#pragma unroll
    for (int i = 0; i < kCount; ++i) factors[i] = (kept >> i & 1u) != 0 ? scale : 0.0F;
    return;
  }
  const std::array<std::uint32_t, 4> words = philox(spec.drawn_key(), element / 8);
  // Its lowest bits are known to be zeros, which leaves few of the selections below.
  const unsigned begin = static_cast<unsigned>(element % 8) & (8u - kCount);
#pragma unroll
  for (int i = 0; i < kCount; ++i) {
    // Selected, not indexed: a register array has no addresses.
    const unsigned half = begin | static_cast<unsigned>(i);
    const std::uint32_t low = half & 2u ? words[1] : words[0];
    const std::uint32_t high = half & 2u ? words[3] : words[2];
    factors[i] = keeps(half & 4u ? high : low, half, threshold) ? scale : 0.0F;
  }
}

}  // namespace ebb::cuda
