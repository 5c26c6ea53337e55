// CUB block and warp primitives, cuRAND device generators, fast-math functions.
#include <algorithm>
#include <cmath>
#include <cub/cub.cuh>
#include <numeric>

#include "tests/vgpu/tests/check.h"
template <int B, int I>
__global__ void block_prims(const int* in, int* sorted, int* scan, int* red) {
  using Load = cub::BlockLoad<int, B, I, cub::BLOCK_LOAD_TRANSPOSE>;
  using Sort = cub::BlockRadixSort<int, B, I>;
  using Scan = cub::BlockScan<int, B, cub::BLOCK_SCAN_RAKING>;
  using Red = cub::BlockReduce<int, B>;
  using Store = cub::BlockStore<int, B, I, cub::BLOCK_STORE_WARP_TRANSPOSE>;
  __shared__ union {
    typename Load::TempStorage l;
    typename Sort::TempStorage s;
    typename Scan::TempStorage c;
    typename Red::TempStorage r;
    typename Store::TempStorage t;
  } u;
  int v[I], w[I];
  int base = blockIdx.x * B * I;
  Load(u.l).Load(in + base, v);
  __syncthreads();
  Scan(u.c).InclusiveSum(v, w);
  __syncthreads();
  Store(u.t).Store(scan + base, w);
  __syncthreads();
  int s = Red(u.r).Sum(v);
  if (threadIdx.x == 0) red[blockIdx.x] = s;
  __syncthreads();
  Sort(u.s).Sort(v);
  __syncthreads();
  Store(u.t).Store(sorted + base, v);
}
__global__ void warp_prims(const int* in, int* o) {
  using WS = cub::WarpScan<int>;
  using WR = cub::WarpReduce<int, 16>;
  using MS = cub::WarpMergeSort<int, 4, 32>;
  __shared__ typename WS::TempStorage a;
  __shared__ typename WR::TempStorage b[2];
  __shared__ typename MS::TempStorage c;
  int x;
  WS(a).ExclusiveSum(in[threadIdx.x], x);
  o[threadIdx.x] = x;
  int r = WR(b[threadIdx.x / 16]).Sum(in[threadIdx.x]);
  if (threadIdx.x % 16 == 0) o[32 + threadIdx.x / 16] = r;
  int v[4];
  for (int k = 0; k < 4; k++) v[k] = in[threadIdx.x * 4 + k];
  MS(c).Sort(v, [] __device__(int p, int q) { return p < q; });
  for (int k = 0; k < 4; k++) o[64 + threadIdx.x * 4 + k] = v[k];
}
__global__ void fast(const float* x, float* o, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  float v = x[i];
  o[i] = __expf(v);
  o[n + i] = __logf(fabsf(v) + 1e-3f);
  o[2 * n + i] = __sinf(v);
  o[3 * n + i] = __cosf(v);
  o[4 * n + i] = __fdividef(v, 3.3f);
  o[5 * n + i] = rsqrtf(fabsf(v) + 0.1f);
  float t;
  asm("tanh.approx.f32 %0, %1;" : "=f"(t) : "f"(v));
  o[6 * n + i] = t;
  o[7 * n + i] = expf(v);
  o[8 * n + i] = tanhf(v);
  o[9 * n + i] = erff(v);
  o[10 * n + i] = sinf(v * 1000);
  o[11 * n + i] = powf(fabsf(v), 1.7f);
  o[12 * n + i] = log1pf(fabsf(v));
  o[13 * n + i] = (float)exp((double)v);
  o[14 * n + i] = (float)atan2((double)v, 2.0);
  o[15 * n + i] = cbrtf(v);
}
int main() {
  std::mt19937 g(11);
  {
    const int B = 128, I = 7, nb = 5, n = B * I * nb;
    std::vector<int> a(n);
    for (auto& v : a) v = (int)g() >> 8;
    DeviceBuffer<int> d(a), so(n), sc(n), re(nb);
    block_prims<B, I><<<nb, B>>>(d, so, sc, re);
    auto s = so.get(), c = sc.get(), r = re.get();
    bool o1 = true, o2 = true, o3 = true;
    for (int b = 0; b < nb; b++) {
      std::vector<int> t(a.begin() + b * B * I, a.begin() + (b + 1) * B * I), p(B * I);
      std::partial_sum(t.begin(), t.end(), p.begin());
      o2 &= std::equal(p.begin(), p.end(), c.begin() + b * B * I);
      o3 &= p.back() == r[b];
      std::sort(t.begin(), t.end());
      o1 &= std::equal(t.begin(), t.end(), s.begin() + b * B * I);
    }
    CHECK("cub::BlockRadixSort", o1);
    CHECK("cub::BlockScan", o2);
    CHECK("cub::BlockReduce", o3);
  }
  {
    std::vector<int> a(128);
    for (auto& v : a) v = (int)(g() % 1000);
    DeviceBuffer<int> d(a), o(192);
    warp_prims<<<1, 32>>>(d, o);
    auto v = o.get();
    bool k = true;
    int s = 0;
    for (int i = 0; i < 32; i++) {
      k &= v[i] == s;
      s += a[i];
    }
    k &= v[32] == std::accumulate(a.begin(), a.begin() + 16, 0) &&
         v[33] == std::accumulate(a.begin() + 16, a.begin() + 32, 0);
    std::sort(a.begin(), a.end());
    k &= std::equal(a.begin(), a.end(), v.begin() + 64);
    CHECK("cub warp primitives", k);
  }
  {
    int n = 4000;
    std::vector<float> x(n);
    for (int i = 0; i < n; i++) x[i] = (i - n / 2) * 0.005f;
    DeviceBuffer<float> d(x), o(16 * n);
    fast<<<(n + 127) / 128, 128>>>(d, o, n);
    auto v = o.get();
    const char* nm[16] = {"__expf",      "__logf", "__sinf", "__cosf", "__fdividef", "rsqrtf",
                          "tanh.approx", "expf",   "tanhf",  "erff",   "sinf",       "powf",
                          "log1pf",      "exp",    "atan2",  "cbrtf"};
    double tol[16] = {4e-6, 1e-5, 2e-6, 2e-6, 1e-6, 1e-6, 5e-4, 3e-7,
                      3e-7, 4e-7, 4e-7, 1e-6, 3e-7, 1e-7, 1e-7, 3e-7};
    for (int k = 0; k < 16; k++) {
      double worst = 0;
      for (int i = 0; i < n; i++) {
        double t = x[i], r;
        switch (k) {
          case 0:
          case 7:
          case 13:
            r = exp(t);
            break;
          case 1:
            r = log((double)(fabsf(x[i]) + 1e-3f));
            break;
          case 2:
            r = sin(t);
            break;
          case 3:
            r = cos(t);
            break;
          case 4:
            r = t / (double)3.3f;
            break;
          case 5:
            r = 1 / sqrt((double)(fabsf(x[i]) + 0.1f));
            break;
          case 6:
          case 8:
            r = tanh(t);
            break;
          case 9:
            r = erf(t);
            break;
          case 10:
            r = sin((double)(x[i] * 1000));
            break;
          case 11:
            r = pow(fabs(t), (double)1.7f);
            break;
          case 12:
            r = log1p(fabs(t));
            break;
          case 14:
            r = atan2(t, 2.0);
            break;
          default:
            r = cbrt(t);
        }
        double err = std::fabs(v[(size_t)k * n + i] - r) /
                     (k == 2 || k == 3 || k == 10 || k == 1 ? 1.0 : std::max(std::fabs(r), 1e-30));
        worst = std::max(worst, err);
      }
      if (!(worst <= tol[k])) printf("# %s: error %g\n", nm[k], worst);
      CHECK(nm[k], worst <= tol[k]);
    }
  }
  return 0;
}
