// The vectorised form of kernels/common/philox.h's dropout_keeps, for Highway kernels.
// Included once per instruction set (see hwy/foreach_target.h), hence no #pragma once.
#if defined(EBB_DROPOUT_FACTORS_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef EBB_DROPOUT_FACTORS_H_
#undef EBB_DROPOUT_FACTORS_H_
#else
#define EBB_DROPOUT_FACTORS_H_
#endif

#include <algorithm>
#include <cstdint>

#include <hwy/highway.h>

#include "kernels/common/philox.h"

HWY_BEFORE_NAMESPACE();
namespace ebb::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// The 32-bit halves of the 64-bit products a * b, lane by lane.
template <class V>
HWY_INLINE void multiply_wide(V a, V b, V& low, V& high) {
  const hn::DFromV<V> d;
  const hn::RepartitionToWide<decltype(d)> d64;
  const auto even = hn::MulEven(a, b);
  const auto odd = hn::MulEven(hn::BitCast(d, hn::ShiftRight<32>(hn::BitCast(d64, a))), b);
  low = hn::OddEven(hn::BitCast(d, hn::ShiftLeft<32>(odd)), hn::BitCast(d, even));
  high = hn::OddEven(hn::BitCast(d, odd), hn::BitCast(d, hn::ShiftRight<32>(even)));
}

/// Writes the 16-bit decisions of blocks [block, block + lanes) in element order.
template <class D>
HWY_INLINE void philox_blocks(D d, const RandomKey& key, std::uint64_t block,
                              std::uint32_t* HWY_RESTRICT words) {
  using V = hn::Vec<D>;
  const V low = hn::Add(hn::Set(d, static_cast<std::uint32_t>(block)), hn::Iota(d, 0));
  // A lane whose low word wrapped around carries into the high word.
  const auto wrapped = hn::Lt(low, hn::Set(d, static_cast<std::uint32_t>(block)));
  const V high = hn::Set(d, static_cast<std::uint32_t>(block >> 32));
  V x0 = low;
  V x1 = hn::IfThenElse(wrapped, hn::Add(high, hn::Set(d, 1u)), high);
  V x2 = hn::Set(d, key.step);
  V x3 = hn::Set(d, key.stream);
  const V multiplier0 = hn::Set(d, 0xD2511F53u);
  const V multiplier1 = hn::Set(d, 0xCD9E8D57u);
  auto key0 = static_cast<std::uint32_t>(key.seed);
  auto key1 = static_cast<std::uint32_t>(key.seed >> 32);
  for (int round = 0; round < 10; ++round) {
    V low0;
    V high0;
    V low1;
    V high1;
    multiply_wide(x0, multiplier0, low0, high0);
    multiply_wide(x2, multiplier1, low1, high1);
    x0 = hn::Xor3(high1, x1, hn::Set(d, key0));
    x1 = low1;
    x2 = hn::Xor3(high0, x3, hn::Set(d, key1));
    x3 = low0;
    key0 += 0x9E3779B9u;
    key1 += 0xBB67AE85u;
  }
  hn::StoreInterleaved4(x0, x1, x2, x3, d, words);
}

/// factors[i] = spec.scale() if the batch's element `element + i` is kept, else 0, for i in
/// [0, count).
HWY_INLINE void factors_of_elements(const DropoutSpec& spec, std::uint64_t element,
                                    std::int64_t count, float* HWY_RESTRICT factors) {
  const hn::ScalableTag<std::uint32_t> d;
  const hn::ScalableTag<float> df;
  const hn::RebindToSigned<decltype(d)> di;
  const hn::Rebind<std::uint16_t, decltype(d)> d16;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const auto below = hn::Set(di, static_cast<std::int32_t>(spec.threshold()) - 1);
  const auto scale = hn::Set(df, spec.scale());
  constexpr std::int64_t kMostLanes = HWY_MAX_BYTES / 4;
  HWY_ALIGN std::uint32_t words[4 * kMostLanes];
  const auto* decisions = reinterpret_cast<const std::uint16_t*>(words);

  while (count > 0) {
    philox_blocks(d, spec.key, element / 8, words);
    std::int64_t skip = static_cast<std::int64_t>(element % 8);
    const std::int64_t usable = std::min(count, 8 * lanes - skip);
    std::int64_t i = 0;
    for (; i + lanes <= usable; i += lanes) {
      const auto decision = hn::PromoteTo(di, hn::LoadU(d16, decisions + skip + i));
      const auto keep = hn::RebindMask(df, hn::Gt(decision, below));
      hn::StoreU(hn::IfThenElseZero(keep, scale), df, factors + i);
    }
    for (; i < usable; ++i) {
      factors[i] = decisions[skip + i] >= spec.threshold() ? spec.scale() : 0.0F;
    }
    factors += usable;
    element += static_cast<std::uint64_t>(usable);
    count -= usable;
  }
}

/// factors[i] = spec.scale() if the tensor's element `first + i` is kept, else 0, for i in
/// [0, count); multiplying by it is dropout.
HWY_INLINE void dropout_factors(const DropoutSpec& spec, std::uint64_t first, std::int64_t count,
                                float* HWY_RESTRICT factors) {
  if (spec.run == 0) return factors_of_elements(spec, spec.element(first), count, factors);
  while (count > 0) {
    const std::uint64_t rest = spec.run - (spec.offset + first) % spec.run;
    const std::int64_t piece = std::min(count, static_cast<std::int64_t>(rest));
    factors_of_elements(spec, spec.element(first), piece, factors);
    first += static_cast<std::uint64_t>(piece);
    factors += piece;
    count -= piece;
  }
}

}  // namespace ebb::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // EBB_DROPOUT_FACTORS_H_
