// Loops over contiguous f32 by whole vectors with a partial one at the end, for Highway kernels.
// Memory past the end is neither read nor written (Highway's MaskedLoad may read it on SSE4).
// Included once per instruction set (see hwy/foreach_target.h), hence no #pragma once.
#if defined(EBB_VECTOR_LOOP_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef EBB_VECTOR_LOOP_H_
#undef EBB_VECTOR_LOOP_H_
#else
#define EBB_VECTOR_LOOP_H_
#endif

#include <algorithm>
#include <cstdint>

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace ebb::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// The first `count` < lanes elements, zeros above.
template <class D>
HWY_INLINE hn::Vec<D> load_partial(D d, const float* HWY_RESTRICT from, std::int64_t count) {
  if constexpr (HWY_TARGET <= HWY_AVX2) {
    return hn::MaskedLoad(hn::FirstN(d, static_cast<std::size_t>(count)), d, from);
  } else {
    HWY_ALIGN float buffer[HWY_MAX_BYTES / sizeof(float)] = {};
    std::copy_n(from, count, buffer);
    return hn::Load(d, buffer);
  }
}

/// Stores the first `count` < lanes elements.
template <class D>
HWY_INLINE void store_partial(D d, hn::Vec<D> v, float* HWY_RESTRICT to, std::int64_t count) {
  if constexpr (HWY_TARGET <= HWY_AVX2) {
    hn::BlendedStore(v, hn::FirstN(d, static_cast<std::size_t>(count)), d, to);
  } else {
    HWY_ALIGN float buffer[HWY_MAX_BYTES / sizeof(float)];
    hn::Store(v, d, buffer);
    std::copy_n(buffer, count, to);
  }
}

/// Calls body(i, load, store) for every vector of [0, count). `load(p)` reads p[0..lanes) and
/// `store(v, p)` writes it; for the last, partial vector lanes past the end load as zero, or as
/// those of `v` with `load(p, v)`, and are not stored.
template <class Body>
HWY_INLINE void for_vectors(std::int64_t count, Body&& body) {
  const hn::ScalableTag<float> d;
  using V = hn::Vec<decltype(d)>;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  std::int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    body(
        i, [d](const float* from, auto...) HWY_ATTR { return hn::LoadU(d, from); },
        [d](V v, float* to) HWY_ATTR { hn::StoreU(v, d, to); });
  }
  if (i < count) {
    const std::int64_t rest = count - i;
    body(
        i,
        [d, rest](const float* from, auto... past_end) HWY_ATTR {
          const V loaded = load_partial(d, from, rest);
          if constexpr (sizeof...(past_end) == 0) {
            return loaded;
          } else {
            return hn::IfThenElse(hn::FirstN(d, static_cast<std::size_t>(rest)), loaded,
                                  past_end...);
          }
        },
        [d, rest](V v, float* to) HWY_ATTR { store_partial(d, v, to, rest); });
  }
}

}  // namespace ebb::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // EBB_VECTOR_LOOP_H_
