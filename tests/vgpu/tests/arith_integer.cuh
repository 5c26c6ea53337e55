// Integer instructions of the arithmetic test, and the host's idea of their results.
#pragma once
#include <algorithm>

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
ASM2(x_mulhi_s, "mul.hi.s32");
ASM2(x_mulhi_u, "mul.hi.u32");
ASM2(x_div_s, "div.s32");
ASM2(x_div_u, "div.u32");
ASM2(x_rem_s, "rem.s32");
ASM2(x_rem_u, "rem.u32");
ASM2(x_mul24, "mul24.lo.s32");
ASM3(x_mad24h, "mad24.hi.u32");
ASM3(x_sad_s, "sad.s32");
ASM3(x_sad_u, "sad.u32");
ASM2(x_addsat, "add.sat.s32");
ASM2(x_subsat, "sub.sat.s32");
ASM3(x_bfe_s, "bfe.s32");
ASM3(x_bfe_u, "bfe.u32");
ASM3(x_prmt, "prmt.b32");
ASM3(x_prmt_f4e, "prmt.b32.f4e");
ASM3(x_prmt_ecr, "prmt.b32.ecr");
ASM3(x_shf_lw, "shf.l.wrap.b32");
ASM3(x_shf_rc, "shf.r.clamp.b32");
ASM2(x_shl, "shl.b32");
ASM2(x_shr_s, "shr.s32");
ASM2(x_shr_u, "shr.u32");
ASM1(x_bfind_s, "bfind.s32");
ASM1(x_bfind_sa, "bfind.shiftamt.u32");
ASM2(x_bmsk, "bmsk.clamp.b32");
ASM3(x_fns, "fns.b32");
ASM3(x_dp4a, "dp4a.s32.u32");
ASM3(x_dp2a, "dp2a.hi.u32.s32");
ASM2(x_szext, "szext.wrap.s32");
ASM2(x_min_s, "min.s32");
ASM2(x_max_u, "max.u32");
ASM1(x_clz, "clz.b32");
ASM1(x_popc, "popc.b32");
ASM1(x_brev, "brev.b32");
ASM1(x_abs, "abs.s32");
ASM1(x_cnot, "cnot.b32");
ASM3(x_madhi, "mad.hi.s32");
ASM2(x_add16x2, "add.u16x2") __device__ unsigned x_lop3(unsigned a, unsigned b, unsigned c) {
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
