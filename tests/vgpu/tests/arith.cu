// Arithmetic against the host: integer instructions, fp32/fp64 with rounding modes, fp16/bf16/fp8
// conversions.
#include <cfenv>
#include <cmath>
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_fp8.h>

#include "tests/vgpu/tests/check.h"
#define ASM3(name, ins)                                                      \
  __device__ unsigned name(unsigned a, unsigned b, unsigned c) {             \
    unsigned d;                                                              \
    asm volatile(ins " %0, %1, %2, %3;" : "=r"(d) : "r"(a), "r"(b), "r"(c)); \
    return d;                                                                \
  }
#define ASM2(name, ins)                                          \
  __device__ unsigned name(unsigned a, unsigned b) {             \
    unsigned d;                                                  \
    asm volatile(ins " %0, %1, %2;" : "=r"(d) : "r"(a), "r"(b)); \
    return d;                                                    \
  }
#define ASM1(name, ins)                              \
  __device__ unsigned name(unsigned a) {             \
    unsigned d;                                      \
    asm volatile(ins " %0, %1;" : "=r"(d) : "r"(a)); \
    return d;                                        \
  }
ASM2(x_mulhi_s, "mul.hi.s32")
ASM2(x_mulhi_u, "mul.hi.u32")
ASM2(x_div_s, "div.s32")
ASM2(x_div_u, "div.u32")
ASM2(x_rem_s, "rem.s32") ASM2(x_rem_u, "rem.u32") ASM2(x_mul24, "mul24.lo.s32")
    ASM3(x_mad24h, "mad24.hi.u32") ASM3(x_sad_s, "sad.s32") ASM3(x_sad_u, "sad.u32")
        ASM2(x_addsat, "add.sat.s32") ASM2(x_subsat, "sub.sat.s32") ASM3(x_bfe_s, "bfe.s32")
            ASM3(x_bfe_u, "bfe.u32") ASM3(x_prmt, "prmt.b32") ASM3(x_prmt_f4e, "prmt.b32.f4e")
                ASM3(x_prmt_ecr, "prmt.b32.ecr") ASM3(x_shf_lw, "shf.l.wrap.b32")
                    ASM3(x_shf_rc, "shf.r.clamp.b32") ASM2(x_shl, "shl.b32")
                        ASM2(x_shr_s, "shr.s32") ASM2(x_shr_u, "shr.u32")
                            ASM1(x_bfind_s, "bfind.s32") ASM1(x_bfind_sa, "bfind.shiftamt.u32")
                                ASM2(x_bmsk, "bmsk.clamp.b32") ASM3(x_fns, "fns.b32")
                                    ASM3(x_dp4a, "dp4a.s32.u32") ASM3(x_dp2a, "dp2a.hi.u32.s32")
                                        ASM2(x_szext, "szext.wrap.s32") ASM2(x_min_s, "min.s32")
                                            ASM2(x_max_u, "max.u32") ASM1(x_clz, "clz.b32")
                                                ASM1(x_popc, "popc.b32") ASM1(x_brev, "brev.b32")
                                                    ASM1(x_abs, "abs.s32") ASM1(x_cnot, "cnot.b32")
                                                        ASM3(x_madhi, "mad.hi.s32")
                                                            ASM2(x_add16x2, "add.u16x2") __device__
    unsigned x_lop3(unsigned a, unsigned b, unsigned c) {
  unsigned d;
  asm volatile("lop3.b32 %0, %1, %2, %3, 0x6a;" : "=r"(d) : "r"(a), "r"(b), "r"(c));
  return d;
}
__device__ unsigned x_bfi(unsigned a, unsigned b, unsigned c) {
  unsigned d;
  asm volatile("bfi.b32 %0, %1, %2, %3, %4;"
               : "=r"(d)
               : "r"(a), "r"(b), "r"(c & 63), "r"(c >> 8 & 63));
  return d;
}
enum { NI = 43 };
__global__ void int_ops(const unsigned* a, const unsigned* b, const unsigned* c, unsigned* o,
                        int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  unsigned x = a[i], y = b[i], z = c[i];
  int k = 0;
#define P(e) o[(k++) * n + i] = (e)
  P(x_mulhi_s(x, y));
  P(x_mulhi_u(x, y));
  P(x_div_s(x, y | 1));
  P(x_div_u(x, y | 1));
  P(x_rem_s(x, y | 1));
  P(x_rem_u(x, y | 1));
  P(x_mul24(x, y));
  P(x_mad24h(x, y, z));
  P(x_sad_s(x, y, z));
  P(x_sad_u(x, y, z));
  P(x_addsat(x, y));
  P(x_subsat(x, y));
  P(x_bfe_s(x, y & 63, z & 63));
  P(x_bfe_u(x, y & 63, z & 63));
  P(x_prmt(x, y, z));
  P(x_prmt_f4e(x, y, z));
  P(x_prmt_ecr(x, y, z));
  P(x_shf_lw(x, y, z));
  P(x_shf_rc(x, y, z & 63));
  P(x_shl(x, z & 63));
  P(x_shr_s(x, z & 63));
  P(x_shr_u(x, z & 63));
  P(x_bfind_s(x));
  P(x_bfind_sa(x >> (z & 31)));
  P(x_bmsk(y & 63, z & 63));
  P(x_fns(x, y & 31, (int)(z & 15) - 8));
  P(x_dp4a(x, y, z));
  P(x_dp2a(x, y, z));
  P(x_szext(x, z & 63));
  P(x_min_s(x, y));
  P(x_max_u(x, y));
  P(x_clz(x >> (z & 31)));
  P(x_popc(x));
  P(x_brev(x));
  P(x_abs(x));
  P(x_cnot(z & 1));
  P(x_madhi(x, y, z));
  P(x_add16x2(x, y));
  P(x_lop3(x, y, z));
  P(x_bfi(x, y, z));
  P((unsigned)((unsigned long long)x * y >> 13));
  P((unsigned)(((long long)(int)x * (int)y) / ((int)z | 1)));
  P((unsigned)((((unsigned long long)x << 32 | y) % (z | 1))));
#undef P
}
static unsigned h_int(int k, unsigned x, unsigned y, unsigned z) {
  auto sx = [](unsigned v) { return (int)(v << 8) >> 8; };
  auto sat = [](long long v) {
    return (unsigned)(int)(v > INT32_MAX ? INT32_MAX : v < INT32_MIN ? INT32_MIN : v);
  };
  auto bfe = [](unsigned a, unsigned p, unsigned l, bool s) {
    unsigned sb = 0, d = 0;
    if (s && l) sb = a >> std::min(p + l - 1, 31u) & 1;
    for (unsigned i = 0; i < 32; i++) {
      unsigned bit = i < l && p + i <= 31 ? a >> (p + i) & 1 : sb;
      d |= bit << i;
    }
    return d;
  };
  auto prmt = [](unsigned a, unsigned b, unsigned s) {
    unsigned long long v = (unsigned long long)b << 32 | a;
    unsigned r = 0;
    for (int i = 0; i < 4; i++) {
      unsigned q = s >> 4 * i & 15;
      unsigned char t = v >> 8 * (q & 7);
      if (q & 8) t = t & 128 ? 255 : 0;
      r |= t << 8 * i;
    }
    return r;
  };
  switch (k) {
    case 0:
      return (unsigned)((long long)(int)x * (int)y >> 32);
    case 1:
      return (unsigned)((unsigned long long)x * y >> 32);
    case 2:
      return (int)(y | 1) == -1 ? 0u - x : (unsigned)((int)x / (int)(y | 1));
    case 3:
      return x / (y | 1);
    case 4:
      return (int)(y | 1) == -1 ? 0 : (unsigned)((int)x % (int)(y | 1));
    case 5:
      return x % (y | 1);
    case 6:
      return (unsigned)((long long)sx(x) * sx(y));
    case 7:
      return (unsigned)((unsigned long long)(x & 0xffffff) * (y & 0xffffff) >> 16) + z;
    case 8:
      return z + ((int)x < (int)y ? y - x : x - y);
    case 9:
      return z + (x < y ? y - x : x - y);
    case 10:
      return sat((long long)(int)x + (int)y);
    case 11:
      return sat((long long)(int)x - (int)y);
    case 12:
      return bfe(x, y & 63, z & 63, true);
    case 13:
      return bfe(x, y & 63, z & 63, false);
    case 14:
      return prmt(x, y, z);
    case 15: {
      unsigned t[] = {0x3210, 0x4321, 0x5432, 0x6543};
      return prmt(x, y, t[z & 3]);
    }
    case 16: {
      unsigned t[] = {0x0000, 0x1110, 0x2210, 0x3210};
      return prmt(x, y, t[z & 3]);
    }
    case 17: {
      unsigned s = z & 31;
      return s ? y << s | x >> (32 - s) : y;
    }
    case 18: {
      unsigned s = std::min(z & 63, 32u);
      return s == 0 ? x : s == 32 ? y : y << (32 - s) | x >> s;
    }
    case 19:
      return (z & 63) > 31 ? 0 : x << (z & 63);
    case 20:
      return (unsigned)((int)x >> std::min(z & 63, 31u));
    case 21:
      return (z & 63) > 31 ? 0 : x >> (z & 63);
    case 22: {
      unsigned v = (int)x < 0 ? ~x : x;
      return v ? 31 - __builtin_clz(v) : ~0u;
    }
    case 23: {
      unsigned v = x >> (z & 31);
      return v ? __builtin_clz(v) : ~0u;
    }
    case 24: {
      unsigned p = y & 63, l = z & 63, d = 0;
      for (unsigned i = 0; i < 32; i++)
        if (i >= p && i < p + l) d |= 1u << i;
      return p >= 32 ? 0 : d;
    }
    case 25: {
      int base = y & 31, off = (int)(z & 15) - 8;
      if (!off) return x >> base & 1 ? base : ~0u;
      int cnt = std::abs(off) - 1, inc = off > 0 ? 1 : -1;
      for (int p = base; p >= 0 && p < 32; p += inc)
        if (x >> p & 1) {
          if (!cnt) return p;
          cnt--;
        }
      return ~0u;
    }
    case 26: {
      int s = 0;
      for (int i = 0; i < 4; i++)
        s += (int)(signed char)(x >> 8 * i) * (int)(unsigned char)(y >> 8 * i);
      return z + s;
    }
    case 27: {
      int s = 0;
      for (int i = 0; i < 2; i++)
        s += (int)(unsigned short)(x >> 16 * i) * (int)(signed char)(y >> (8 * i + 16));
      return z + s;
    }
    case 28: {
      unsigned n = z & 31;
      return n ? (unsigned)((int)(x << (32 - n)) >> (32 - n)) : 0;
    }
    case 29:
      return (unsigned)std::min((int)x, (int)y);
    case 30:
      return std::max(x, y);
    case 31: {
      unsigned v = x >> (z & 31);
      return v ? __builtin_clz(v) : 32;
    }
    case 32:
      return __builtin_popcount(x);
    case 33: {
      unsigned r = 0;
      for (int i = 0; i < 32; i++) r |= (x >> i & 1) << (31 - i);
      return r;
    }
    case 34:
      return (int)x < 0 ? 0u - x : x;
    case 35:
      return !(z & 1);
    case 36:
      return (unsigned)((long long)(int)x * (int)y >> 32) + z;
    case 37:
      return ((x + y) & 0xffff) | ((x >> 16) + (y >> 16)) << 16;
    case 38: {
      unsigned r = 0;
      for (int i = 0; i < 32; i++) {
        int j = (x >> i & 1) << 2 | (y >> i & 1) << 1 | (z >> i & 1);
        r |= (0x6au >> j & 1) << i;
      }
      return r;
    }
    case 39: {
      unsigned p = z & 63, l = z >> 8 & 63, f = y;
      for (unsigned i = 0; i < l && p + i < 32; i++)
        f = (f & ~(1u << (p + i))) | (x >> i & 1) << (p + i);
      return f;
    }
    case 40:
      return (unsigned)((unsigned long long)x * y >> 13);
    case 41:
      return (unsigned)(((long long)(int)x * (int)y) / ((int)z | 1));
    case 42:
      return (unsigned)(((unsigned long long)x << 32 | y) % (z | 1));
  }
  return 0;
}
__global__ void wide_ops(const unsigned long long* a, const unsigned long long* b,
                         unsigned long long* o, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  unsigned long long x = a[i], y = b[i];
  long long s = x, t = y;
  o[i] = __umul64hi(x, y);
  o[n + i] = __mul64hi(s, t);
  o[2 * n + i] = x / (y >> 20 | 1);
  o[3 * n + i] = s % (t >> 30 | 1);
  o[4 * n + i] = __clzll(x >> (y & 63));
  o[5 * n + i] = __brevll(x);
  o[6 * n + i] = __popcll(x & y);
  unsigned lo, hi, c;
  asm("add.cc.u32 %0, %3, %5;\n addc.cc.u32 %1, %4, %6;\n addc.u32 %2, 0, 0;"
      : "=r"(lo), "=r"(hi), "=r"(c)
      : "r"((unsigned)x), "r"((unsigned)(x >> 32)), "r"((unsigned)y), "r"((unsigned)(y >> 32)));
  o[7 * n + i] = (unsigned long long)hi << 32 | lo;
  o[8 * n + i] = c;
  asm("sub.cc.u32 %0, %2, %4;\n subc.u32 %1, %3, %5;"
      : "=r"(lo), "=r"(hi)
      : "r"((unsigned)x), "r"((unsigned)(x >> 32)), "r"((unsigned)y), "r"((unsigned)(y >> 32)));
  o[9 * n + i] = (unsigned long long)hi << 32 | lo;
  asm("mad.lo.cc.u32 %0, %2, %3, %4;\n madc.hi.u32 %1, %2, %3, %5;"
      : "=r"(lo), "=r"(hi)
      : "r"((unsigned)x), "r"((unsigned)y), "r"((unsigned)(x >> 32)), "r"((unsigned)(y >> 32)));
  o[10 * n + i] = (unsigned long long)hi << 32 | lo;
  o[11 * n + i] = s < t ? s >> (y & 63) : x << (y & 63);
  o[12 * n + i] = (unsigned long long)(short)x * 3 + (unsigned char)y - (signed char)(y >> 8);
}
// ---- fp32 / fp64 ----
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
int main() {
  {
    std::vector<unsigned short> m(64), t(64);
    for (int i = 0; i < 64; i++) m[i] = i * 37;
    for (int i = 0; i < 64; i++) t[i] = m[i % 8 * 8 + i / 8];
    std::vector<unsigned> a(32), r(32);
    memcpy(a.data(), m.data(), 128);
    memcpy(r.data(), t.data(), 128);
    Buf<unsigned> d(a), o(32);
    transpose8<<<1, 32>>>(d, o);
    CHECK("movmatrix", o.get() == r);
  }
  std::mt19937_64 rng(3);
  const int n = 8192;
  auto up = [](int k) { return (k + 127) / 128; };
  {
    std::vector<unsigned> a(n), b(n), c(n);
    for (int i = 0; i < n; i++) {
      a[i] = rng();
      b[i] = rng();
      c[i] = rng();
      if (i % 7 == 0) b[i] >>= rng() & 31;
      if (i % 11 == 0) a[i] = i % 2 ? 0x80000000u : 0xffffffffu;
      if (i % 13 == 0) b[i] = 0xffffffffu;
    }
    Buf<unsigned> da(a), db(b), dc(c), o(n * NI);
    int_ops<<<up(n), 128>>>(da, db, dc, o, n);
    auto v = o.get();
    int bad = 0;
    for (int k = 0; k < NI; k++)
      for (int i = 0; i < n; i++) {
        unsigned h = h_int(k, a[i], b[i], c[i]);
        if (h != v[k * n + i]) {
          if (bad++ < 5)
            printf("# int op %d (%08x %08x %08x): %08x, expected %08x\n", k, a[i], b[i], c[i],
                   v[k * n + i], h);
        }
      }
    CHECK("32-bit integer instructions", !bad);
  }
  {
    std::vector<unsigned long long> a(n), b(n);
    for (int i = 0; i < n; i++) {
      a[i] = rng();
      b[i] = rng();
      if (i % 5 == 0) a[i] |= ~0ull << 32;
      if (i % 9 == 0) b[i] = a[i] + 1;
    }
    Buf<unsigned long long> da(a), db(b), o(n * 13);
    wide_ops<<<up(n), 128>>>(da, db, o, n);
    auto v = o.get();
    int bad = 0;
    for (int i = 0; i < n; i++) {
      unsigned long long x = a[i], y = b[i];
      long long s = x, t = y;
      unsigned __int128 pu = (unsigned __int128)x * y;
      unsigned long long r[13] = {
          (unsigned long long)(pu >> 64),
          (unsigned long long)((__int128)s * t >> 64),
          x / (y >> 20 | 1),
          (unsigned long long)(s % (t >> 30 | 1)),
          (unsigned long long)(x >> (y & 63) ? __builtin_clzll(x >> (y & 63)) : 64),
          0,
          (unsigned long long)__builtin_popcountll(x & y),
          x + y,
          (unsigned long long)(x + y < x),
          x - y,
          (unsigned long long)(unsigned)x * (unsigned)y +
              ((unsigned long long)(unsigned)(y >> 32) << 32 | (unsigned)(x >> 32)),
          s < t ? (unsigned long long)(s >> (y & 63)) : x << (y & 63),
          (unsigned long long)(short)x * 3 + (unsigned char)y - (signed char)(y >> 8)};
      for (int k = 0; k < 64; k++) r[5] |= (x >> k & 1) << (63 - k);
      for (int k = 0; k < 13; k++)
        if (v[(size_t)k * n + i] != r[k]) {
          if (bad++ < 5)
            printf("# wide op %d: %llx expected %llx\n", k, v[(size_t)k * n + i], r[k]);
        }
    }
    CHECK("64-bit integer and carries", !bad);
  }
  auto rf = [&](int i) {
    uint32_t u = rng();
    if (i % 17 == 0) u = (i / 17 % 2) << 31;
    if (i % 19 == 0) u = 0x7f800000 | (rng() & 1) << 31;
    if (i % 23 == 0) u = rng() & 0x807fffff;
    if (i % 29 == 0)
      u |= 0x7fc00000;
    else if (i % 3)
      u = (u & 0x87ffffff) | 0x38000000;
    return bits<float>(u);
  };
  {
    std::vector<float> a(n), b(n), c(n);
    for (int i = 0; i < n; i++) {
      a[i] = rf(i);
      b[i] = rf(i * 5 + 1);
      c[i] = rf(i * 3 + 2);
    }
    Buf<float> da(a), db(b), dc(c);
    Buf<unsigned> o(n * 30);
    fp_ops<<<up(n), 128>>>(da, db, dc, o, n);
    auto v = o.get();
    int bad = 0;
    for (int k = 0; k < 30; k++)
      for (int i = 0; i < n; i++) {
        float h = h_fp(k, a[i], b[i], c[i]);
        unsigned hb;
        memcpy(&hb, &h, 4);
        unsigned g = v[k * n + i];
        bool both_nan = std::isnan(h) && (g & 0x7fffffff) > 0x7f800000;
        bool canon = k >= 24 || g == 0x7fffffff;
        bool zero =
            (k == 22 || k == 23) && a[i] == 0 && b[i] == 0 && h == 0 && (g & 0x7fffffff) == 0;
        if (!(g == hb || (both_nan && canon) || zero)) {
          if (bad++ < 5)
            printf("# fp op %d (%a %a %a): %08x expected %08x\n", k, a[i], b[i], c[i], g, hb);
        }
      }
    CHECK("fp32 with rounding modes", !bad);
  }
  {
    std::vector<double> a(n), b(n), c(n);
    auto rd = [&](int i) {
      double d = (double)(int64_t)rng() * std::ldexp(1.0, (int)(rng() % 60) - 90);
      if (i % 31 == 0) d = 0;
      if (i % 37 == 0) d = INFINITY;
      if (i % 41 == 0) d = bits<double>(rng() & 0x800fffffffffffffull);
      return d;
    };
    for (int i = 0; i < n; i++) {
      a[i] = rd(i);
      b[i] = rd(i * 3 + 1);
      c[i] = rd(i * 7 + 2);
    }
    Buf<double> da(a), db(b), dc(c);
    Buf<unsigned long long> o(n * 14);
    dp_ops<<<up(n), 128>>>(da, db, dc, o, n);
    auto v = o.get();
    int bad = 0;
    for (int i = 0; i < n; i++) {
      volatile double x = a[i], y = b[i], z = c[i];
      volatile double r[14];
      r[0] = x + y;
      fesetround(FE_UPWARD);
      r[1] = x + y;
      fesetround(FE_TOWARDZERO);
      r[2] = x * y;
      volatile float q = (float)x;
      r[11] = q;
      fesetround(FE_DOWNWARD);
      r[4] = x / y;
      r[6] = fma(x, y, z);
      fesetround(FE_TONEAREST);
      r[3] = x / y;
      r[5] = fma(x, y, z);
      r[7] = sqrt(fabs(x));
      r[8] = fmin(x, y);
      r[9] = floor(x);
      r[10] = (float)x;
      double m = x * 1e5;
      r[12] = m >= 9.3e18    ? 9223372036854775807.0
              : m <= -9.3e18 ? -9223372036854775808.0
                             : (double)(long long)m;
      double u = rint(fabs(x));
      r[13] = u >= 4294967295.0 ? 4294967295.0 : u;
      for (int k = 0; k < 14; k++) {
        double g;
        memcpy(&g, &v[(size_t)k * n + i], 8);
        double w = r[k];
        if (memcmp(&g, &w, 8) && !(std::isnan(g) && std::isnan(w))) {
          if (k == 8 && w == 0 && g == 0) continue;
          if (bad++ < 5)
            printf("# fp64 op %d (%a %a %a): %a expected %a\n", k, (double)x, (double)y, (double)z,
                   g, w);
        }
      }
    }
    CHECK("fp64 with rounding modes", !bad);
  }
  {
    std::vector<float> a(n);
    std::vector<unsigned long long> q(n);
    for (int i = 0; i < n; i++) {
      a[i] = i % 2 ? rf(i) : (float)((int64_t)rng() >> (rng() & 63)) * 0.37f;
      q[i] = (int64_t)rng() >> (rng() & 63);
    }
    Buf<float> da(a);
    Buf<unsigned long long> dq(q);
    Buf<unsigned> o(n * 28);
    cvt_ops<<<up(n), 128>>>(da, o, dq, n);
    auto v = o.get();
    int bad = 0;
    auto toi = [](double v, double lo, double hi) {
      return std::isnan(v) ? 0.0 : v < lo ? lo : v > hi ? hi : v;
    };
    for (int i = 0; i < n; i++) {
      float x = a[i];
      long long s = q[i];
      unsigned long long u = q[i];
      unsigned r[28];
      auto fb = [](float f) {
        unsigned b;
        memcpy(&b, &f, 4);
        return b;
      };
      r[0] = (unsigned)(int)toi(std::rint((double)x), -2147483648.0, 2147483647.0);
      r[1] = (unsigned)(int)toi(std::trunc((double)x), -2147483648.0, 2147483647.0);
      r[2] = (unsigned)(int)toi(std::ceil((double)x), -2147483648.0, 2147483647.0);
      r[3] = (unsigned)(int)toi(std::floor((double)x), -2147483648.0, 2147483647.0);
      r[4] = (unsigned)toi(std::trunc((double)x), 0, 4294967295.0);
      r[5] = (unsigned)toi(std::rint((double)x), 0, 4294967295.0);
      long long l = std::isnan(x)  ? 0
                    : x >= 0x1p63f ? INT64_MAX
                    : x < -0x1p63f ? INT64_MIN
                                   : (long long)x;
      r[6] = (unsigned)(l >> 7);
      unsigned long long ul = std::isnan(x) || x <= 0 ? 0
                              : x >= 0x1p64f          ? ~0ull
                                                      : (unsigned long long)rint((double)x);
      r[7] = (unsigned)(ul >> 7);
      volatile int si = (int)u;
      volatile unsigned ui = (unsigned)u;
      volatile float t;
      r[8] = fb((float)si);
      fesetround(FE_TOWARDZERO);
      t = (float)si;
      r[9] = fb(t);
      fesetround(FE_UPWARD);
      t = (float)ui;
      r[10] = fb(t);
      fesetround(FE_TONEAREST);
      r[11] = fb((float)s);
      fesetround(FE_DOWNWARD);
      {
        volatile long double ld = u;
        t = (float)ld;
      }
      fesetround(FE_TONEAREST);
      r[12] = fb(t);
      r[13] = fb((float)(double)s);
      r[14] = fb(x > 0 ? (x < 1 ? x : 1.f) : 0.f);
      r[15] = __half_as_ushort(__float2half_rn(x));
      r[16] = __half_as_ushort(__float2half_rz(x));
      r[17] = __half_as_ushort(__float2half_ru(x));
      r[18] = __half_as_ushort(__float2half_rd(x));
      r[19] = __bfloat16_as_ushort(__float2bfloat16_rn(x));
      r[20] = __bfloat16_as_ushort(__float2bfloat16_rz(x));
      r[21] = __half_as_ushort(__double2half((double)x * (1 + 1e-12)));
      r[22] = __nv_cvt_float_to_fp8(x, __NV_SATFINITE, __NV_E4M3);
      r[23] = __nv_cvt_float_to_fp8(x, __NV_SATFINITE, __NV_E5M2);
      r[24] = __half_as_ushort(__float2half_rn(x)) | (unsigned)__half_as_ushort(__float2half_rn(-x))
                                                         << 16;
      r[25] = __bfloat16_as_ushort(__float2bfloat16_rn(x)) |
              (unsigned)__bfloat16_as_ushort(__float2bfloat16_rn(2 * x)) << 16;
      r[26] = __half_as_ushort(__double2half((double)((int)u >> (u >> 59))));
      r[27] = (unsigned)__half2int_rz(__float2half_rn(x));
      for (int k = 0; k < 28; k++)
        if (v[(size_t)k * n + i] != r[k]) {
          if (std::isnan(x) && (k == 24 || k == 25 || k == 22 || k == 23 || k == 27)) continue;
          if (bad++ < 8)
            printf("# cvt %d (%a, %llx): %08x expected %08x\n", k, x, u, v[(size_t)k * n + i],
                   r[k]);
        }
    }
    CHECK("conversions", !bad);
  }
  {
    const int N = 65536;
    std::vector<unsigned short> h(N);
    for (int i = 0; i < N; i++) h[i] = i;
    Buf<unsigned short> dh(h);
    Buf<unsigned> o(N * 9);
    half_all<<<up(N), 128>>>(dh, o, N);
    auto v = o.get();
    int bad = 0;
    for (int i = 0; i < N; i++) {
      __half_raw hr;
      hr.x = i;
      __half x(hr);
      float f = __half2float(x), b = bf(i);
      unsigned r[9];
      memcpy(&r[0], &f, 4);
      memcpy(&r[1], &b, 4);
      bool nan = (i & 0x7fff) > 0x7c00;
      r[2] = nan ? v[2 * N + i] : (unsigned)(i ^ 0x8000);
      r[3] = nan ? 0x7fff : i;
      r[4] = (i & 0x7fff) > 0x7f80 ? 0x7fff : i;
      r[5] = nan                  ? 0
             : f >= 2147483648.f  ? INT32_MAX
             : f <= -2147483648.f ? (unsigned)INT32_MIN
                                  : (unsigned)(int)rintf(f);
      r[6] = nan ? v[6 * N + i] : __half_as_ushort(__float2half_rn(rintf(f)));
      r[7] = __nv_cvt_fp8_to_halfraw((__nv_fp8_storage_t)i, __NV_E4M3).x;
      r[8] = __nv_cvt_fp8_to_halfraw((__nv_fp8_storage_t)i, __NV_E5M2).x;
      for (int k = 0; k < 9; k++)
        if (v[k * N + i] != r[k]) {
          bool n8 = k >= 7 && (v[k * N + i] & 0x7fff) > 0x7c00 && (r[k] & 0x7fff) > 0x7c00;
          if (!n8 && bad++ < 8)
            printf("# half_all %d %04x: %08x expected %08x\n", k, i, v[k * N + i], r[k]);
        }
    }
    CHECK("all 65536 half and bfloat16 values", !bad);
  }
  {
    const int N = 40000;
    std::vector<unsigned short> a(N), b(N), c(N);
    for (int i = 0; i < N; i++) {
      a[i] = rng();
      b[i] = rng();
      c[i] = rng();
      if (i % 3 == 0) {
        b[i] = (a[i] & 0xfc00) ^ (rng() & 0x87ff);
      }
      if (i % 4 == 0) c[i] = 0x3c00 ^ (rng() & 0x8fff);
      if (i % 9 == 0) a[i] &= 0x83ff;
    }
    Buf<unsigned short> da(a), db(b), dc(c), o(N * 20);
    half_bin<<<up(N), 128>>>(da, db, dc, o, N);
    auto v = o.get();
    int bad = 0;
    for (int i = 0; i < N; i++) {
      float x = hf(a[i]), y = hf(b[i]), z = hf(c[i]), p = bf(a[i]), q = bf(b[i]), r = bf(c[i]);
      auto ref = [&](int k, bool& skip) -> unsigned {
        skip = false;
        auto H = [&](__float128 w, float plain) -> unsigned {
          if (std::isnan(plain)) return 0x7fff;
          if (std::isinf(plain)) return plain > 0 ? 0x7c00 : 0xfc00;
          return ref_round(w, 5, 10, std::signbit(plain));
        };
        auto B = [&](__float128 w, double plain) -> unsigned {
          if (std::isnan(plain)) return 0x7fff;
          if (std::isinf(plain)) return plain > 0 ? 0x7f80 : 0xff80;
          return ref_round(w, 8, 7, std::signbit(plain));
        };
        auto F = [](float t) { return (__float128)t; };
        // Exponents may be further apart than __float128 is wide: keep the direction of the small
        // term.
        auto sum = [](__float128 u, __float128 w) {
          __float128 t = u + w;
          if (w != 0 && t == u) {
            __float128 e = u < 0 ? -u : u;
            for (int j = 0; j < 100; j++) e /= 2;
            t = w > 0 ? u + e : u - e;
          }
          return t;
        };
        switch (k) {
          case 0:
            return H(F(x) + F(y), x + y);
          case 1:
            return H(F(x) - F(y), x - y);
          case 2:
            return H(F(x) * F(y), x * y);
          case 3:
            return H(F(x) * F(y) + F(z), fmaf(x, y, z));
          case 6: {
            unsigned t = H(F(x) + F(y), x + y);
            return t == 0x7fff ? 0 : t & 0x8000 ? 0 : std::min(t, 0x3c00u);
          }
          case 7: {
            unsigned t = H(F(x) * F(y) + F(z), fmaf(x, y, z));
            return t != 0x7fff && t & 0x8000 ? 0 : t;
          }
          case 9:
            return B(F(p) + F(q), (double)p + q);
          case 10:
            return B(F(p) - F(q), (double)p - q);
          case 11:
            return B(F(p) * F(q), (double)p * q);
          case 12:
            return B(sum(F(p) * F(q), F(r)), fma((double)p, (double)q, (double)r));
          case 15:
            return H(F(x) * F(y) + F(z), fmaf(x, y, z));
          case 16:
            return H(F(y) * F(z) + F(x), fmaf(y, z, x));
          case 17:
            return B(F(p) * F(q), (double)p * q);
          case 18:
            return B(F(q) * F(r), (double)q * r);
          case 4:
          case 5:
            if (std::isnan(x) || std::isnan(y) || (x == 0 && y == 0)) {
              skip = true;
              return 0;
            }
            return (k == 4 ? x < y : x > y) ? a[i] : b[i];
          case 13:
          case 14:
            if (std::isnan(p) || std::isnan(q) || (p == 0 && q == 0)) {
              skip = true;
              return 0;
            }
            return (k == 13 ? p < q : p > q) ? a[i] : b[i];
          case 19:
            return (x < y ? 1 : 0) | (!(x < y) ? 2 : 0) | (p == q ? 4 : 0) |
                   (std::isnan(x) ? 8 : 0) | (x < y || x > y ? 16 : 0);
          default:
            skip = true;
            return 0;
        }
      };
      for (int k = 0; k < 20; k++) {
        bool skip;
        unsigned w = ref(k, skip);
        if (!skip && v[k * N + i] != w) {
          if (bad++ < 8)
            printf("# half op %d (%04x %04x %04x): %04x expected %04x\n", k, a[i], b[i], c[i],
                   v[k * N + i], w);
        }
      }
    }
    CHECK("half and bfloat16 arithmetic, singly rounded", !bad);
  }
  return 0;
}
