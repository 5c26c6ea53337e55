// Arithmetic-free basics: launches, shared memory, divergence, atomics, warp operations, calls,
// memory spaces.
#include <algorithm>
#include <numeric>

#include "tests/vgpu/tests/check.h"
__global__ void vadd(const float* a, const float* b, float* c, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) c[i] = a[i] + b[i];
}
__global__ void block_sum(const float* a, float* o, int n) {
  __shared__ float s[32];
  float v = 0;
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x) v += a[i];
  for (int k = 16; k; k >>= 1) v += __shfl_xor_sync(~0u, v, k);
  if ((threadIdx.x & 31) == 0) s[threadIdx.x >> 5] = v;
  __syncthreads();
  if (threadIdx.x < 32) {
    v = threadIdx.x < blockDim.x / 32 ? s[threadIdx.x] : 0;
    for (int k = 16; k; k >>= 1) v += __shfl_down_sync(~0u, v, k);
    if (threadIdx.x == 0) o[blockIdx.x] = v;
  }
}
template <int T>
__global__ void matmul(const float* a, const float* b, float* c, int n) {
  __shared__ float sa[T][T], sb[T][T];
  int x = blockIdx.x * T + threadIdx.x, y = blockIdx.y * T + threadIdx.y;
  float acc = 0;
  for (int k = 0; k < n; k += T) {
    sa[threadIdx.y][threadIdx.x] = a[y * n + k + threadIdx.x];
    sb[threadIdx.y][threadIdx.x] = b[(k + threadIdx.y) * n + x];
    __syncthreads();
#pragma unroll
    for (int j = 0; j < T; j++) acc += sa[threadIdx.y][j] * sb[j][threadIdx.x];
    __syncthreads();
  }
  c[y * n + x] = acc;
}
__host__ __device__ inline int collatz(unsigned n, int limit) {
  int steps = 0;
  for (;;) {
    if (n == 1) break;
    if (steps > limit) return -1;
    if (n % 7 == 3) {
      n += 2;
      steps += 3;
      continue;
    }
    n = n & 1 ? 3 * n + 1 : n / 2;
    steps++;
  }
  return steps;
}
__global__ void divergent(int* o, int n, int limit) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  if (i % 5 == 4) {
    o[i] = -7;
    return;
  }
  o[i] = collatz(i + 1, limit);
}
__global__ void histogram(const unsigned char* in, int n, unsigned* g, unsigned* g2) {
  __shared__ unsigned h[256];
  for (int i = threadIdx.x; i < 256; i += blockDim.x) h[i] = 0;
  __syncthreads();
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x) {
    atomicAdd(&h[in[i]], 1u);
    atomicAdd(&g2[in[i]], 1u);
  }
  __syncthreads();
  for (int i = threadIdx.x; i < 256; i += blockDim.x) atomicAdd(&g[i], h[i]);
}
__global__ void cas_max(const float* in, int n, int* best) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  int old = *best, assumed;
  do {
    assumed = old;
    if (__int_as_float(assumed) >= in[i]) break;
    old = atomicCAS(best, assumed, __float_as_int(in[i]));
  } while (old != assumed);
}
__device__ int g_lock = 0;
__global__ void spinlock(int* counter) {  // every thread of a warp takes the same lock
  bool done = false;
  while (!done) {
    if (atomicCAS(&g_lock, 0, 1) == 0) {
      int v = *(volatile int*)counter;
      *(volatile int*)counter = v + 1;
      __threadfence();
      atomicExch(&g_lock, 0);
      done = true;
    }
  }
}
__global__ void spin_within_warp(
    volatile int* flag, int* o) {  // lane 0 waits for lane 31: needs independent thread scheduling
  if (threadIdx.x == 0) {
    while (*flag == 0) {
    }
    o[0] = 123;
  } else if (threadIdx.x == 31) {
    o[31] = 5;
    __threadfence();
    *flag = 1;
  }
  __syncwarp();
  if (threadIdx.x == 1) o[1] = o[0] + o[31];
}
__global__ void atomics(int* o, unsigned* u, float* f, double* d, unsigned long long* q) {
  int i = threadIdx.x + blockIdx.x * blockDim.x;
  atomicAdd(&o[0], i);
  atomicSub(&o[1], i);
  atomicMax(&o[2], i * 7 % 101 - 50);
  atomicMin(&o[3], i * 7 % 101 - 50);
  atomicExch(&o[4], 9);
  atomicAnd(&u[0], ~(1u << (i & 31)));
  atomicOr(&u[1], 1u << (i & 31));
  atomicXor(&u[2], i);
  atomicInc(&u[3], 9);
  atomicDec(&u[4], 9);
  atomicAdd(f, 0.5f);
  atomicAdd(d, 0.25);
  atomicAdd(q, 1ull << 33);
  atomicMax(q + 1, (unsigned long long)i << 32);
}
__global__ void warp_ops(unsigned* o) {
  unsigned l = threadIdx.x;
  o[l] = __ballot_sync(~0u, l % 3 == 0);
  o[32 + l] =
      __any_sync(~0u, l == 40) | __all_sync(~0u, l < 32) << 1 | (__any_sync(~0u, l == 3) << 2);
  o[64 + l] = __match_any_sync(~0u, l / 5);
  int pred;
  o[96 + l] = __match_all_sync(~0u, 7, &pred) + pred;
  o[128 + l] = __shfl_sync(~0u, l * 3, (l + 5) & 31);
  o[160 + l] = __shfl_up_sync(~0u, l, 3);
  o[192 + l] = __shfl_down_sync(~0u, l, 3, 8);
  o[224 + l] = __shfl_xor_sync(~0u, l, 5);
  o[256 + l] = __activemask();
  if (l & 1)
    o[288 + l] = __shfl_sync(0xaaaaaaaau, l, 1);
  else
    o[288 + l] = __ballot_sync(0x55555555u, l > 10);
  o[320 + l] =
      __reduce_add_sync(~0u, l) + __reduce_max_sync(~0u, l) + __reduce_xor_sync(~0u, l * 17);
  unsigned m = l < 9 ? 0x1ffu : ~0x1ffu;
  o[352 + l] = __shfl_sync(m, l, l < 9 ? 4 : 20);  // two member masks at one instruction
  o[384 + l] = (unsigned)__reduce_min_sync(~0u, (int)l - 10);
}
__device__ __noinline__ int fib(int n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }
struct Big {
  int a[6];
  double d;
};
__device__ __noinline__ Big twist(Big b, int k) {
  Big r;
  for (int i = 0; i < 6; i++) r.a[i] = b.a[(i + k) % 6] * 2;
  r.d = b.d + k;
  return r;
}
__global__ void calls(int* o) {
  int i = threadIdx.x;
  o[i] = i % 3 == 0 ? fib(i % 13) : -1;
  Big b;
  for (int k = 0; k < 6; k++) b.a[k] = i + k;
  b.d = i * 0.5;
  Big r = twist(b, i);
  o[64 + i] = r.a[0] + r.a[5] * 100 + (int)(r.d * 2);
}
__device__ __noinline__ int f_add(int a, int b) { return a + b; }
__device__ __noinline__ int f_mul(int a, int b) { return a * b; }
__device__ __noinline__ int f_sub(int a, int b) { return a - b; }
__device__ int (*const f_table[3])(int, int) = {f_add, f_mul, f_sub};
__global__ void fptr(int* o) {
  int i = threadIdx.x;
  o[i] = f_table[i % 3](i, 7);
}
__global__ void local_array(int* o, int n) {
  int a[32];
  for (int i = 0; i < 32; i++) a[i] = i * i + threadIdx.x;
  int s = 0;
  for (int i = 0; i < n; i++) {
    s += a[(i * 7 + threadIdx.x) & 31];
    a[s & 31] ^= i;
  }
  o[threadIdx.x] = s;
}
__global__ void switch_table(const int* in, int* o) {
  int v = in[threadIdx.x], r;
  switch (v) {
    case 0:
      r = 11;
      break;
    case 1:
      r = v * 3 + 5;
      break;
    case 2:
      r = -4;
      break;
    case 3:
      r = 100;
      [[fallthrough]];
    case 4:
      r = 7 + v;
      break;
    case 5:
      r = threadIdx.x;
      break;
    case 6:
      r = 66;
      break;
    case 7:
      r = v << 5;
      break;
    case 8:
      r = 3;
      break;
    case 9:
      r = 2;
      break;
    default:
      r = -1;
  }
  o[threadIdx.x] = r;
}
__constant__ int c_table[64];
__device__ int d_var[4] = {1, 2, 3, 4};
__device__ int* d_ptr = &d_var[2];
__constant__ float c_init[3] = {1.5f, -2.5f, 1e-40f};
__managed__ int m_var = 5;
__global__ void spaces(int* o, float* f) {
  int i = threadIdx.x;
  o[i] = c_table[i] + d_var[i & 3] + *d_ptr + m_var;
  if (i < 3) f[i] = c_init[i];
  __syncthreads();
  if (i == 0) {
    d_var[1] = 77;
    m_var = 6;
  }
}
extern __shared__ int dyn[];
__global__ void big_shared(int* o, int n) {
  for (int i = threadIdx.x; i < n; i += blockDim.x) dyn[i] = i * 3;
  __syncthreads();
  int s = 0;
  for (int i = threadIdx.x; i < n; i += blockDim.x) s += dyn[n - 1 - i];
  atomicAdd(o, s);
}
__global__ void generic_ptr(int* g, int* o) {
  __shared__ int s[32];
  int l[4] = {(int)threadIdx.x, 2, 3, 4};
  s[threadIdx.x] = threadIdx.x * 10;
  __syncwarp();
  int* p = threadIdx.x % 3 == 0   ? &g[threadIdx.x]
           : threadIdx.x % 3 == 1 ? &s[threadIdx.x]
                                  : &l[threadIdx.x & 3];
  *p += 1;
  o[threadIdx.x] =
      *p + (__isShared(p) ? 1000 : 0) + (__isGlobal(p) ? 2000 : 0) + (__isLocal(p) ? 4000 : 0);
}
struct __align__(16) V4 {
  float x, y, z, w;
};
__global__ void vectors(const float4* a, float4* o, const short4* s, short4* so, const uchar4* c,
                        int* co, const double2* d, double2* dd) {
  int i = threadIdx.x;
  float4 v = a[i ^ 1];
  o[i] = make_float4(v.w, v.z, v.y, v.x + i);
  short4 t = s[i];
  so[i] = make_short4(t.w, t.x, t.y, t.z);
  uchar4 u = c[i];
  co[i] = u.x + u.y * 2 + u.z * 3 + u.w * 4;
  double2 e = d[31 - i];
  dd[i] = make_double2(e.y, e.x);
}
__global__ void pipeline(int* o) {  // named barriers: producers arrive, consumers wait
  __shared__ int buf[64];
  int w = threadIdx.x / 32;
  for (int k = 0; k < 4; k++) {
    if (w < 2) {
      asm volatile("bar.sync 2, 128;" ::: "memory");
      buf[threadIdx.x] = k * 100 + threadIdx.x;
      asm volatile("bar.arrive 1, 128;" ::: "memory");
    } else {
      asm volatile("bar.arrive 2, 128;" ::: "memory");
      asm volatile("bar.sync 1, 128;" ::: "memory");
      o[k * 64 + threadIdx.x - 64] = buf[threadIdx.x - 64];
    }
  }
}
__global__ void bar_red(int* o) {
  o[threadIdx.x] =
      __syncthreads_count(threadIdx.x % 3 == 0) + 1000 * __syncthreads_and(threadIdx.x < 500) +
      2000 * __syncthreads_or(threadIdx.x == 77) + 4000 * __syncthreads_or(threadIdx.x == 7700);
}
__global__ void early_exit_barrier(int* o) {
  if (threadIdx.x >= 70) return;
  __shared__ int s;
  if (threadIdx.x == 0) s = 5;
  __syncthreads();
  o[threadIdx.x] = s;
}
__global__ void ids(unsigned* o) {
  unsigned t = threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z),
           b = blockIdx.x + gridDim.x * (blockIdx.y + gridDim.y * blockIdx.z);
  unsigned l, w;
  asm("mov.u32 %0, %%laneid;" : "=r"(l));
  asm volatile("mov.u32 %0, %%warpid;" : "=r"(w));
  o[b * blockDim.x * blockDim.y * blockDim.z + t] =
      (l == (t & 31)) + 2 * (w == t / 32) + 4 * (threadIdx.x < 5) + 8 * (blockDim.y == 3);
}
int main() {
  const int n = 10000;
  std::mt19937 rng(1);
  std::vector<float> a(n), b(n);
  for (auto& v : a) v = (int)(rng() % 2001) - 1000;
  for (auto& v : b) v = (int)(rng() % 2001) - 1000;
  Buf<float> da(a), db(b), dc(n);
  vadd<<<(n + 255) / 256, 256>>>(da, db, dc, n);
  CU(cudaGetLastError());
  auto c = dc.get();
  bool ok = true;
  for (int i = 0; i < n; i++) ok &= c[i] == a[i] + b[i];
  CHECK("vector add", ok);
  Buf<float> part(7);
  block_sum<<<7, 256>>>(da, part, n);
  {
    auto p = part.get();
    double s = 0, t = 0;
    for (auto v : p) s += v;
    for (auto v : a) t += v;
    CHECK("block reduction", s == t);
  }
  {
    const int m = 96;
    std::vector<float> x(m * m), y(m * m);
    for (auto& v : x) v = (int)(rng() % 7) - 3;
    for (auto& v : y) v = (int)(rng() % 7) - 3;
    Buf<float> dx(x), dy(y), dz(m * m);
    matmul<16><<<dim3(m / 16, m / 16), dim3(16, 16)>>>(dx, dy, dz, m);
    auto z = dz.get();
    ok = true;
    for (int i = 0; i < m; i++)
      for (int j = 0; j < m; j++) {
        float s = 0;
        for (int k = 0; k < m; k++) s += x[i * m + k] * y[k * m + j];
        ok &= s == z[i * m + j];
      }
    CHECK("tiled matmul", ok);
    matmul<32><<<dim3(m / 32, m / 32), dim3(32, 32)>>>(dx, dy, dz, m);
    CHECK("tiled matmul 32", dz.get() == z);
  }
  {
    Buf<int> o(1000);
    divergent<<<8, 128>>>(o, 1000, 60);
    auto v = o.get();
    ok = true;
    for (int i = 0; i < 1000; i++) ok &= v[i] == (i % 5 == 4 ? -7 : collatz(i + 1, 60));
    CHECK("divergent loops", ok);
  }
  {
    std::vector<unsigned char> x(20000);
    for (auto& v : x) v = (rng() & rng()) & 255;
    std::vector<unsigned> r(256);
    for (auto v : x) r[v]++;
    Buf<unsigned char> dx(x);
    Buf<unsigned> g(256), g2(256);
    histogram<<<5, 192>>>(dx, 20000, g, g2);
    CHECK("histogram shared", g.get() == r);
    CHECK("histogram global", g2.get() == r);
  }
  {
    std::vector<float> p(n);
    for (int i = 0; i < n; i++) p[i] = std::abs(a[i]) + i * 1e-3f;
    Buf<float> dp(p);
    Buf<int> best(1);
    cas_max<<<(n + 127) / 128, 128>>>(dp, n, best);
    int v = best.get()[0];
    float f;
    memcpy(&f, &v, 4);
    CHECK("atomicCAS max", f == *std::max_element(p.begin(), p.end()));
  }
  {
    Buf<int> cnt(1);
    spinlock<<<4, 96>>>(cnt);
    CHECK("spin lock inside warps", cnt.get()[0] == 4 * 96);
  }
  {
    Buf<int> fl(1), o(32);
    spin_within_warp<<<1, 32>>>(fl, o);
    CHECK("lane waits for lane", o.get()[1] == 128);
  }
  {
    Buf<int> o(5);
    Buf<unsigned> u(std::vector<unsigned>{~0u, 0, 0, 0, 0});
    Buf<float> f(1);
    Buf<double> d(1);
    Buf<unsigned long long> q(2);
    atomics<<<3, 64>>>(o, u, f, d, q);
    int N = 192;
    auto O = o.get();
    auto U = u.get();
    unsigned x = 0;
    int mx = 0, mn = 0;
    for (int i = 0; i < N; i++) {
      x ^= i;
      mx = std::max(mx, i * 7 % 101 - 50);
      mn = std::min(mn, i * 7 % 101 - 50);
    }
    CHECK("atomics int",
          O[0] == N * (N - 1) / 2 && O[1] == -O[0] && O[2] == mx && O[3] == mn && O[4] == 9);
    CHECK("atomics bits", U[0] == 0 && U[1] == ~0u && U[2] == x);
    CHECK("atomics inc/dec", U[3] == 192 % 10 && U[4] == (10 - 192 % 10) % 10);
    CHECK("atomics float", f.get()[0] == 96.f && d.get()[0] == 48.0);
    CHECK("atomics 64", q.get()[0] == 192ull << 33 && q.get()[1] == 191ull << 32);
  }
  {
    Buf<unsigned> o(416);
    warp_ops<<<1, 32>>>(o);
    auto v = o.get();
    unsigned bal = 0, bal2 = 0, rx = 0;
    for (unsigned l = 0; l < 32; l++) {
      bal |= (l % 3 == 0) << l;
      if (!(l & 1) && l > 10) bal2 |= 1u << l;
      rx ^= l * 17;
    }
    bool k[13];
    for (auto& z : k) z = true;
    for (unsigned l = 0; l < 32; l++) {
      k[0] &= v[l] == bal;
      k[1] &= v[32 + l] == 6;
      unsigned m = 0;
      for (unsigned j = 0; j < 32; j++) m |= (j / 5 == l / 5) << j;
      k[2] &= v[64 + l] == m;
      k[3] &= v[96 + l] == 0;
      k[4] &= v[128 + l] == ((l + 5) & 31) * 3;
      k[5] &= v[160 + l] == (l < 3 ? l : l - 3);
      k[6] &= v[192 + l] == ((l & 7) + 3 > 7 ? l : l + 3);
      k[7] &= v[224 + l] == (l ^ 5);
      k[8] &= v[256 + l] == ~0u;
      k[9] &= v[288 + l] == (l & 1 ? 1 : bal2);
      k[10] &= v[320 + l] == 496 + 31 + rx;
      k[11] &= v[352 + l] == (l < 9 ? 4 : 20);
      k[12] &= (int)v[384 + l] == -10;
    }
    const char* nm[13] = {
        "ballot",  "any/all",          "match any",       "match all",  "shfl idx",
        "shfl up", "shfl down w8",     "shfl xor",        "activemask", "divergent collectives",
        "redux",   "two member masks", "redux min signed"};
    for (int i = 0; i < 13; i++) CHECK(nm[i], k[i]);
  }
  {
    Buf<int> o(128);
    calls<<<1, 64>>>(o);
    auto v = o.get();
    ok = true;
    int fibs[13] = {0, 1};
    for (int i = 2; i < 13; i++) fibs[i] = fibs[i - 1] + fibs[i - 2];
    for (int i = 0; i < 64; i++) {
      ok &= v[i] == (i % 3 ? -1 : fibs[i % 13]);
      int a0 = (i + (0 + i) % 6) * 2, a5 = (i + (5 + i) % 6) * 2;
      ok &= v[64 + i] == a0 + a5 * 100 + (int)((i * 0.5 + i) * 2);
    }
    CHECK("recursion and struct arguments", ok);
  }
  {
    Buf<int> o(32);
    fptr<<<1, 32>>>(o);
    auto v = o.get();
    ok = true;
    for (int i = 0; i < 32; i++) ok &= v[i] == (i % 3 == 0 ? i + 7 : i % 3 == 1 ? i * 7 : i - 7);
    CHECK("function pointers", ok);
  }
  {
    Buf<int> o(64);
    local_array<<<1, 64>>>(o, 100);
    auto v = o.get();
    ok = true;
    for (int t = 0; t < 64; t++) {
      int q[32];
      for (int i = 0; i < 32; i++) q[i] = i * i + t;
      int s = 0;
      for (int i = 0; i < 100; i++) {
        s += q[(i * 7 + t) & 31];
        q[s & 31] ^= i;
      }
      ok &= v[t] == s;
    }
    CHECK("local arrays", ok);
  }
  {
    std::vector<int> x(64);
    for (int i = 0; i < 64; i++) x[i] = rng() % 12;
    Buf<int> dx(x), o(64);
    switch_table<<<1, 64>>>(dx, o);
    auto v = o.get();
    ok = true;
    for (int i = 0; i < 64; i++) {
      int q = x[i], r;
      switch (q) {
        case 0:
          r = 11;
          break;
        case 1:
          r = q * 3 + 5;
          break;
        case 2:
          r = -4;
          break;
        case 3:
        case 4:
          r = 7 + q;
          break;
        case 5:
          r = i;
          break;
        case 6:
          r = 66;
          break;
        case 7:
          r = q << 5;
          break;
        case 8:
          r = 3;
          break;
        case 9:
          r = 2;
          break;
        default:
          r = -1;
      }
      ok &= v[i] == r;
    }
    CHECK("switch table", ok);
  }
  {
    std::vector<int> t(64);
    for (int i = 0; i < 64; i++) t[i] = i * i;
    CU(cudaMemcpyToSymbol(c_table, t.data(), 256));
    Buf<int> o(64);
    Buf<float> f(3);
    m_var = 9;
    spaces<<<1, 64>>>(o, f);
    CU(cudaDeviceSynchronize());
    auto v = o.get();
    ok = true;
    for (int i = 2; i < 64; i += 2) ok &= v[i] == i * i + (i & 3) + 1 + 3 + 9;
    CHECK("constant and device variables", ok);
    int back[4];
    CU(cudaMemcpyFromSymbol(back, d_var, 16));
    CHECK("symbols", back[1] == 77 && back[3] == 4);
    CHECK("managed variable", m_var == 6);
    auto ff = f.get();
    CHECK("initialisers", ff[0] == 1.5f && ff[1] == -2.5f && ff[2] == 1e-40f);
  }
  {
    int m = 50000;
    CHECK("48 KB limit",
          (big_shared<<<1, 256, m * 4>>>(nullptr, m), cudaGetLastError() == cudaErrorInvalidValue));
    m = 25000;
    CU(cudaFuncSetAttribute(big_shared, cudaFuncAttributeMaxDynamicSharedMemorySize, m * 4));
    Buf<int> o(1);
    big_shared<<<1, 256, m * 4>>>(o, m);
    CU(cudaGetLastError());
    CHECK("dynamic shared 100 KB", o.get()[0] == (int)(3ull * m * (m - 1) / 2));
  }
  {
    std::vector<int> g(32);
    std::iota(g.begin(), g.end(), 500);
    Buf<int> dg(g), o(32);
    generic_ptr<<<1, 32>>>(dg, o);
    auto v = o.get();
    ok = true;
    for (int i = 0; i < 32; i++) {
      int l[4] = {i, 2, 3, 4};
      ok &= v[i] == (i % 3 == 0   ? 2000 + 501 + i
                     : i % 3 == 1 ? 1000 + i * 10 + 1
                                  : 4000 + l[i & 3] + 1);
    }
    CHECK("generic pointers", ok);
  }
  {
    std::vector<float4> x(32);
    std::vector<short4> s(32);
    std::vector<uchar4> u(32);
    std::vector<double2> d(32);
    for (int i = 0; i < 32; i++) {
      x[i] = make_float4(i, i + .25f, i + .5f, i + .75f);
      s[i] = make_short4(i, -i, 2 * i, 3);
      u[i] = make_uchar4(i, 200, 7, 255);
      d[i] = make_double2(i, -i);
    }
    Buf<float4> dx(x), o(32);
    Buf<short4> ds(s), so(32);
    Buf<uchar4> du(u);
    Buf<int> co(32);
    Buf<double2> d1(d), d2(32);
    vectors<<<1, 32>>>(dx, o, ds, so, du, co, d1, d2);
    auto v = o.get();
    auto w = so.get();
    auto cc = co.get();
    auto e = d2.get();
    ok = true;
    for (int i = 0; i < 32; i++) {
      auto q = x[i ^ 1];
      ok &= v[i].x == q.w && v[i].y == q.z && v[i].z == q.y && v[i].w == q.x + i && w[i].x == 3 &&
            w[i].y == i && w[i].z == -i && w[i].w == 2 * i && cc[i] == i + 400 + 21 + 1020 &&
            e[i].x == -(31 - i) && e[i].y == 31 - i;
    }
    CHECK("vector loads and stores", ok);
  }
  {
    Buf<int> o(256);
    pipeline<<<1, 128>>>(o);
    auto v = o.get();
    ok = true;
    for (int k = 0; k < 4; k++)
      for (int i = 0; i < 64; i++) ok &= v[k * 64 + i] == k * 100 + i;
    CHECK("named barriers", ok);
  }
  {
    Buf<int> o(256);
    bar_red<<<1, 256>>>(o);
    auto v = o.get();
    ok = true;
    for (auto x : v) ok &= x == 86 + 1000 + 2000;
    CHECK("barrier reductions", ok);
  }
  {
    Buf<int> o(128);
    early_exit_barrier<<<1, 128>>>(o);
    auto v = o.get();
    ok = true;
    for (int i = 0; i < 128; i++) ok &= v[i] == (i < 70 ? 5 : 0);
    CHECK("barrier with exited threads", ok);
  }
  {
    Buf<unsigned> o(2 * 3 * 2 * 5 * 3 * 4);
    ids<<<dim3(2, 3, 2), dim3(5, 3, 4)>>>(o);
    auto v = o.get();
    ok = true;
    for (auto x : v) ok &= x == 15;
    CHECK("thread and block ids", ok);
  }
  return 0;
}
