// wgmma for several shapes, types, layouts.
#include <functional>
#include <string>

#include "wgmma.h"
struct Steps {
  u64 a[4], b[4];
};
template <class Op, bool RS>
__global__ void run(const unsigned char* img, int bytes, Steps st, int nsteps, const u32* afrag,
                    u32* out, int sd0, int poison) {
  extern __shared__ __align__(1024) unsigned char sb[];
  for (int i = threadIdx.x * 4; i < bytes; i += blockDim.x * 4)
    *(u32*)(sb + i) = *(const u32*)(img + i);
  proxy_fence();
  __syncthreads();
  typename Op::D d[Op::ND];
  u32 init[Op::ND];
  for (int j = 0; j < Op::ND; j++) {
    init[j] = out[j * 128 + threadIdx.x];
    memcpy(&d[j], &init[j], 4);
  }
  u64 base = (sm(sb) & 0x3ffff) >> 4;
  u32 a[4][4];
  if (RS)
    for (int s = 0; s < nsteps; s++)
      for (int i = 0; i < 4; i++) a[s][i] = afrag[(s * 4 + i) * 128 + threadIdx.x];
  wg_hold(d);
  wg_fence();
  if constexpr (RS) {
    for (int s = 0; s < nsteps; s++) Op::rs(d, a[s], st.b[s] + base, s ? 1 : sd0);
  } else
    for (int s = 0; s < nsteps; s++) Op::ss(d, st.a[s] + base, st.b[s] + base, s ? 1 : sd0);
  wg_commit();
  wg_wait<0>();
  wg_hold(d);
  for (int j = 0; j < Op::ND; j++) {
    u32 v;
    memcpy(&v, &d[j], 4);
    out[j * 128 + threadIdx.x] = v;
  }
}
// Element kinds on the host.
struct El {
  int bytes;
  std::function<double(u32)> val;
  std::function<u32(std::mt19937&)> rnd;
};
static double e4m3(u32 v) {
  int e = v >> 3 & 15, m = v & 7;
  double r = e ? std::ldexp(8 + m, e - 10) : std::ldexp(m, -9);
  return v & 128 ? -r : r;
}
static double e5m2(u32 v) {
  int e = v >> 2 & 31, m = v & 3;
  double r = e ? std::ldexp(4 + m, e - 17) : std::ldexp(m, -16);
  return v & 128 ? -r : r;
}
static double bfv(u32 v) {
  u32 x = v << 16;
  float f;
  memcpy(&f, &x, 4);
  return f;
}
static u32 bits(float f) {
  u32 x;
  memcpy(&x, &f, 4);
  return x;
}
static float rf(std::mt19937& g) { return (float)((int)(g() % 2001) - 1000) / 500.f; }
static El el(const char* t) {
  std::string s = t;
  if (s == "bf16")
    return {2, bfv, [](std::mt19937& g) {
              bf16 b(rf(g));
              unsigned short x;
              memcpy(&x, &b, 2);
              return (u32)x;
            }};
  if (s == "f16")
    return {2,
            [](u32 v) {
              unsigned short x = v;
              __half h;
              memcpy((void*)&h, &x, 2);
              return (double)(float)h;
            },
            [](std::mt19937& g) {
              __half b(rf(g));
              unsigned short x;
              memcpy(&x, &b, 2);
              return (u32)x;
            }};
  if (s == "tf32")
    return {4,
            [](u32 v) {
              v &= 0xffffe000u;
              float f;
              memcpy(&f, &v, 4);
              return (double)f;
            },
            [](std::mt19937& g) { return bits(rf(g)); }};
  if (s == "e4m3")
    return {1, e4m3, [](std::mt19937& g) {
              u32 v = g() & 255;
              if ((v & 127) > 0x50) v &= 0xbf;
              return v;
            }};
  if (s == "e5m2")
    return {1, e5m2, [](std::mt19937& g) {
              u32 v = g() & 255;
              if ((v & 127) > 0x48) v &= 0xbf;
              return v;
            }};
  if (s == "s8")
    return {1, [](u32 v) { return (double)(signed char)v; },
            [](std::mt19937& g) { return (u32)(g() & 255); }};
  return {1, [](u32 v) { return (double)v; }, [](std::mt19937& g) { return (u32)(g() & 255); }};
}
// Canonical layouts, as CUTLASS writes them down: offset in bytes of element (row, k) of a tile of
// R rows and K elements, before the swizzle.
struct Lay {
  size_t off(int r, int k) const {
    size_t kb = (size_t)k * es, W = swz == 1 ? 8 : swz == 2 ? 4 : swz == 3 ? 2 : 1, o;
    if (!mn) {
      o = swz ? kb / (16 * W) * (R / 8 * sbo()) + r % 8 * 16 * W + r / 8 * sbo() + kb % (16 * W)
              : kb / 16 * lbo() + r / 8 * sbo() + r % 8 * 16 + kb % 16;
    } else {
      size_t T = 16 / es;
      o = swz ? r % T * es + r / T % W * 16 + r / (T * W) * lbo() + k % 8 * 16 * W + k / 8 * sbo()
              : r % T * es + r / T * sbo() + k % 8 * 16 + k / 8 * lbo();
    }
    size_t line = o / 128, x = swz == 1 ? line & 7 : swz == 2 ? line & 3 : swz == 3 ? line & 1 : 0;
    return o ^ x << 4;
  }
  size_t sbo() const {
    size_t W = swz == 1 ? 8 : swz == 2 ? 4 : swz == 3 ? 2 : 1;
    if (!mn) return swz ? 128 * W : 128 + pad;
    return swz ? 128 * W : K / 8 * 128 + pad;
  }
  size_t lbo() const {
    size_t W = swz == 1 ? 8 : swz == 2 ? 4 : swz == 3 ? 2 : 1;
    if (!mn) return swz ? 16 : R / 8 * sbo();
    return swz ? K / 8 * 128 * W : 128;
  }
  u64 desc(size_t base, int step, int kk) const {
    size_t W = swz == 1   ? 8
               : swz == 2 ? 4
               : swz == 3 ? 2
                          : 1,
           a = base, kb = (size_t)step * kk * es;
    if (!mn)
      a += swz ? kb / (16 * W) * (R / 8 * sbo()) + kb % (16 * W) : kb / 16 * lbo();
    else
      a += (size_t)step * kk / 8 * (swz ? sbo() : lbo());
    return make_desc((u32)a, (u32)lbo(), (u32)sbo(), swz);
  }
  size_t bytes() const {
    size_t m = 0;
    for (int r = 0; r < R; r++)
      for (int k = 0; k < K; k++) m = std::max(m, off(r, k) + es);
    return (m + 1023) / 1024 * 1024;
  }
  int R, K, es, swz;
  bool mn;
  size_t pad;
};
template <class Op, bool RS>
void test(const char* ta, const char* tb, int N, int swA, int swB, bool mnA, bool mnB, int steps,
          int sd0 = 0, int sign = 1) {
  El A = el(ta), B = el(tb);
  const int KK = Op::KK, K = KK * steps;
  std::mt19937 g(N * 7 + swA * 3 + swB + steps);
  Lay la{64, K, A.bytes, swA, mnA, 0}, lb{N, K, B.bytes, swB, mnB, 0};
  std::vector<u32> a(64 * K), b((size_t)N * K);
  for (auto& x : a) x = A.rnd(g);
  for (auto& x : b) x = B.rnd(g);
  size_t ab = RS ? 0 : la.bytes();
  std::vector<unsigned char> img(ab + lb.bytes(), 0x7b);
  if (!RS)
    for (int r = 0; r < 64; r++)
      for (int k = 0; k < K; k++) memcpy(&img[la.off(r, k)], &a[r * K + k], A.bytes);
  for (int r = 0; r < N; r++)
    for (int k = 0; k < K; k++) memcpy(&img[ab + lb.off(r, k)], &b[(size_t)r * K + k], B.bytes);
  Steps st{};
  for (int s = 0; s < steps; s++) {
    st.a[s] = la.desc(0, s, KK);
    st.b[s] = lb.desc(ab, s, KK);
  }
  // A fragments: register i of lane l, element e: row l/4 + 8(i%2), k = E(l%4) + e + 4E(i/2)
  std::vector<u32> fr(4 * 4 * 128, 0);
  int E = 4 / A.bytes;
  for (int s = 0; s < steps; s++)
    for (int i = 0; i < 4; i++)
      for (int t = 0; t < 128; t++) {
        int l = t % 32;
        u32 v = 0;
        for (int e = 0; e < E; e++) {
          u32 x = a[(t / 32 * 16 + l / 4 + 8 * (i & 1)) * K + s * KK + E * (l % 4) + e +
                    4 * E * (i >> 1)];
          v |= x << (8 * A.bytes * e);
        }
        fr[(s * 4 + i) * 128 + t] = v;
      }
  const bool f16acc = Op::ND == N / 4;
  const bool isint = ta[0] == 's' || ta[0] == 'u';
  std::vector<u32> d0(Op::ND * 128);
  std::vector<double> want(64 * N), mag(64 * N, 1.0);
  auto where = [&](int j, int t, int h, int& r, int& c) {
    int l = t % 32;
    if (f16acc) {
      r = t / 32 * 16 + l / 4 + 8 * (j & 1);
      c = 8 * (j >> 1) + 2 * (l % 4) + h;
    } else {
      r = t / 32 * 16 + l / 4 + 8 * (j >> 1 & 1);
      c = 8 * (j >> 2) + 2 * (l % 4) + (j & 1);
    }
  };
  for (int j = 0; j < Op::ND; j++)
    for (int t = 0; t < 128; t++)
      for (int h = 0; h < (f16acc ? 2 : 1); h++) {
        int r, c;
        where(j, t, h, r, c);
        int v = (int)(g() % 64) - 32;
        want[r * N + c] = sd0 ? v : 0;
        if (f16acc) {
          __half x((float)v);
          unsigned short u;
          memcpy(&u, &x, 2);
          if (!h)
            d0[j * 128 + t] = u;
          else
            d0[j * 128 + t] |= (u32)u << 16;
        } else
          d0[j * 128 + t] = isint ? (u32)v : bits((float)v);
      }
  for (int r = 0; r < 64; r++)
    for (int c = 0; c < N; c++)
      for (int k = 0; k < K; k++) {
        double p = A.val(a[r * K + k]) * B.val(b[(size_t)c * K + k]);
        want[r * N + c] += sign * p;
        mag[r * N + c] += std::fabs(p);
      }
  DeviceBuffer<unsigned char> di(img);
  DeviceBuffer<u32> df(fr), dd(d0);
  CHECK_CUDA(
      cudaFuncSetAttribute(run<Op, RS>, cudaFuncAttributeMaxDynamicSharedMemorySize, 200000));
  run<Op, RS><<<1, 128, img.size()>>>(di, (int)img.size(), st, steps, df, dd, sd0, 0);
  auto o = dd.get();
  CHECK_CUDA(cudaDeviceSynchronize());
  double worst = 0;
  for (int j = 0; j < Op::ND; j++)
    for (int t = 0; t < 128; t++)
      for (int h = 0; h < (f16acc ? 2 : 1); h++) {
        int r, c;
        where(j, t, h, r, c);
        u32 v = o[j * 128 + t];
        double x;
        if (f16acc) {
          unsigned short u = h ? v >> 16 : v;
          __half q;
          memcpy((void*)&q, &u, 2);
          x = (float)q;
        } else if (isint)
          x = (int)v;
        else {
          float f;
          memcpy(&f, &v, 4);
          x = f;
        }
        worst = std::max(worst, std::fabs(x - want[r * N + c]) / mag[r * N + c]);
        if (x != x) worst = 1e9;
      }
  double tol = isint ? 0 : f16acc ? 2e-3 * steps : 1e-6;
  static const char* sw[4] = {"none", "128B", "64B", "32B"};
  char nm[160];
  sprintf(nm, "wgmma n%d %s x %s%s, A %s %s, B %s %s, %d steps%s%s", N, ta, tb,
          f16acc ? " -> f16" : "", RS ? "registers" : sw[swA],
          RS    ? ""
          : mnA ? "M-major"
                : "K-major",
          sw[swB], mnB ? "N-major" : "K-major", steps, sd0 ? ", accumulating" : "",
          sign < 0 ? ", negated" : "");
  if (!(worst <= tol)) printf("# error %g\n", worst);
  CHECK(nm, worst <= tol);
}
__global__ void too_early(const unsigned char* img, u64 da, u64 db,
                          float* o) {  // reads the accumulators before the wait
  extern __shared__ __align__(1024) unsigned char sb[];
  for (int i = threadIdx.x * 4; i < 8192; i += blockDim.x * 4) *(u32*)(sb + i) = 0;
  proxy_fence();
  __syncthreads();
  float d[4] = {1, 2, 3, 4};
  wg_fence();
  W<8, BF16>::ss(d, da + (sm(sb) >> 4), db + (sm(sb) >> 4));
  wg_commit();
  o[threadIdx.x] = d[0] * 2;
  wg_wait<0>();
  wg_hold(d);
  o[128 + threadIdx.x] = d[0] * 2;
}
int main() {
  for (int s = 0; s < 4; s++) {
    test<W<64, BF16>, false>("bf16", "bf16", 64, s, s, false, false, 4);
    test<W<64, BF16, true, true>, false>("bf16", "bf16", 64, s, s, true, true, 2, 1);
    test<W<128, BF16, false, true>, false>("bf16", "bf16", 128, s, 3 - s, false, true, 4);
  }
  test<W<8, BF16>, false>("bf16", "bf16", 8, 1, 1, false, false, 4);
  test<W<16, BF16>, false>("bf16", "bf16", 16, 2, 1, false, false, 2);
  test<W<24, BF16>, false>("bf16", "bf16", 24, 1, 0, false, false, 3, 1);
  test<W<96, BF16>, false>("bf16", "bf16", 96, 1, 1, false, false, 4);
  test<W<192, BF16, false, true>, false>("bf16", "bf16", 192, 1, 1, false, true, 2);
  test<W<256, BF16>, false>("bf16", "bf16", 256, 1, 1, false, false, 4, 1);
  test<W<64, BF16, true, false>, false>("bf16", "bf16", 64, 1, 1, true, false, 4);
  test<W<64, BF16>, true>("bf16", "bf16", 64, 0, 1, false, false, 4);
  test<W<128, BF16, false, true>, true>("bf16", "bf16", 128, 0, 1, false, true, 4, 1);
  test<W<64, BF16, false, false, -1, 1>, false>("bf16", "bf16", 64, 1, 1, false, false, 2, 1, -1);
  test<W<64, BF16, false, false, -1, -1>, false>("bf16", "bf16", 64, 1, 1, false, false, 2, 1);
  test<W<64, F16>, false>("f16", "f16", 64, 1, 1, false, false, 4, 1);
  test<W<120, F16, true, false>, false>("f16", "f16", 120, 2, 3, true, false, 2);
  test<W<64, F16>, true>("f16", "f16", 64, 0, 1, false, false, 4);
  test<W<64, F16ACC>, false>("f16", "f16", 64, 1, 1, false, false, 4, 1);
  test<W<8, F16ACC>, true>("f16", "f16", 8, 0, 2, false, false, 2);
  test<W<64, TF32>, false>("tf32", "tf32", 64, 1, 1, false, false, 4);
  test<W<8, TF32>, false>("tf32", "tf32", 8, 0, 3, false, false, 3, 1);
  test<W<120, TF32>, true>("tf32", "tf32", 120, 0, 2, false, false, 4);
  test<W<64, E4M3>, false>("e4m3", "e4m3", 64, 1, 1, false, false, 4);
  test<W<120, E5M2>, false>("e5m2", "e4m3", 120, 2, 0, false, false, 2, 1);
  test<W<64, E4M3>, true>("e4m3", "e4m3", 64, 0, 1, false, false, 3);
  test<W<64, E4M3_F16>, false>("e4m3", "e5m2", 64, 1, 1, false, false, 1);
  test<W<64, S8>, false>("s8", "s8", 64, 1, 1, false, false, 4, 1);
  test<W<32, U8>, false>("u8", "u8", 32, 3, 2, false, false, 4);
  test<W<64, S8U8>, true>("s8", "u8", 64, 0, 1, false, false, 2);
  test<W<8, S8>, true>("s8", "s8", 8, 0, 0, false, false, 4, 1);
  {
    DeviceBuffer<unsigned char> im(8192);
    DeviceBuffer<float> o(256);
    too_early<<<1, 128, 8192>>>(im, make_desc(0, 16, 1024, 1), make_desc(0, 16, 1024, 1), o);
    auto r = o.get();
    bool nan = true, good = true;
    for (int i = 0; i < 128; i++) {
      nan &= r[i] != r[i];
      good &= r[128 + i] == 2;
    }
    CHECK("accumulators read before wgmma.wait_group are poison", nan);
    CHECK("... and right after it", good);
  }
  return 0;
}
