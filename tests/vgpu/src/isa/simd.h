// Lane loops. Handlers compute all 32 lanes and keep the results of the active ones: pure
// operations may run on garbage, so a full loop plus a blend beats a branch per lane.
#pragma once
#include "tests/vgpu/src/exec/warp.h"
#include "tests/vgpu/src/x86.h"
namespace vgpu {
#define VGPU_IVDEP _Pragma("GCC ivdep")

// d[lane] = r[lane] where mask has the lane's bit.
template <class T>
VGPU_INLINE void blend(T* d, const T* r, u32 mask) {
  if constexpr (sizeof(T) == 2) {
    __m512i v = _mm512_load_si512(r);
    _mm512_store_si512(d, _mm512_mask_mov_epi16(_mm512_load_si512(d), mask, v));
  } else if constexpr (sizeof(T) == 4) {
    for (int k = 0; k < 2; k++) {
      __m512i v = _mm512_load_si512(r + 16 * k);
      _mm512_store_si512(d + 16 * k, _mm512_mask_mov_epi32(_mm512_load_si512(d + 16 * k),
                                                           (__mmask16)(mask >> (16 * k)), v));
    }
  } else if constexpr (sizeof(T) == 8) {
    for (int k = 0; k < 4; k++) {
      __m512i v = _mm512_load_si512(r + 8 * k);
      _mm512_store_si512(d + 8 * k, _mm512_mask_mov_epi64(_mm512_load_si512(d + 8 * k),
                                                          (__mmask8)(mask >> (8 * k)), v));
    }
  } else {
    for (u32 m = mask; m; m &= m - 1) {
      int i = __builtin_ctz(m);
      d[i] = r[i];
    }
  }
}
// d[i] = f(i) for the lanes of mask; f must be harmless on the others.
template <class T, class F>
VGPU_INLINE void each(T* d, u32 mask, F f) {
  if (VGPU_LIKELY(mask == ~0u)) {
    VGPU_IVDEP
    for (int i = 0; i < 32; i++) d[i] = f(i);
  } else {
    alignas(64) T r[32];
    for (int i = 0; i < 32; i++) r[i] = f(i);
    blend(d, r, mask);
  }
}
// d[i] = f(i) for the lanes of mask, one after another (f expensive, or not defined on garbage).
template <class T, class F>
VGPU_INLINE void each_scalar(T* d, u32 mask, F f) {
  for (u32 m = mask; m; m &= m - 1) {
    int i = __builtin_ctz(m);
    d[i] = f(i);
  }
}
template <class F>
VGPU_INLINE void for_lanes(u32 mask, F f) {
  for (u32 m = mask; m; m &= m - 1) f(__builtin_ctz(m));
}

enum Cmp { EQ, NE, LT, LE, GT, GE };
// Bit per lane: a op b. Float comparisons are ordered except NE (callers build the u-forms).
template <class T, int C>
VGPU_INLINE u32 cmp_mask(const T* a, const T* b) {
  if constexpr (std::is_same_v<T, float>) {
    constexpr int p = C == EQ   ? _CMP_EQ_OQ
                      : C == NE ? _CMP_NEQ_UQ
                      : C == LT ? _CMP_LT_OQ
                      : C == LE ? _CMP_LE_OQ
                      : C == GT ? _CMP_GT_OQ
                                : _CMP_GE_OQ;
    return (u32)_mm512_cmp_ps_mask(_mm512_load_ps(a), _mm512_load_ps(b), p) |
           (u32)_mm512_cmp_ps_mask(_mm512_load_ps(a + 16), _mm512_load_ps(b + 16), p) << 16;
  } else if constexpr (std::is_same_v<T, double>) {
    constexpr int p = C == EQ   ? _CMP_EQ_OQ
                      : C == NE ? _CMP_NEQ_UQ
                      : C == LT ? _CMP_LT_OQ
                      : C == LE ? _CMP_LE_OQ
                      : C == GT ? _CMP_GT_OQ
                                : _CMP_GE_OQ;
    u32 m = 0;
    for (int k = 0; k < 4; k++)
      m |= (u32)_mm512_cmp_pd_mask(_mm512_load_pd(a + 8 * k), _mm512_load_pd(b + 8 * k), p)
           << (8 * k);
    return m;
  } else {
    constexpr int p = C == EQ   ? _MM_CMPINT_EQ
                      : C == NE ? _MM_CMPINT_NE
                      : C == LT ? _MM_CMPINT_LT
                      : C == LE ? _MM_CMPINT_LE
                      : C == GT ? _MM_CMPINT_NLE
                                : _MM_CMPINT_NLT;
    constexpr bool sg = std::is_signed_v<T>;
    if constexpr (sizeof(T) == 2) {
      __m512i x = _mm512_load_si512(a), y = _mm512_load_si512(b);
      return sg ? _mm512_cmp_epi16_mask(x, y, p) : _mm512_cmp_epu16_mask(x, y, p);
    } else if constexpr (sizeof(T) == 4) {
      u32 m = 0;
      for (int k = 0; k < 2; k++) {
        __m512i x = _mm512_load_si512(a + 16 * k), y = _mm512_load_si512(b + 16 * k);
        m |= (u32)(sg ? _mm512_cmp_epi32_mask(x, y, p) : _mm512_cmp_epu32_mask(x, y, p))
             << (16 * k);
      }
      return m;
    } else {
      u32 m = 0;
      for (int k = 0; k < 4; k++) {
        __m512i x = _mm512_load_si512(a + 8 * k), y = _mm512_load_si512(b + 8 * k);
        m |= (u32)(sg ? _mm512_cmp_epi64_mask(x, y, p) : _mm512_cmp_epu64_mask(x, y, p)) << (8 * k);
      }
      return m;
    }
  }
}
template <class T>
VGPU_INLINE u32 nan_mask(const T* a) {
  return cmp_mask<T, NE>(a, a);
}
}  // namespace vgpu
