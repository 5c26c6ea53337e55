// Arithmetic against the host: integer instructions, fp32/fp64 with rounding modes, fp16/bf16/fp8
// conversions.
#include <cfenv>
#include <cmath>
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_fp8.h>

#include "tests/vgpu/tests/arith_floating.cuh"
#include "tests/vgpu/tests/arith_integer.cuh"
int main() {
  {
    std::vector<unsigned short> m(64), t(64);
    for (int i = 0; i < 64; i++) m[i] = i * 37;
    for (int i = 0; i < 64; i++) t[i] = m[i % 8 * 8 + i / 8];
    std::vector<unsigned> a(32), r(32);
    memcpy(a.data(), m.data(), 128);
    memcpy(r.data(), t.data(), 128);
    DeviceBuffer<unsigned> d(a), o(32);
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
    DeviceBuffer<unsigned> da(a), db(b), dc(c), o(n * NI);
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
    DeviceBuffer<unsigned long long> da(a), db(b), o(n * 13);
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
    DeviceBuffer<float> da(a), db(b), dc(c);
    DeviceBuffer<unsigned> o(n * 30);
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
    DeviceBuffer<double> da(a), db(b), dc(c);
    DeviceBuffer<unsigned long long> o(n * 14);
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
    DeviceBuffer<float> da(a);
    DeviceBuffer<unsigned long long> dq(q);
    DeviceBuffer<unsigned> o(n * 28);
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
    DeviceBuffer<unsigned short> dh(h);
    DeviceBuffer<unsigned> o(N * 9);
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
    DeviceBuffer<unsigned short> da(a), db(b), dc(c), o(N * 20);
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
