// AVX-512 intrinsics in terms of AVX2, FMA and F16C (x86-64-v3) or of SSE4.2 (x86-64-v2); results
// are the same to the bit. A 512-bit vector is a Pack of two 32-byte or four 16-byte vectors.
// Included by x86.h only. An intrinsic that is missing here fails to compile with "target specific
// option mismatch": add its name to x86_names.h and its function below.
#pragma once
#include "tests/vgpu/src/x86_parts.h"

// ---- 128 and 256 bits, AVX-512VL ----
VX __m128i _mm_maskz_loadu_epi8(__mmask16 m, const void* p) {
  if (m == 0xffff) return _mm_loadu_si128((const __m128i*)p);
  uint8_t t[16] = {};
  for (int i = 0; i < 16; i++)
    if (m >> i & 1) t[i] = ((const uint8_t*)p)[i];
  return vgx::load<__m128i>(t);
}
VX __m256i _mm256_maskz_loadu_epi16(__mmask16 m, const void* p) {
  if (m == 0xffff) return vgx::load<__m256i>(p);
  alignas(32) uint16_t t[16] = {};
  for (int i = 0; i < 16; i++)
    if (m >> i & 1) memcpy(t + i, (const uint16_t*)p + i, 2);
  return vgx::load<__m256i>(t);
}
VX __m256i _mm256_mask_mov_epi16(const __m256i& a, __mmask16 m, const __m256i& b) {
  return vgx::part256(vgx::select<int16_t>(m, vgx::widen(a, a), vgx::widen(b, b)), 0);
}
VX __m256i _mm256_mask_or_epi32(const __m256i& s, __mmask8 m, const __m256i& a, const __m256i& b) {
  const vgx::I512 x = vgx::widen(a, a), y = vgx::widen(b, b), z = vgx::widen(s, s);
  return vgx::part256(
      vgx::select<int32_t>(m, z, vgx::map<int64_t>(x, y, [](auto p, auto q) { return p | q; })), 0);
}
VX __m128 _mm_cvt_roundsd_ss(__m128 a, __m128d b, int imm) {
  const vgx::Rounding mode(imm);
  vgx::pin(b);
  a = _mm_cvtsd_ss(a, b);
  vgx::pin(a);
  return a;
}
// ---- memory ----
VX __m512i _mm512_load_si512(const void* p) {
  return vgx::load<__m512i>(__builtin_assume_aligned(p, 64));
}
VX __m512i _mm512_loadu_si512(const void* p) { return vgx::load<__m512i>(p); }
VX __m512 _mm512_load_ps(const void* p) { return vgx::load<__m512>(p); }
VX __m512 _mm512_loadu_ps(const void* p) { return vgx::load<__m512>(p); }
VX __m512d _mm512_load_pd(const void* p) { return vgx::load<__m512d>(p); }
VX __m512d _mm512_loadu_pd(const void* p) { return vgx::load<__m512d>(p); }
VX void _mm512_store_si512(void* p, const __m512i& v) {
  vgx::store(__builtin_assume_aligned(p, 64), v);
}
VX void _mm512_storeu_si512(void* p, const __m512i& v) { vgx::store(p, v); }
VX void _mm512_store_ps(void* p, const __m512& v) { vgx::store(p, v); }
VX void _mm512_storeu_ps(void* p, const __m512& v) { vgx::store(p, v); }
VX void _mm512_store_pd(void* p, const __m512d& v) { vgx::store(p, v); }
VX void _mm512_storeu_pd(void* p, const __m512d& v) { vgx::store(p, v); }
VX __m512i _mm512_maskz_loadu_epi32(__mmask16 m, const void* p) {
  return vgx::mask_load<int32_t>({}, m, p);
}
VX __m512i _mm512_mask_loadu_epi32(const __m512i& s, __mmask16 m, const void* p) {
  return vgx::mask_load<int32_t>(s, m, p);
}
VX __m512i _mm512_mask_loadu_epi64(const __m512i& s, __mmask8 m, const void* p) {
  return vgx::mask_load<int64_t>(s, m, p);
}
VX void _mm512_mask_storeu_epi32(void* p, __mmask16 m, const __m512i& v) {
  vgx::mask_store<int32_t>(p, m, v);
}
VX void _mm512_mask_store_epi32(void* p, __mmask16 m, const __m512i& v) {
  vgx::mask_store<int32_t>(p, m, v);
}
VX void _mm512_mask_storeu_epi64(void* p, __mmask8 m, const __m512i& v) {
  vgx::mask_store<int64_t>(p, m, v);
}
VX void _mm512_mask_store_pd(void* p, __mmask8 m, const __m512d& v) {
  vgx::mask_store<int64_t>(p, m, vgx::bits(v));
}
VX __m512i _mm512_mask_i32gather_epi32(const __m512i& s, __mmask16 m, const __m512i& idx,
                                       const void* base, int scale) {
  alignas(64) int32_t i[16], r[16];
  vgx::store(i, idx);
  vgx::store(r, s);
  for (int j = 0; j < 16; j++)
    if (m >> j & 1) memcpy(r + j, (const char*)base + (int64_t)i[j] * scale, 4);
  return vgx::load<__m512i>(r);
}
VX __m512 _mm512_i32gather_ps(const __m512i& idx, const void* base, int scale) {
  return vgx::floats(_mm512_mask_i32gather_epi32({}, 0xffff, idx, base, scale));
}
// ---- constants, casts ----
VX __m512i _mm512_setzero_si512() { return {}; }
VX __m512 _mm512_setzero_ps() { return {}; }
VX __m512d _mm512_setzero_pd() { return {}; }
VX __m512i _mm512_set1_epi16(short x) {
  __m512i r;
  VX_PARTS r.p[k] = (vgx::Vec<int64_t>)vgx::splat<int16_t>(x);
  return r;
}
VX __m512i _mm512_set1_epi32(int x) {
  __m512i r;
  VX_PARTS r.p[k] = (vgx::Vec<int64_t>)vgx::splat<int32_t>(x);
  return r;
}
VX __m512i _mm512_set1_epi64(long long x) {
  __m512i r;
  VX_PARTS r.p[k] = vgx::splat<int64_t>(x);
  return r;
}
VX __m512 _mm512_set1_ps(float x) {
  __m512 r;
  VX_PARTS r.p[k] = vgx::splat<float>(x);
  return r;
}
VX __m512d _mm512_set1_pd(double x) {
  __m512d r;
  VX_PARTS r.p[k] = vgx::splat<double>(x);
  return r;
}
VX __m512i _mm512_setr_epi32(int a, int b, int c, int d, int e, int f, int g, int h, int i, int j,
                             int l, int m, int n, int o, int p, int q) {
  return vgx::join(_mm_setr_epi32(a, b, c, d), _mm_setr_epi32(e, f, g, h),
                   _mm_setr_epi32(i, j, l, m), _mm_setr_epi32(n, o, p, q));
}
VX __m512 _mm512_castsi512_ps(const __m512i& a) { return vgx::floats(a); }
VX __m512d _mm512_castsi512_pd(const __m512i& a) { return vgx::doubles(a); }
VX __m512i _mm512_castps_si512(const __m512& a) { return vgx::bits(a); }
VX __m512i _mm512_castpd_si512(const __m512d& a) { return vgx::bits(a); }
VX __m128i _mm512_castsi512_si128(const __m512i& a) { return vgx::quarter(a, 0); }
VX __m256i _mm512_castsi512_si256(const __m512i& a) { return vgx::part256(a, 0); }
VX __m512i _mm512_castsi128_si512(__m128i a) {
  const __m128i z = _mm_setzero_si128();
  return vgx::join(a, z, z, z);
}
// ---- integers ----
#define VX_MAP2(name, E, expr)                                     \
  VX __m512i name(const __m512i& a, const __m512i& b) {            \
    return vgx::map<E>(a, b, [](auto x, auto y) { return expr; }); \
  }
VX_MAP2(_mm512_and_si512, int64_t, x& y)
VX_MAP2(_mm512_or_si512, int64_t, x | y)
VX_MAP2(_mm512_xor_si512, int64_t, x ^ y)
VX_MAP2(_mm512_andnot_si512, int64_t, ~x& y)
VX_MAP2(_mm512_add_epi32, uint32_t, x + y)
VX_MAP2(_mm512_sub_epi32, uint32_t, x - y)
VX_MAP2(_mm512_mullo_epi32, uint32_t, x* y)
VX_MAP2(_mm512_sub_epi64, uint64_t, x - y)
#define VX_SHIFT(name, E, op)                                 \
  VX __m512i name(const __m512i& a, unsigned n) {             \
    return vgx::map<E>(a, [=](auto x) { return x op(E) n; }); \
  }
VX_SHIFT(_mm512_slli_epi32, uint32_t, <<)
VX_SHIFT(_mm512_srli_epi32, uint32_t, >>)
VX_SHIFT(_mm512_srai_epi32, int32_t, >>)
VX_SHIFT(_mm512_slli_epi16, uint16_t, <<)
VX_SHIFT(_mm512_srli_epi16, uint16_t, >>)
VX_SHIFT(_mm512_srai_epi16, int16_t, >>)
VX __m512i _mm512_maskz_sllv_epi32(__mmask16 m, const __m512i& a, const __m512i& n) {
  return vgx::select<int32_t>(m, {}, vgx::map<uint32_t>(a, n, [](auto x, auto y) {
                                return (x << (y & 31u)) & (vgx::Vec<uint32_t>)(y < 32u);
                              }));
}
VX __m512i _mm512_popcnt_epi32(const __m512i& a) {
  return vgx::map<uint32_t>(a, [](auto x) {
    x -= x >> 1 & 0x55555555u;
    x = (x & 0x33333333u) + (x >> 2 & 0x33333333u);
    x = (x + (x >> 4)) & 0x0f0f0f0fu;
    return x * 0x01010101u >> 24;
  });
}
VX __m512i _mm512_madd_epi16(const __m512i& a, const __m512i& b) {
  __m512i r;
#if VGPU_V3
  VX_PARTS r.p[k] = (vgx::Vec<int64_t>)_mm256_madd_epi16((__m256i)a.p[k], (__m256i)b.p[k]);
#else
  VX_PARTS r.p[k] = (vgx::Vec<int64_t>)_mm_madd_epi16((__m128i)a.p[k], (__m128i)b.p[k]);
#endif
  return r;
}
VX __m512i _mm512_dpwssd_epi32(const __m512i& c, const __m512i& a, const __m512i& b) {
  return _mm512_add_epi32(c, _mm512_madd_epi16(a, b));
}
VX __m512i _mm512_mask_mov_epi16(const __m512i& a, __mmask32 m, const __m512i& b) {
  return vgx::select<int16_t>(m, a, b);
}
VX __m512i _mm512_mask_mov_epi32(const __m512i& a, __mmask16 m, const __m512i& b) {
  return vgx::select<int32_t>(m, a, b);
}
VX __m512i _mm512_mask_mov_epi64(const __m512i& a, __mmask8 m, const __m512i& b) {
  return vgx::select<int64_t>(m, a, b);
}
VX __m512i _mm512_mask_add_epi32(const __m512i& s, __mmask16 m, const __m512i& a,
                                 const __m512i& b) {
  return vgx::select<int32_t>(m, s, _mm512_add_epi32(a, b));
}
VX __m512i _mm512_mask_sub_epi64(const __m512i& s, __mmask8 m, const __m512i& a, const __m512i& b) {
  return vgx::select<int64_t>(m, s, _mm512_sub_epi64(a, b));
}
VX __m512i _mm512_mask_add_epi64(const __m512i& s, __mmask8 m, const __m512i& a, const __m512i& b) {
  return vgx::select<int64_t>(m, s, vgx::map<uint64_t>(a, b, [](auto x, auto y) { return x + y; }));
}
// ---- comparisons ----
VX __mmask32 _mm512_cmp_epi16_mask(const __m512i& a, const __m512i& b, int op) {
  return vgx::int_cmp<int16_t>(a, b, op);
}
VX __mmask32 _mm512_cmp_epu16_mask(const __m512i& a, const __m512i& b, int op) {
  return vgx::int_cmp<uint16_t>(a, b, op);
}
VX __mmask16 _mm512_cmp_epi32_mask(const __m512i& a, const __m512i& b, int op) {
  return (__mmask16)vgx::int_cmp<int32_t>(a, b, op);
}
VX __mmask16 _mm512_cmp_epu32_mask(const __m512i& a, const __m512i& b, int op) {
  return (__mmask16)vgx::int_cmp<uint32_t>(a, b, op);
}
VX __mmask8 _mm512_cmp_epi64_mask(const __m512i& a, const __m512i& b, int op) {
  return (__mmask8)vgx::int_cmp<int64_t>(a, b, op);
}
VX __mmask8 _mm512_cmp_epu64_mask(const __m512i& a, const __m512i& b, int op) {
  return (__mmask8)vgx::int_cmp<uint64_t>(a, b, op);
}
VX __mmask16 _mm512_cmpeq_epi32_mask(const __m512i& a, const __m512i& b) {
  return (__mmask16)vgx::int_cmp<int32_t>(a, b, 0);
}
VX __mmask16 _mm512_cmpneq_epi32_mask(const __m512i& a, const __m512i& b) {
  return (__mmask16)~vgx::int_cmp<int32_t>(a, b, 0);
}
VX __mmask16 _mm512_cmplt_epu32_mask(const __m512i& a, const __m512i& b) {
  return (__mmask16)vgx::int_cmp<uint32_t>(a, b, 1);
}
VX __mmask16 _mm512_cmpgt_epu32_mask(const __m512i& a, const __m512i& b) {
  return (__mmask16)vgx::int_cmp<uint32_t>(a, b, 6);
}
VX __mmask8 _mm512_cmpeq_epi64_mask(const __m512i& a, const __m512i& b) {
  return (__mmask8)vgx::int_cmp<int64_t>(a, b, 0);
}
VX __mmask8 _mm512_cmpneq_epi64_mask(const __m512i& a, const __m512i& b) {
  return (__mmask8)~vgx::int_cmp<int64_t>(a, b, 0);
}
VX __mmask8 _mm512_cmpgt_epu64_mask(const __m512i& a, const __m512i& b) {
  return (__mmask8)vgx::int_cmp<uint64_t>(a, b, 6);
}
VX __mmask16 _mm512_test_epi32_mask(const __m512i& a, const __m512i& b) {
  return (__mmask16)vgx::int_cmp<int32_t>(_mm512_and_si512(a, b), {}, 4);
}
VX __mmask8 _mm512_testn_epi64_mask(const __m512i& a, const __m512i& b) {
  return (__mmask8)vgx::int_cmp<int64_t>(_mm512_and_si512(a, b), {}, 0);
}
VX __mmask16 _mm512_movepi32_mask(const __m512i& a) {
  uint32_t m = 0;
  VX_PARTS m |= vgx::mask_of<int32_t>((vgx::Vec<int32_t>)a.p[k]) << (k * vgx::N<int32_t>);
  return (__mmask16)m;
}
VX __mmask16 _mm512_cmp_ps_mask(const __m512& a, const __m512& b, int op) {
  return (__mmask16)vgx::float_cmp<float>(a, b, op);
}
VX __mmask8 _mm512_cmp_pd_mask(const __m512d& a, const __m512d& b, int op) {
  return (__mmask8)vgx::float_cmp<double>(a, b, op);
}
// ---- permutations ----
VX __m512i _mm512_shuffle_i32x4(const __m512i& a, const __m512i& b, int i) {
  return vgx::join(vgx::quarter(a, i & 3), vgx::quarter(a, i >> 2 & 3), vgx::quarter(b, i >> 4 & 3),
                   vgx::quarter(b, i >> 6 & 3));
}
VX __m128i _mm512_extracti32x4_epi32(const __m512i& a, int i) { return vgx::quarter(a, i); }
VX __m256i _mm512_extracti64x4_epi64(const __m512i& a, int i) { return vgx::part256(a, i); }
VX __m512i _mm512_inserti64x4(const __m512i& a, const __m256i& b, int i) {
  return i ? vgx::widen(vgx::part256(a, 0), b) : vgx::widen(b, vgx::part256(a, 1));
}
VX __m512i _mm512_inserti32x4(const __m512i& a, __m128i b, int i) {
  return vgx::join(i == 0 ? b : vgx::quarter(a, 0), i == 1 ? b : vgx::quarter(a, 1),
                   i == 2 ? b : vgx::quarter(a, 2), i == 3 ? b : vgx::quarter(a, 3));
}
VX __m512i _mm512_broadcast_i32x4(__m128i a) { return vgx::join(a, a, a, a); }
VX __m512d _mm512_broadcast_f64x4(const __m256d& a) {
#if VGPU_V3
  return {{(vgx::Vec<double>)a, (vgx::Vec<double>)a}};
#else
  return {{a.p[0], a.p[1], a.p[0], a.p[1]}};
#endif
}
#if VGPU_V3
#define VX_UNPACK(name, op)                                                             \
  VX __m512i name(const __m512i& a, const __m512i& b) {                                 \
    __m512i r;                                                                          \
    VX_PARTS r.p[k] = (vgx::Vec<int64_t>)_mm256_##op((__m256i)a.p[k], (__m256i)b.p[k]); \
    return r;                                                                           \
  }
#else
#define VX_UNPACK(name, op)                                                          \
  VX __m512i name(const __m512i& a, const __m512i& b) {                              \
    __m512i r;                                                                       \
    VX_PARTS r.p[k] = (vgx::Vec<int64_t>)_mm_##op((__m128i)a.p[k], (__m128i)b.p[k]); \
    return r;                                                                        \
  }
#endif
VX_UNPACK(_mm512_unpacklo_epi32, unpacklo_epi32)
VX_UNPACK(_mm512_unpackhi_epi32, unpackhi_epi32)
VX_UNPACK(_mm512_unpacklo_epi64, unpacklo_epi64)
VX_UNPACK(_mm512_unpackhi_epi64, unpackhi_epi64)
VX __m512i _mm512_shuffle_epi32(const __m512i& a, int i) {
  const int b = i & 3, c = i >> 2 & 3, d = i >> 4 & 3, e = i >> 6 & 3;
#if VGPU_V3
  const vgx::Vec<int32_t> idx = {b, c, d, e, b + 4, c + 4, d + 4, e + 4};
#else
  const vgx::Vec<int32_t> idx = {b, c, d, e};
#endif
  return vgx::map<int32_t>(a, [=](auto x) { return __builtin_shuffle(x, idx); });
}
VX __m512 _mm512_permute_ps(const __m512& a, int i) {
  return vgx::floats(_mm512_shuffle_epi32(vgx::bits(a), i));
}
VX __m512i _mm512_permutex2var_epi32(const __m512i& a, const __m512i& idx, const __m512i& b) {
#if VGPU_V3
  __m512i r;
  VX_PARTS {
    const __m256i i = (__m256i)idx.p[k];
    const __m256 x8 = _mm256_castsi256_ps(_mm256_slli_epi32(i, 28)),
                 x16 = _mm256_castsi256_ps(_mm256_slli_epi32(i, 27));
    auto pick = [&](const __m512i& v) __attribute__((always_inline)) {
      return _mm256_blendv_ps(_mm256_castsi256_ps(_mm256_permutevar8x32_epi32((__m256i)v.p[0], i)),
                              _mm256_castsi256_ps(_mm256_permutevar8x32_epi32((__m256i)v.p[1], i)),
                              x8);
    };
    r.p[k] = (vgx::Vec<int64_t>)_mm256_blendv_ps(pick(a), pick(b), x16);
  }
  return r;
#else
  alignas(64) uint32_t t[32], i[16], r[16];
  vgx::store(t, a);
  vgx::store(t + 16, b);
  vgx::store(i, idx);
  for (int j = 0; j < 16; j++) r[j] = t[i[j] & 31];
  return vgx::load<__m512i>(r);
#endif
}
VX __m512 _mm512_permutex2var_ps(const __m512& a, const __m512i& idx, const __m512& b) {
  return vgx::floats(_mm512_permutex2var_epi32(vgx::bits(a), idx, vgx::bits(b)));
}
VX __m512i _mm512_permutexvar_epi32(const __m512i& idx, const __m512i& a) {
  alignas(64) uint32_t t[16], i[16], r[16];
  vgx::store(t, a);
  vgx::store(i, idx);
  for (int j = 0; j < 16; j++) r[j] = t[i[j] & 15];
  return vgx::load<__m512i>(r);
}
VX __m512i _mm512_permutex2var_epi16(const __m512i& a, const __m512i& idx, const __m512i& b) {
  alignas(64) uint16_t t[64], i[32], r[32];
  vgx::store(t, a);
  vgx::store(t + 32, b);
  vgx::store(i, idx);
  for (int j = 0; j < 32; j++) r[j] = t[i[j] & 63];
  return vgx::load<__m512i>(r);
}
// ---- conversions ----
#if VGPU_V3
#define VX_WIDEN(in, op, a) vgx::widen(_mm256_##op(vgx::half(a, 0)), _mm256_##op(vgx::half(a, 1)))
VX __m512i _mm512_cvtepu16_epi32(const __m256i& a) { return VX_WIDEN(a, cvtepu16_epi32, a); }
VX __m512i _mm512_cvtepi32_epi64(const __m256i& a) { return VX_WIDEN(a, cvtepi32_epi64, a); }
VX __m512i _mm512_cvtepu8_epi32(__m128i a) {
  return vgx::widen(_mm256_cvtepu8_epi32(a), _mm256_cvtepu8_epi32(_mm_srli_si128(a, 8)));
}
VX __m512i _mm512_cvtepi8_epi32(__m128i a) {
  return vgx::widen(_mm256_cvtepi8_epi32(a), _mm256_cvtepi8_epi32(_mm_srli_si128(a, 8)));
}
VX __m256i _mm512_cvtepi32_epi16(const __m512i& a) {
  const __m512i t = _mm512_and_si512(a, _mm512_set1_epi32(0xffff));
  return _mm256_permute4x64_epi64(_mm256_packus_epi32((__m256i)t.p[0], (__m256i)t.p[1]), 0xd8);
}
VX __m256i _mm512_cvtepi64_epi32(const __m512i& a) {
  return _mm256_permute4x64_epi64(
      _mm256_castps_si256(_mm256_shuffle_ps((__m256)a.p[0], (__m256)a.p[1], 0x88)), 0xd8);
}
VX __m512 _mm512_cvtph_ps(const __m256i& a) {
  return {{(vgx::Vec<float>)_mm256_cvtph_ps(vgx::half(a, 0)),
           (vgx::Vec<float>)_mm256_cvtph_ps(vgx::half(a, 1))}};
}
// to nearest
VX __m256i _mm512_cvtps_ph(const __m512& a, int) {
  return vgx::join(_mm256_cvtps_ph((__m256)a.p[0], 0), _mm256_cvtps_ph((__m256)a.p[1], 0));
}
VX __m512d _mm512_cvtps_pd(const __m256& a) {
  return {{(vgx::Vec<double>)_mm256_cvtps_pd(_mm256_castps256_ps128(a)),
           (vgx::Vec<double>)_mm256_cvtps_pd(_mm256_extractf128_ps(a, 1))}};
}
VX __m256 _mm512_cvt_roundpd_ps(__m512d a, int imm) {
  const vgx::Rounding mode(imm);
  VX_PARTS vgx::pin(a.p[k]);
  __m128 x = _mm256_cvtpd_ps((__m256d)a.p[0]), y = _mm256_cvtpd_ps((__m256d)a.p[1]);
  vgx::pin(x);
  vgx::pin(y);
  return _mm256_insertf128_ps(_mm256_castps128_ps256(x), y, 1);
}
#else
#define VX_FOUR(op, a, s)                                                                    \
  vgx::join(_mm_##op(a), _mm_##op(_mm_srli_si128(a, s)), _mm_##op(_mm_srli_si128(a, 2 * s)), \
            _mm_##op(_mm_srli_si128(a, 3 * s)))
#define VX_TWO(op, a, b)                                              \
  vgx::join(_mm_##op(a), _mm_##op(_mm_srli_si128(a, 8)), _mm_##op(b), \
            _mm_##op(_mm_srli_si128(b, 8)))
VX __m512i _mm512_cvtepu16_epi32(const __m256i& a) {
  return VX_TWO(cvtepu16_epi32, vgx::half(a, 0), vgx::half(a, 1));
}
VX __m512i _mm512_cvtepi32_epi64(const __m256i& a) {
  return VX_TWO(cvtepi32_epi64, vgx::half(a, 0), vgx::half(a, 1));
}
VX __m512i _mm512_cvtepu8_epi32(__m128i a) { return VX_FOUR(cvtepu8_epi32, a, 4); }
VX __m512i _mm512_cvtepi8_epi32(__m128i a) { return VX_FOUR(cvtepi8_epi32, a, 4); }
VX __m256i _mm512_cvtepi32_epi16(const __m512i& a) {
  const __m512i t = _mm512_and_si512(a, _mm512_set1_epi32(0xffff));
  return vgx::join(_mm_packus_epi32(vgx::quarter(t, 0), vgx::quarter(t, 1)),
                   _mm_packus_epi32(vgx::quarter(t, 2), vgx::quarter(t, 3)));
}
VX __m256i _mm512_cvtepi64_epi32(const __m512i& a) {
  return vgx::join(_mm_castps_si128(_mm_shuffle_ps((__m128)a.p[0], (__m128)a.p[1], 0x88)),
                   _mm_castps_si128(_mm_shuffle_ps((__m128)a.p[2], (__m128)a.p[3], 0x88)));
}
VX __m512 _mm512_cvtph_ps(const __m256i& a) {
  const __m256 l = _mm256_cvtph_ps(vgx::half(a, 0)), h = _mm256_cvtph_ps(vgx::half(a, 1));
  return {{l.p[0], l.p[1], h.p[0], h.p[1]}};
}
// to nearest
VX __m256i _mm512_cvtps_ph(const __m512& a, int) {
  return vgx::join(_mm256_cvtps_ph({{a.p[0], a.p[1]}}, 0), _mm256_cvtps_ph({{a.p[2], a.p[3]}}, 0));
}
VX __m512d _mm512_cvtps_pd(const __m256& a) {
  const __m128 l = (__m128)a.p[0], h = (__m128)a.p[1];
  return {{(vgx::Vec<double>)_mm_cvtps_pd(l), (vgx::Vec<double>)_mm_cvtps_pd(_mm_movehl_ps(l, l)),
           (vgx::Vec<double>)_mm_cvtps_pd(h), (vgx::Vec<double>)_mm_cvtps_pd(_mm_movehl_ps(h, h))}};
}
VX __m256 _mm512_cvt_roundpd_ps(__m512d a, int imm) {
  const vgx::Rounding mode(imm);
  __m128 x[4];
  VX_PARTS {
    vgx::pin(a.p[k]);
    x[k] = _mm_cvtpd_ps((__m128d)a.p[k]);
    vgx::pin(x[k]);
  }
  return {{(vgx::Vec<float>)_mm_movelh_ps(x[0], x[1]), (vgx::Vec<float>)_mm_movelh_ps(x[2], x[3])}};
}
#endif
// ---- floating point ----
#define VX_FLOAT(name, V, expr)          \
  VX V name(const V& a, const V& b) {    \
    V r;                                 \
    VX_PARTS {                           \
      const auto x = a.p[k], y = b.p[k]; \
      r.p[k] = expr;                     \
    }                                    \
    return r;                            \
  }
VX_FLOAT(_mm512_add_ps, __m512, x + y)
VX_FLOAT(_mm512_mul_ps, __m512, x* y)
VX_FLOAT(_mm512_add_pd, __m512d, x + y)
VX_FLOAT(_mm512_sub_pd, __m512d, x - y)
VX_FLOAT(_mm512_mul_pd, __m512d, x* y)
VX __m512 _mm512_fmadd_ps(const __m512& a, const __m512& b, const __m512& c) {
  __m512 r;
  VX_PARTS r.p[k] = vgx::fma(a.p[k], b.p[k], c.p[k]);
  return r;
}
VX __m512d _mm512_fmadd_pd(const __m512d& a, const __m512d& b, const __m512d& c) {
  __m512d r;
  VX_PARTS r.p[k] = vgx::fma(a.p[k], b.p[k], c.p[k]);
  return r;
}
VX __m512 _mm512_mask_mov_ps(const __m512& a, __mmask16 m, const __m512& b) {
  return vgx::floats(vgx::select<int32_t>(m, vgx::bits(a), vgx::bits(b)));
}
VX __m512d _mm512_mask_mov_pd(const __m512d& a, __mmask8 m, const __m512d& b) {
  return vgx::doubles(vgx::select<int64_t>(m, vgx::bits(a), vgx::bits(b)));
}
#define VX_ROUND(op, expr)                                                       \
  VX __m512 _mm512_##op##_round_ps(const __m512& a, const __m512& b, int i) {    \
    return vgx::rounded(i, a, b, a, [](auto x, auto y, auto) { return expr; });  \
  }                                                                              \
  VX __m512d _mm512_##op##_round_pd(const __m512d& a, const __m512d& b, int i) { \
    return vgx::rounded(i, a, b, a, [](auto x, auto y, auto) { return expr; });  \
  }
VX_ROUND(add, x + y)
VX_ROUND(sub, x - y)
VX_ROUND(mul, x* y)
VX_ROUND(div, x / y)
VX __m512 _mm512_sqrt_round_ps(const __m512& a, int i) {
  return vgx::rounded(i, a, a, a, [](auto x, auto, auto) { return vgx::root(x); });
}
VX __m512d _mm512_sqrt_round_pd(const __m512d& a, int i) {
  return vgx::rounded(i, a, a, a, [](auto x, auto, auto) { return vgx::root(x); });
}
VX __m512 _mm512_fmadd_round_ps(const __m512& a, const __m512& b, const __m512& c, int i) {
  return vgx::rounded(i, a, b, c, [](auto x, auto y, auto z) { return vgx::fma(x, y, z); });
}
VX __m512d _mm512_fmadd_round_pd(const __m512d& a, const __m512d& b, const __m512d& c, int i) {
  return vgx::rounded(i, a, b, c, [](auto x, auto y, auto z) { return vgx::fma(x, y, z); });
}
