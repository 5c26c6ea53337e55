// The kernels of the basic test.
#pragma once
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
__device__ unsigned vote_uniform(unsigned value) {  // whether all lanes agree
  unsigned agree;
  asm volatile(
      "{.reg .pred p, q; setp.ne.u32 p, %1, 0; vote.sync.uni.pred q, p, 0xffffffff;"
      " selp.u32 %0, 1, 0, q;}"
      : "=r"(agree)
      : "r"(value));
  return agree;
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
  o[416 + l] = vote_uniform(1) | vote_uniform(0) << 1 | vote_uniform(l < 9) << 2;
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
