// The vector intrinsics, for every source: include this, never immintrin.h. With AVX-512 (F, BW,
// VL, DQ) they are the compiler's; without it x86_portable.h provides the ones that are used here,
// under the same names.
#pragma once
#include <immintrin.h>
#if defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512VL__) && defined(__AVX512DQ__)
#define VGPU_AVX512 1
#ifndef __AVX512VNNI__  // Skylake: AVX-512, but not these two
#define _mm512_dpwssd_epi32(c, a, b) _mm512_add_epi32(c, _mm512_madd_epi16(a, b))
#endif
#ifndef __AVX512VPOPCNTDQ__
#define _mm512_popcnt_epi32 vg_popcnt_epi32
inline __attribute__((always_inline)) __m512i vg_popcnt_epi32(__m512i x) {
  const __m512i m1 = _mm512_set1_epi32(0x55555555), m2 = _mm512_set1_epi32(0x33333333),
                m4 = _mm512_set1_epi32(0x0f0f0f0f);
  x = _mm512_sub_epi32(x, _mm512_and_si512(_mm512_srli_epi32(x, 1), m1));
  x = _mm512_add_epi32(_mm512_and_si512(x, m2), _mm512_and_si512(_mm512_srli_epi32(x, 2), m2));
  x = _mm512_and_si512(_mm512_add_epi32(x, _mm512_srli_epi32(x, 4)), m4);
  return _mm512_srli_epi32(_mm512_mullo_epi32(x, _mm512_set1_epi32(0x01010101)), 24);
}
#endif
#elif !defined(__SSE4_2__)
#error "vgpu needs at least SSE4.2: set EBB_VGPU_ARCH"
#else
#define VGPU_AVX512 0
#include "tests/vgpu/src/x86_portable.h"
#endif
