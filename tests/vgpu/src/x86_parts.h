// What x86_portable.h is made of: vectors of 64 bytes as packs of the widest that there are, and
// the intrinsics of AVX2, FMA and F16C where these are missing too (x86-64-v2).
#pragma once
#include <cstdint>
#include <cstring>
#if defined(__AVX2__) && defined(__FMA__) && defined(__F16C__)
#define VGPU_V3 1
#else
#define VGPU_V3 0
#endif
#include "tests/vgpu/src/x86_names.h"
#define VX inline __attribute__((always_inline))
#define VX_PARTS _Pragma("GCC unroll 4") for (int k = 0; k < vgx::K; k++)

namespace vgx {
constexpr int kBytes = VGPU_V3 ? 32 : 16, K = 64 / kBytes;
template <class E>
struct VecOf {
  typedef E type __attribute__((vector_size(kBytes)));
};
template <class E>
using Vec = typename VecOf<E>::type;
template <class E>
constexpr int N = kBytes / (int)sizeof(E);
template <class E, int P>
struct alignas(P* kBytes) Pack {
  Vec<E> p[P];
};
template <int B>
struct IntOf;
template <>
struct IntOf<2> {
  using s = int16_t;
  using u = uint16_t;
};
template <>
struct IntOf<4> {
  using s = int32_t;
  using u = uint32_t;
};
template <>
struct IntOf<8> {
  using s = int64_t;
  using u = uint64_t;
};
template <class E>
using Sgn = typename IntOf<sizeof(E)>::s;
template <class E>
using Uns = typename IntOf<sizeof(E)>::u;
template <class E>
struct alignas(64) BitTable {
  E v[N<E>];
  constexpr BitTable() : v() {
    for (int i = 0; i < N<E>; i++) v[i] = (E)1 << i;
  }
};
template <class E>
inline constexpr BitTable<E> kBit;

using I512 = Pack<int64_t, K>;
using F512 = Pack<float, K>;
using D512 = Pack<double, K>;
#if VGPU_V3
using I256 = ::__m256i;
using F256 = ::__m256;
using I128x2 = Pack<int64_t, 1>;
VX __m128i quarter(const I512& a, int i) {
  return i & 1 ? _mm256_extracti128_si256((I256)a.p[i >> 1], 1)
               : _mm256_castsi256_si128((I256)a.p[i >> 1]);
}
VX __m128i half(I256 a, int i) {
  return i ? _mm256_extracti128_si256(a, 1) : _mm256_castsi256_si128(a);
}
VX I256 join(__m128i a, __m128i b) {
  return _mm256_inserti128_si256(_mm256_castsi128_si256(a), b, 1);
}
VX I512 join(__m128i a, __m128i b, __m128i c, __m128i d) {
  return {{(Vec<int64_t>)join(a, b), (Vec<int64_t>)join(c, d)}};
}
VX I512 widen(I256 a, I256 b) { return {{(Vec<int64_t>)a, (Vec<int64_t>)b}}; }
VX I256 part256(const I512& a, int i) { return (I256)a.p[i]; }
VX F256 as_f(I256 a) { return (F256)a; }
VX I256 as_i(F256 a) { return (I256)a; }
#else
using I256 = Pack<int64_t, 2>;
using F256 = Pack<float, 2>;
using D256 = Pack<double, 2>;
VX __m128i quarter(const I512& a, int i) { return (__m128i)a.p[i]; }
VX __m128i half(const I256& a, int i) { return (__m128i)a.p[i]; }
VX I256 join(__m128i a, __m128i b) { return {{(Vec<int64_t>)a, (Vec<int64_t>)b}}; }
VX I512 join(__m128i a, __m128i b, __m128i c, __m128i d) {
  return {{(Vec<int64_t>)a, (Vec<int64_t>)b, (Vec<int64_t>)c, (Vec<int64_t>)d}};
}
VX I512 widen(const I256& a, const I256& b) { return {{a.p[0], a.p[1], b.p[0], b.p[1]}}; }
VX I256 part256(const I512& a, int i) { return {{a.p[2 * i], a.p[2 * i + 1]}}; }
VX F256 as_f(const I256& a) { return {{(Vec<float>)a.p[0], (Vec<float>)a.p[1]}}; }
VX I256 as_i(const F256& a) { return {{(Vec<int64_t>)a.p[0], (Vec<int64_t>)a.p[1]}}; }
#endif
template <class E, int P>
VX I512 bits(const Pack<E, P>& a) {
  I512 r;
  VX_PARTS r.p[k] = (Vec<int64_t>)a.p[k];
  return r;
}
VX F512 floats(const I512& a) {
  F512 r;
  VX_PARTS r.p[k] = (Vec<float>)a.p[k];
  return r;
}
VX D512 doubles(const I512& a) {
  D512 r;
  VX_PARTS r.p[k] = (Vec<double>)a.p[k];
  return r;
}

template <class E, class F>
VX I512 map(const I512& a, F f) {
  I512 r;
  VX_PARTS r.p[k] = (Vec<int64_t>)f((Vec<E>)a.p[k]);
  return r;
}
template <class E, class F>
VX I512 map(const I512& a, const I512& b, F f) {
  I512 r;
  VX_PARTS r.p[k] = (Vec<int64_t>)f((Vec<E>)a.p[k], (Vec<E>)b.p[k]);
  return r;
}
template <class E>
VX Vec<E> splat(E x) {
  if constexpr (sizeof(E) > 2) {
    Sgn<E> b;
    memcpy(&b, &x, sizeof x);
    return (Vec<E>)(b + Vec<Sgn<E>>{});
  }  // bits: no NaN changes
  else
    return x + Vec<E>{};
}
template <class V, class T>
VX V load(const T* p) {
  V v;
  memcpy(&v, p, sizeof v);
  return v;
}
template <class V, class T>
VX void store(T* p, const V& v) {
  memcpy(p, &v, sizeof v);
}

// A lane mask as vectors of all ones or zeros (part k), and back.
template <class E>
VX Vec<Sgn<E>> lanes(uint64_t m, int k) {
  using U = Uns<E>;
  const Vec<U> bit = load<Vec<U>>(kBit<U>.v);
  return (splat<U>((U)(m >> (k * N<E>))) & bit) == bit;
}
template <class E>
VX uint32_t mask_of(Vec<E> c) {
  if constexpr (sizeof(E) == 2) {
#if VGPU_V3
    return (uint32_t)_mm_movemask_epi8(_mm_packs_epi16(half((I256)c, 0), half((I256)c, 1)));
#else
    return (uint32_t)_mm_movemask_epi8(_mm_packs_epi16((__m128i)c, _mm_setzero_si128()));
#endif
  }
#if VGPU_V3
  else if constexpr (sizeof(E) == 4)
    return (uint32_t)_mm256_movemask_ps((__m256)c);
  else
    return (uint32_t)_mm256_movemask_pd((__m256d)c);
#else
  else if constexpr (sizeof(E) == 4)
    return (uint32_t)_mm_movemask_ps((__m128)c);
  else
    return (uint32_t)_mm_movemask_pd((__m128d)c);
#endif
}
template <class E>
VX I512 select(uint64_t m, const I512& no, const I512& yes) {
  using S = Sgn<E>;
  I512 r;
  VX_PARTS r.p[k] = (Vec<int64_t>)(lanes<E>(m, k) ? (Vec<S>)yes.p[k] : (Vec<S>)no.p[k]);
  return r;
}
template <class E>
VX uint32_t int_cmp(const I512& a, const I512& b, int op) {
  uint32_t m = 0;
  VX_PARTS {
    const Vec<E> x = (Vec<E>)a.p[k], y = (Vec<E>)b.p[k];
    Vec<Sgn<E>> c;
    switch (op) {
      case 0:
        c = x == y;
        break;
      case 1:
        c = x < y;
        break;
      case 2:
        c = x <= y;
        break;
      case 4:
        c = x != y;
        break;
      case 5:
        c = x >= y;
        break;
      default:
        c = x > y;
    }
    m |= mask_of<Sgn<E>>(c) << (k * N<E>);
  }
  return m;
}
template <class E, class P>
VX uint32_t float_cmp(const P& a, const P& b, int op) {
  uint32_t m = 0;
  VX_PARTS {
    const Vec<E> x = a.p[k], y = b.p[k];
    Vec<Sgn<E>> c;
    switch (op) {
      case _CMP_EQ_OQ:
        c = x == y;
        break;
      case _CMP_NEQ_UQ:
        c = x != y;
        break;
      case _CMP_NEQ_OQ:
        c = (x < y) | (x > y);
        break;
      case _CMP_LT_OQ:
        c = x < y;
        break;
      case _CMP_LE_OQ:
        c = x <= y;
        break;
      case _CMP_GT_OQ:
        c = x > y;
        break;
      case _CMP_GE_OQ:
        c = x >= y;
        break;
      case _CMP_UNORD_Q:
        c = (x != x) | (y != y);
        break;
      default:
        __builtin_trap();
    }
    m |= mask_of<Sgn<E>>(c) << (k * N<E>);
  }
  return m;
}
// Masked memory accesses touch the lanes of the mask only.
template <class E>
VX I512 mask_load(const I512& old, uint32_t m, const void* p) {
  constexpr int n = 64 / (int)sizeof(E);
  if (m == (uint32_t)((1ull << n) - 1)) return load<I512>(p);
#if VGPU_V3
  if constexpr (sizeof(E) >= 4) {
    I512 r;
    VX_PARTS {
      const Vec<Sgn<E>> s = lanes<E>(m, k);
      Vec<Sgn<E>> v;
      if constexpr (sizeof(E) == 4)
        v = (Vec<Sgn<E>>)_mm256_maskload_epi32((const int*)p + k * N<E>, (I256)s);
      else
        v = (Vec<Sgn<E>>)_mm256_maskload_epi64((const long long*)p + k * N<E>, (I256)s);
      r.p[k] = (Vec<int64_t>)(s ? v : (Vec<Sgn<E>>)old.p[k]);
    }
    return r;
  }
#endif
  alignas(64) E t[n];
  store(t, old);
  for (int i = 0; i < n; i++)
    if (m >> i & 1) memcpy(t + i, (const E*)p + i, sizeof(E));
  return load<I512>(t);
}
template <class E>
VX void mask_store(void* p, uint32_t m, const I512& v) {
  constexpr int n = 64 / (int)sizeof(E);
  if (m == (uint32_t)((1ull << n) - 1)) return store(p, v);
#if VGPU_V3
  VX_PARTS {
    if constexpr (sizeof(E) == 4)
      _mm256_maskstore_epi32((int*)p + k * N<E>, (I256)lanes<E>(m, k), (I256)v.p[k]);
    else
      _mm256_maskstore_epi64((long long*)p + k * N<E>, (I256)lanes<E>(m, k), (I256)v.p[k]);
  }
#else
  alignas(64) E t[n];
  store(t, v);
  for (int i = 0; i < n; i++)
    if (m >> i & 1) memcpy((E*)p + i, t + i, sizeof(E));
#endif
}
// Directed rounding: through MXCSR. The empty statements keep the compiler from moving the
// arithmetic out.
struct Rounding {
  const unsigned old = _mm_getcsr();
  VX explicit Rounding(int imm) { _mm_setcsr((old & ~0x6000u) | (unsigned)(imm & 3) << 13); }
  VX ~Rounding() { _mm_setcsr(old); }
};
template <class V>
VX void pin(V& v) {
  __asm__ volatile("" : "+x"(v));
}
template <class P, class F>
VX P rounded(int imm, P a, P b, P c, F f) {
  P r;
  const Rounding mode(imm);
  VX_PARTS {
    pin(a.p[k]);
    pin(b.p[k]);
    pin(c.p[k]);
    r.p[k] = f(a.p[k], b.p[k], c.p[k]);
    pin(r.p[k]);
  }
  return r;
}
#if VGPU_V3
VX Vec<float> fma(Vec<float> a, Vec<float> b, Vec<float> c) {
  return (Vec<float>)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
}
VX Vec<double> fma(Vec<double> a, Vec<double> b, Vec<double> c) {
  return (Vec<double>)_mm256_fmadd_pd((__m256d)a, (__m256d)b, (__m256d)c);
}
VX Vec<float> root(Vec<float> a) { return (Vec<float>)_mm256_sqrt_ps((__m256)a); }
VX Vec<double> root(Vec<double> a) { return (Vec<double>)_mm256_sqrt_pd((__m256d)a); }
#else
VX Vec<float> fma(Vec<float> a, Vec<float> b, Vec<float> c) {
  for (int i = 0; i < N<float>; i++) c[i] = __builtin_fmaf(a[i], b[i], c[i]);
  return c;
}
VX Vec<double> fma(Vec<double> a, Vec<double> b, Vec<double> c) {
  for (int i = 0; i < N<double>; i++) c[i] = __builtin_fma(a[i], b[i], c[i]);
  return c;
}
VX Vec<float> root(Vec<float> a) { return (Vec<float>)_mm_sqrt_ps((__m128)a); }
VX Vec<double> root(Vec<double> a) { return (Vec<double>)_mm_sqrt_pd((__m128d)a); }
#endif
#ifndef __F16C__
inline float half_to_float(uint16_t h) {
  uint32_t b = (uint32_t)(h & 0x7fff) << 13;
  float f;
  if ((h & 0x7c00) == 0x7c00)
    b |= 0x7f800000u | (h & 0x3ff ? 0x400000u : 0);
  else {
    memcpy(&f, &b, 4);
    f *= 0x1p112f;
    memcpy(&b, &f, 4);
  }
  b |= (uint32_t)(h & 0x8000) << 16;
  memcpy(&f, &b, 4);
  return f;
}
inline uint16_t float_to_half(float f) {  // to nearest even
  uint32_t x;
  memcpy(&x, &f, 4);
  const uint32_t sign = x >> 16 & 0x8000;
  x &= 0x7fffffff;
  if (x > 0x7f800000) return (uint16_t)(sign | 0x7e00 | (x >> 13 & 0x3ff));
  if (x >= 0x47800000) return (uint16_t)(sign | 0x7c00);
  if (x >= 0x38800000) {
    x -= 0x38000000;
    return (uint16_t)(sign | (x + 0xfff + (x >> 13 & 1)) >> 13);
  }
  memcpy(&f, &x, 4);
  f += 0.5f;
  memcpy(&x, &f, 4);  // the last bit of 0.5 is that of a subnormal half
  return (uint16_t)(sign | (x - 0x3f000000));
}
#endif
}  // namespace vgx

#if !VGPU_V3
VX __m256i _mm256_load_si256(const __m256i* p) { return *p; }
VX void _mm256_store_si256(__m256i* p, const __m256i& v) { *p = v; }
VX __m256 _mm256_load_ps(const float* p) { return vgx::load<__m256>(p); }
VX void _mm256_store_ps(float* p, const __m256& v) { vgx::store(p, v); }
VX __m256d _mm256_setr_pd(double a, double b, double c, double d) {
  return {{vgx::Vec<double>{a, b}, vgx::Vec<double>{c, d}}};
}
VX __m256i _mm256_setr_epi32(int a, int b, int c, int d, int e, int f, int g, int h) {
  return vgx::join(_mm_setr_epi32(a, b, c, d), _mm_setr_epi32(e, f, g, h));
}
VX __m256i _mm256_set1_epi16(short x) { return vgx::join(_mm_set1_epi16(x), _mm_set1_epi16(x)); }
VX __m256i _mm256_set1_epi32(int x) { return vgx::join(_mm_set1_epi32(x), _mm_set1_epi32(x)); }
VX __m256i _mm256_slli_epi32(const __m256i& a, int n) {
  return vgx::join(_mm_slli_epi32(vgx::half(a, 0), n), _mm_slli_epi32(vgx::half(a, 1), n));
}
VX __m256i _mm256_permutevar8x32_epi32(const __m256i& a, const __m256i& idx) {
  alignas(32) uint32_t t[8], i[8], r[8];
  vgx::store(t, a);
  vgx::store(i, idx);
  for (int j = 0; j < 8; j++) r[j] = t[i[j] & 7];
  return vgx::load<__m256i>(r);
}
VX __m256i _mm256_inserti128_si256(__m256i a, __m128i b, int i) {
  a.p[i] = (vgx::Vec<int64_t>)b;
  return a;
}
VX __m128i _mm256_extracti128_si256(const __m256i& a, int i) { return vgx::half(a, i); }
VX __m256i _mm256_castsi128_si256(__m128i a) { return vgx::join(a, _mm_setzero_si128()); }
VX __m128i _mm256_castsi256_si128(const __m256i& a) { return vgx::half(a, 0); }
VX __m256i _mm256_castps_si256(const __m256& a) { return vgx::as_i(a); }
VX __m256 _mm256_castsi256_ps(const __m256i& a) { return vgx::as_f(a); }
VX __m256i _mm256_cvtepu8_epi16(__m128i a) {
  return vgx::join(_mm_cvtepu8_epi16(a), _mm_cvtepu8_epi16(_mm_srli_si128(a, 8)));
}
VX __m256i _mm256_cvtepi8_epi16(__m128i a) {
  return vgx::join(_mm_cvtepi8_epi16(a), _mm_cvtepi8_epi16(_mm_srli_si128(a, 8)));
}
VX __m256i _mm256_cvtepu16_epi32(__m128i a) {
  return vgx::join(_mm_cvtepu16_epi32(a), _mm_cvtepu16_epi32(_mm_srli_si128(a, 8)));
}
#ifdef __F16C__
VX __m256 _mm256_cvtph_ps(__m128i a) {
  const __m128 l = _mm_cvtph_ps(a), h = _mm_cvtph_ps(_mm_srli_si128(a, 8));
  return {{(vgx::Vec<float>)l, (vgx::Vec<float>)h}};
}
VX __m128i _mm256_cvtps_ph(const __m256& a, int) {
  return _mm_unpacklo_epi64(_mm_cvtps_ph((__m128)a.p[0], 0), _mm_cvtps_ph((__m128)a.p[1], 0));
}
#else
VX float _cvtsh_ss(unsigned short h) { return vgx::half_to_float(h); }
VX unsigned short _cvtss_sh(float f, int) { return vgx::float_to_half(f); }
VX __m256 _mm256_cvtph_ps(__m128i a) {
  uint16_t h[8];
  alignas(32) float f[8];
  memcpy(h, &a, 16);
  for (int i = 0; i < 8; i++) f[i] = vgx::half_to_float(h[i]);
  return vgx::load<__m256>(f);
}
VX __m128i _mm256_cvtps_ph(const __m256& a, int) {
  uint16_t h[8];
  alignas(32) float f[8];
  vgx::store(f, a);
  for (int i = 0; i < 8; i++) h[i] = vgx::float_to_half(f[i]);
  return vgx::load<__m128i>(h);
}
#endif
#endif
