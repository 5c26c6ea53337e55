// Floating-point instructions of the arithmetic test, and the host's idea of their results.
#pragma once
#include <cfenv>
#include <cmath>
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_fp8.h>

#include "tests/vgpu/tests/check.h"
__global__ void fp_ops(const float* a, const float* b, const float* c, unsigned* o, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  float x = a[i], y = b[i], z = c[i];
  int k = 0;
#define P(e) o[(k++) * n + i] = __float_as_uint(e)
  P(__fadd_rn(x, y));
  P(__fadd_rz(x, y));
  P(__fadd_ru(x, y));
  P(__fadd_rd(x, y));
  P(__fmul_rn(x, y));
  P(__fmul_rz(x, y));
  P(__fmul_ru(x, y));
  P(__fmul_rd(x, y));
  P(__fdiv_rn(x, y));
  P(__fdiv_rz(x, y));
  P(__fdiv_ru(x, y));
  P(__fdiv_rd(x, y));
  P(__fmaf_rn(x, y, z));
  P(__fmaf_rz(x, y, z));
  P(__fmaf_ru(x, y, z));
  P(__fmaf_rd(x, y, z));
  P(__fsqrt_rn(fabsf(x)));
  P(__fsqrt_rz(fabsf(x)));
  P(__fsqrt_ru(fabsf(x)));
  P(__fsqrt_rd(fabsf(x)));
  P(__frcp_rn(x));
  P(__frcp_rz(x));
  P(fminf(x, y));
  P(fmaxf(x, y));
  P(rintf(x));
  P(truncf(x));
  P(floorf(x));
  P(ceilf(x));
  P(fabsf(x));
  P(copysignf(x, y));
#undef P
}
static float h_fp(int k, float x, float y, float z) {
  static const int modes[4] = {FE_TONEAREST, FE_TOWARDZERO, FE_UPWARD, FE_DOWNWARD};
  volatile float a = x, b = y, c = z, r = 0;
  if (k < 22) {
    static const int g[] = {0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5};
    int m = k < 20 ? k & 3 : k - 20;
    fesetround(modes[m]);
    switch (g[k]) {
      case 0:
        r = a + b;
        break;
      case 1:
        r = a * b;
        break;
      case 2:
        r = a / b;
        break;
      case 3:
        r = fmaf(a, b, c);
        break;
      case 4:
        a = fabsf(x);
        r = sqrtf(a);
        break;
      case 5:
        r = 1.0f / a;
    }
    fesetround(FE_TONEAREST);
    return r;
  }
  switch (k) {
    case 22:
      return std::isnan(x) ? y : std::isnan(y) ? x : fminf(x, y);
    case 23:
      return std::isnan(x) ? y : std::isnan(y) ? x : fmaxf(x, y);
    case 24:
      return rintf(x);
    case 25:
      return truncf(x);
    case 26:
      return floorf(x);
    case 27:
      return ceilf(x);
    case 28:
      return fabsf(x);
    default:
      return copysignf(x, y);
  }
}
__global__ void dp_ops(const double* a, const double* b, const double* c, unsigned long long* o,
                       int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  double x = a[i], y = b[i], z = c[i];
  int k = 0;
#define P(e) o[(k++) * n + i] = __double_as_longlong(e)
  P(__dadd_rn(x, y));
  P(__dadd_ru(x, y));
  P(__dmul_rz(x, y));
  P(__ddiv_rn(x, y));
  P(__ddiv_rd(x, y));
  P(__fma_rn(x, y, z));
  P(__fma_rd(x, y, z));
  P(__dsqrt_rn(fabs(x)));
  P(fmin(x, y));
  P(floor(x));
  P((double)(float)x);
  P((double)__double2float_rz(x));
  P((double)__double2ll_rz(x * 1e5));
  P((double)__double2uint_rn(fabs(x)));
#undef P
}
__global__ void cvt_ops(const float* a, unsigned* o, const unsigned long long* q, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  float x = a[i];
  int k = 0;
  unsigned long long u = q[i];
#define P(e) o[(k++) * n + i] = (unsigned)(e)
#define F(e) o[(k++) * n + i] = __float_as_uint(e)
  P(__float2int_rn(x));
  P(__float2int_rz(x));
  P(__float2int_ru(x));
  P(__float2int_rd(x));
  P(__float2uint_rz(x));
  P(__float2uint_rn(x));
  P(__float2ll_rz(x) >> 7);
  P(__float2ull_rn(x) >> 7);
  F(__int2float_rn((int)u));
  F(__int2float_rz((int)u));
  F(__uint2float_ru((unsigned)u));
  F(__ll2float_rn((long long)u));
  F(__ull2float_rd(u));
  F((float)__ll2double_rn((long long)u));
  F(__saturatef(x));
  P(__half_as_ushort(__float2half_rn(x)));
  P(__half_as_ushort(__float2half_rz(x)));
  P(__half_as_ushort(__float2half_ru(x)));
  P(__half_as_ushort(__float2half_rd(x)));
  P(__bfloat16_as_ushort(__float2bfloat16_rn(x)));
  P(__bfloat16_as_ushort(__float2bfloat16_rz(x)));
  P(__half_as_ushort(__double2half((double)x * (1 + 1e-12))));
  P(__nv_cvt_float_to_fp8(x, __NV_SATFINITE, __NV_E4M3));
  P(__nv_cvt_float_to_fp8(x, __NV_SATFINITE, __NV_E5M2));
  __half2 h = __floats2half2_rn(x, -x);
  P(*(unsigned*)&h);
  __nv_bfloat162 bb = __floats2bfloat162_rn(x, 2 * x);
  P(*(unsigned*)&bb);
  P(__half_as_ushort(__int2half_rn((int)u >> (u >> 59))));
  P(__half2int_rz(__float2half_rn(x)));
#undef P
#undef F
}
__global__ void half_all(const unsigned short* h, unsigned* o, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  __half x = __ushort_as_half(h[i]);
  __nv_bfloat16 y = __ushort_as_bfloat16(h[i]);
  o[i] = __float_as_uint(__half2float(x));
  o[n + i] = __float_as_uint(__bfloat162float(y));
  o[2 * n + i] = __half_as_ushort(__hneg(x));
  o[3 * n + i] = __half_as_ushort(__float2half_rn(__half2float(x)));
  o[4 * n + i] = __bfloat16_as_ushort(__float2bfloat16_rn(__bfloat162float(y)));
  o[5 * n + i] = (unsigned)__half2int_rn(x);
  o[6 * n + i] = __half_as_ushort(hrint(x));
  __half_raw r = __nv_cvt_fp8_to_halfraw((__nv_fp8_storage_t)h[i], __NV_E4M3);
  o[7 * n + i] = r.x;
  r = __nv_cvt_fp8_to_halfraw((__nv_fp8_storage_t)h[i], __NV_E5M2);
  o[8 * n + i] = r.x;
}
__global__ void half_bin(const unsigned short* a, const unsigned short* b, const unsigned short* c,
                         unsigned short* o, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  __half x = __ushort_as_half(a[i]), y = __ushort_as_half(b[i]), z = __ushort_as_half(c[i]);
  int k = 0;
  __nv_bfloat16 p = __ushort_as_bfloat16(a[i]), q = __ushort_as_bfloat16(b[i]),
                r = __ushort_as_bfloat16(c[i]);
#define P(e) o[(k++) * n + i] = __half_as_ushort(e)
#define B(e) o[(k++) * n + i] = __bfloat16_as_ushort(e)
  P(__hadd_rn(x, y));
  P(__hsub_rn(x, y));
  P(__hmul_rn(x, y));
  P(__hfma(x, y, z));
  P(__hmin(x, y));
  P(__hmax(x, y));
  P(__hadd_sat(x, y));
  P(__hfma_relu(x, y, z));
  P(__hdiv(x, y));
  B(__hadd_rn(p, q));
  B(__hsub_rn(p, q));
  B(__hmul_rn(p, q));
  B(__hfma(p, q, r));
  B(__hmin(p, q));
  B(__hmax(p, q));
  __half2 h = __hfma2(__halves2half2(x, y), __halves2half2(y, z), __halves2half2(z, x));
  P(__low2half(h));
  P(__high2half(h));
  __nv_bfloat162 g = __hmul2_rn(__halves2bfloat162(p, q), __halves2bfloat162(q, r));
  B(__low2bfloat16(g));
  B(__high2bfloat16(g));
  o[(k++) * n + i] = (__hlt(x, y) ? 1 : 0) | (__hgeu(x, y) ? 2 : 0) | (__heq(p, q) ? 4 : 0) |
                     (__hisnan(x) ? 8 : 0) | (__hne(x, y) ? 16 : 0);
#undef P
#undef B
}
// Exact references through long double (64-bit mantissa is enough for one product plus a sum in
// these formats' ranges only if the exponents are close, so the fused forms use __float128).
static unsigned short ref_round(__float128 v, int eb, int mb, bool negzero) {
  unsigned sign = v < 0 || (v == 0 && negzero);
  if (v < 0) v = -v;
  int bias = (1 << (eb - 1)) - 1;
  unsigned inf = ((1u << eb) - 1) << mb;
  if (v == 0) return sign << 15;
  int e = 0;
  __float128 m = v;
  while (m >= 2) {
    m /= 2;
    e++;
  }
  while (m < 1) {
    m *= 2;
    e--;
  }
  int q = std::max(e, 1 - bias) - mb;
  __float128 s = v;
  for (int i = 0; i < q; i++) s /= 2;
  for (int i = 0; i > q; i--) s *= 2;
  unsigned long long t = (unsigned long long)s;
  __float128 f = s - (__float128)t;
  if (f > (__float128)0.5 || (f == (__float128)0.5 && (t & 1))) t++;
  unsigned long long bits = e < 1 - bias ? t : t + ((unsigned long long)(e + bias - 1) << mb);
  return (unsigned short)(sign << 15 | (bits >= inf ? inf : bits));
}
static float hf(unsigned short h) {
  __half_raw r;
  r.x = h;
  return __half2float(__half(r));
}
static float bf(unsigned short h) {
  unsigned u = (unsigned)h << 16;
  float f;
  memcpy(&f, &u, 4);
  return f;
}
template <class T>
static T bits(uint64_t u) {
  T t;
  memcpy(&t, &u, sizeof t);
  return t;
}
__global__ void transpose8(const unsigned* a, unsigned* o) {
  unsigned d;
  asm volatile("movmatrix.sync.aligned.m8n8.trans.b16 %0, %1;" : "=r"(d) : "r"(a[threadIdx.x]));
  o[threadIdx.x] = d;
}
