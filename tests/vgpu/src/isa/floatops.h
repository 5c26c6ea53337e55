// Scalar building blocks of floating point, written so that lane loops over them vectorise.
#pragma once
#include <cmath>

#include "tests/vgpu/src/isa/isa.h"
namespace vgpu {
VGPU_INLINE float canon(float r) {
  return r != r ? bitcast<float>(0x7fffffffu) : r;
}  // fp32 NaN results have this one bit pattern
VGPU_INLINE float flush(float x) {
  u32 b = bitcast<u32>(x);
  return (b & 0x7f800000u) == 0 ? bitcast<float>(b & 0x80000000u) : x;
}
VGPU_INLINE double flush(double x) {
  u64 b = bitcast<u64>(x);
  return (b & 0x7ff0000000000000ull) == 0 ? bitcast<double>(b & (1ull << 63)) : x;
}
template <bool F, class T>
VGPU_INLINE T fz(T x) {
  if constexpr (F)
    return flush(x);
  else
    return x;
}
VGPU_INLINE float sat01(float x) { return x > 0.0f ? (x < 1.0f ? x : 1.0f) : 0.0f; }  // NaN -> +0

// 2^x to about 2^-45 relative error, without branches.
VGPU_INLINE double exp2_core(double x) {
  x = x > 1100.0 ? 1100.0 : x < -1200.0 ? -1200.0 : x;
  double n = __builtin_rint(x), f = (x - n) * 0.6931471805599453094;
  double p = 1.0 / 39916800;
  p = p * f + 1.0 / 3628800;
  p = p * f + 1.0 / 362880;
  p = p * f + 1.0 / 40320;
  p = p * f + 1.0 / 5040;
  p = p * f + 1.0 / 720;
  p = p * f + 1.0 / 120;
  p = p * f + 1.0 / 24;
  p = p * f + 1.0 / 6;
  p = p * f + 0.5;
  p = p * f + 1.0;
  p = p * f + 1.0;
  u64 e = bitcast<u64>(n + 0x1.8p52) - bitcast<u64>(0x1.8p52),
      h = ((e + 4096) >> 1) - 2048;  // n and n/2, as AVX2 can vectorise it
  return p * bitcast<double>((h + 1023) << 52) * bitcast<double>((e - h + 1023) << 52);
}
VGPU_INLINE float ex2f(float x) {
  float r = (float)exp2_core((double)x);
  return x != x ? bitcast<float>(0x7fffffffu) : r;
}
// log2 of a positive finite float, other inputs handled by lg2f.
VGPU_INLINE float lg2f(float x) {
  u64 b = bitcast<u64>((double)x);
  u64 up = (b & 0xfffffffffffffull) > 0x6a09e667f3bcdull;  // mantissa above sqrt(2): use half of it
  s64 e = (s64)(b >> 52 & 0x7ff) - 1023 + (s64)up;
  double m = bitcast<double>((b & 0xfffffffffffffull) | (u64)(1023 - up) << 52);
  double r = (m - 1.0) / (m + 1.0), q = r * r;
  double p = 1.0 / 17;
  p = p * q + 1.0 / 15;
  p = p * q + 1.0 / 13;
  p = p * q + 1.0 / 11;
  p = p * q + 1.0 / 9;
  p = p * q + 1.0 / 7;
  p = p * q + 1.0 / 5;
  p = p * q + 1.0 / 3;
  p = p * q + 1.0;
  float v = (float)((double)e + r * p * 2.8853900817779268147);
  v = x == __builtin_inff() ? x : v;
  v = x == 0.0f ? -__builtin_inff() : v;
  return x >= 0.0f ? v : bitcast<float>(0x7fffffffu);
}
VGPU_INLINE float tanh_f(float x) {
  double d = x, a = d < 0 ? -d : d;
  double r = 1.0 - 2.0 / (exp2_core(a * 2.8853900817779268147) + 1.0);
  double s = a * (1.0 - a * a * (1.0 / 3.0));
  double v = a < 1e-4 ? s : r;
  float q = (float)(d < 0 ? -v : v);
  q = x == 0.0f ? x : q;
  return x != x ? bitcast<float>(0x7fffffffu) : q;
}

// ---- small formats ----
VGPU_INLINE float half_to_float(u16 h) { return _cvtsh_ss(h); }
VGPU_INLINE float bf16_to_float(u16 h) { return bitcast<float>((u32)h << 16); }

// Rounds a double to a binary format with EB exponent and MB mantissa bits (IEEE-like: Inf and NaN
// in the top exponent). Modes as in PTX. Exact for every finite double; the caller adds the sign
// convention of NaN.
enum Round : u8 { RN, RZ, RM, RP, RNA };
template <int EB, int MB>
inline u32 encode(double v, Round mode) {
  constexpr int bias = (1 << (EB - 1)) - 1, emin = 1 - bias, emax = bias;
  u64 b = bitcast<u64>(v);
  u32 sign = (u32)(b >> 63) << (EB + MB);
  const u32 inf = ((1u << EB) - 1) << MB;
  int e = (int)(b >> 52 & 0x7ff) - 1023;
  u64 m = b & 0xfffffffffffffull;
  if (e == 1024) return m ? inf | ((1u << MB) - 1) : sign | inf;
  if ((b << 1) == 0) return sign;
  m |= 1ull << 52;
  if (e == -1023) {
    e = -1022;
    m &= ~(1ull << 52);
  }
  int shift = 52 - MB + (e < emin ? emin - e : 0);
  u64 q, rem, halfway;
  if (shift > 63) {
    q = 0;
    rem = 1;
    halfway = 2;
  } else {
    q = m >> shift;
    rem = m & ((1ull << shift) - 1);
    halfway = 1ull << (shift - 1);
  }
  bool neg = sign != 0, up = false;
  switch (mode) {
    case RN:
      up = rem > halfway || (rem == halfway && (q & 1));
      break;
    case RNA:
      up = rem >= halfway;
      break;
    case RZ:
      break;
    case RM:
      up = neg && rem;
      break;
    case RP:
      up = !neg && rem;
      break;
  }
  q += up;
  u64 r = e < emin ? q : q + ((u64)(e - emin) << MB);  // carry moves into the exponent by itself
  if (r >= inf) {
    bool to_inf = mode == RN || mode == RNA || (mode == RM && neg) || (mode == RP && !neg);
    return sign | (to_inf ? inf : inf - 1);
  }
  (void)emax;
  return sign | (u32)r;
}
inline u16 double_to_half(double v, Round m) {
  u32 r = encode<5, 10>(v, m);
  return (r & 0x7fff) > 0x7c00 ? 0x7fff : (u16)r;
}
inline u16 double_to_bf16(double v, Round m) {
  u32 r = encode<8, 7>(v, m);
  return (r & 0x7fff) > 0x7f80 ? 0x7fff : (u16)r;
}
VGPU_INLINE u16 float_to_bf16_rn(float f) {
  u32 b = bitcast<u32>(f);
  u32 r = (b + 0x7fff + (b >> 16 & 1)) >> 16;
  return (b & 0x7fffffff) > 0x7f800000 ? 0x7fff : (u16)r;
}
VGPU_INLINE u16 float_to_half_rn(float f) {
  u16 h = (u16)_cvtss_sh(f, _MM_FROUND_TO_NEAREST_INT);
  return (h & 0x7fff) > 0x7c00 ? 0x7fff : h;
}

// Arrays (multiples of 16 elements, 32-byte aligned): the compiler does not vectorise the half
// intrinsics itself.
VGPU_INLINE void halves_to_floats(const u16* s, float* d, int n) {
  for (int i = 0; i < n; i += 16)
    _mm512_store_ps(d + i, _mm512_cvtph_ps(_mm256_load_si256((const __m256i*)(s + i))));
}
VGPU_INLINE void floats_to_halves(const float* s, u16* d,
                                  int n) {  // to nearest; NaN becomes 0x7fff
  for (int i = 0; i < n; i += 16) {
    __m512 v = _mm512_load_ps(s + i);
    __m256i h = _mm512_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    _mm256_store_si256((__m256i*)(d + i),
                       _mm256_mask_mov_epi16(h, _mm512_cmp_ps_mask(v, v, _CMP_UNORD_Q),
                                             _mm256_set1_epi16(0x7fff)));
  }
}
// To float, truncated with a sticky last bit ("round to odd"): a later rounding to fewer bits is
// then exact.
VGPU_INLINE float double_to_float_odd(double s) {
  float f = (float)s;
  double g = f;
  u32 b = bitcast<u32>(f);
  b -= (g < 0 ? -g : g) > (s < 0 ? -s : s);
  b |= g != s;
  return bitcast<float>(b);
}

// r = a*b+c for halves held in floats (n a multiple of 8), so that rounding r to a 16-bit format
// rounds only once: the products are exact in double, the sums are made odd if inexact, and so is
// the conversion to float.
VGPU_INLINE void half_fma(const float* a, const float* b, const float* c, float* r, int n) {
  const __m512d zero = _mm512_setzero_pd();
  const __m512i one = _mm512_set1_epi64(1);
  for (int i = 0; i < n; i += 8) {
    __m512d p = _mm512_mul_pd(_mm512_cvtps_pd(_mm256_load_ps(a + i)),
                              _mm512_cvtps_pd(_mm256_load_ps(b + i))),
            z = _mm512_cvtps_pd(_mm256_load_ps(c + i));
    __m512d s = _mm512_add_pd(p, z), t = _mm512_sub_pd(s, p);
    __m512d err = _mm512_add_pd(_mm512_sub_pd(p, _mm512_sub_pd(s, t)), _mm512_sub_pd(z, t));
    __m512i u = _mm512_castpd_si512(s);
    __mmask8 fix = _mm512_cmp_pd_mask(err, zero, _CMP_NEQ_OQ) &
                   _mm512_cmp_pd_mask(_mm512_sub_pd(s, s), zero, _CMP_EQ_OQ) &
                   _mm512_testn_epi64_mask(u, one);
    __mmask8 away =
        ~(_mm512_cmp_pd_mask(err, zero, _CMP_GT_OQ) ^ _mm512_cmp_pd_mask(s, zero, _CMP_GT_OQ));
    u = _mm512_mask_add_epi64(u, fix & away, u, one);
    u = _mm512_mask_sub_epi64(u, fix & ~away, u, one);
    s = _mm512_castsi512_pd(u);
    __m256 f = _mm512_cvt_roundpd_ps(s, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC);
    __mmask8 inexact = _mm512_cmp_pd_mask(_mm512_cvtps_pd(f), s, _CMP_NEQ_UQ);
    __m256i fi = _mm256_castps_si256(f);
    _mm256_store_ps(
        r + i, _mm256_castsi256_ps(_mm256_mask_or_epi32(fi, inexact, fi, _mm256_set1_epi32(1))));
  }
}
}  // namespace vgpu
