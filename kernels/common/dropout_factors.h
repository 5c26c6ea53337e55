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

/// Philox blocks, one per 64-bit lane: a state word is the low half of its lane, and what lies in
/// the high half never reaches a result, so products need no repacking between rounds.
template <class V>
struct PhiloxState {
  V x0, x1, x2, x3;
};

/// Adds one round's key, given in the low half of every lane.
template <class V>
HWY_INLINE void philox_round(PhiloxState<V>& x, V key0, V key1) {
  const hn::DFromV<V> d64;
  const hn::RepartitionToNarrow<decltype(d64)> d32;
  const V product0 = hn::MulEven(hn::BitCast(d32, x.x0), hn::Set(d32, 0xD2511F53u));
  const V product1 = hn::MulEven(hn::BitCast(d32, x.x2), hn::Set(d32, 0xCD9E8D57u));
  // A shuffle, since a shift would wait for the ports that multiply.
  const auto high = [&](V product) HWY_ATTR {
    return hn::BitCast(d64, hn::DupOdd(hn::BitCast(d32, product)));
  };
  x.x0 = hn::Xor3(high(product1), x.x1, key0);
  x.x1 = product1;
  x.x2 = hn::Xor3(high(product0), x.x3, key1);
  x.x3 = product0;
}

// Vectors of blocks made at once: their rounds do not wait for each other.
inline constexpr int kPhiloxVectors = 2;

/// Elements that one call of philox_blocks decides on.
template <class D64>
constexpr std::int64_t philox_elements(D64) {
  return 8 * kPhiloxVectors * static_cast<std::int64_t>(hn::MaxLanes(D64()));
}

/// Writes the 16-bit decisions of philox_elements(d) / 8 blocks from `block` on in element order.
template <class D>
HWY_INLINE void philox_blocks(D d, const RandomKey& key, std::uint64_t block,
                              std::uint64_t* HWY_RESTRICT words) {
  using V = hn::Vec<D>;
  const hn::RepartitionToNarrow<D> d32;
  constexpr std::size_t kBlocks = hn::MaxLanes(D());
  // Lanes 2i and 2i + 1 take blocks i and kBlocks / 2 + i: interleaving puts them in order.
  HWY_ALIGN std::uint64_t offsets[kBlocks];
  for (std::size_t i = 0; i < kBlocks; ++i) offsets[i] = i / 2 + i % 2 * (kBlocks / 2);
  PhiloxState<V> x[kPhiloxVectors];
  for (std::size_t v = 0; v < kPhiloxVectors; ++v) {
    const V counter = hn::Add(hn::Load(d, offsets), hn::Set(d, block + v * kBlocks));
    x[v] = {counter, hn::ShiftRight<32>(counter), hn::Set(d, key.step), hn::Set(d, key.stream)};
  }
  auto key0 = static_cast<std::uint32_t>(key.seed);
  auto key1 = static_cast<std::uint32_t>(key.seed >> 32);
  for (int round = 0; round < 10; ++round) {
    for (auto& state : x) philox_round(state, hn::Set(d, key0), hn::Set(d, key1));
    key0 += 0x9E3779B9u;
    key1 += 0xBB67AE85u;
  }
  const auto pack = [&](V low, V high) HWY_ATTR {
    return hn::BitCast(
        d, hn::OddEven(hn::BitCast(d32, hn::ShiftLeft<32>(high)), hn::BitCast(d32, low)));
  };
  for (std::size_t v = 0; v < kPhiloxVectors; ++v) {
    const V low = pack(x[v].x0, x[v].x1);
    const V high = pack(x[v].x2, x[v].x3);
    hn::Store(hn::InterleaveLower(d, low, high), d, words + 2 * v * kBlocks);
    hn::Store(hn::InterleaveUpper(d, low, high), d, words + (2 * v + 1) * kBlocks);
  }
}

/// factors[i] = spec.scale() if the batch's element `element + i` is kept, else 0, for i in
/// [0, count).
HWY_INLINE void factors_of_elements(const DropoutSpec& spec, std::uint64_t element,
                                    std::int64_t count, float* HWY_RESTRICT factors) {
  const hn::ScalableTag<std::uint64_t> d;
  const hn::ScalableTag<float> df;
  const hn::RebindToSigned<decltype(df)> di;
  const hn::Rebind<std::uint16_t, decltype(df)> d16;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(df));
  const auto below = hn::Set(di, static_cast<std::int32_t>(spec.threshold()) - 1);
  const auto scale = hn::Set(df, spec.scale());
  const RandomKey key = spec.drawn_key();
  constexpr std::int64_t kElements = philox_elements(d);
  HWY_ALIGN std::uint64_t words[kElements / 4];
  const auto* decisions = reinterpret_cast<const std::uint16_t*>(words);

  while (count > 0) {
    philox_blocks(d, key, element / 8, words);
    std::int64_t skip = static_cast<std::int64_t>(element % 8);
    const std::int64_t usable = std::min(count, kElements - skip);
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
  while (count > 0) {
    std::int64_t piece = count;
    if (spec.run != 0) {
      const std::uint64_t rest = spec.run - (spec.offset + first) % spec.run;
      piece = std::min(count, static_cast<std::int64_t>(rest));
    }
    factors_of_elements(spec, spec.element(first), piece, factors);
    first += static_cast<std::uint64_t>(piece);
    factors += piece;
    count -= piece;
  }
}

}  // namespace ebb::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // EBB_DROPOUT_FACTORS_H_
