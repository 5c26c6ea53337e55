// Pipelines with several things in flight, other instruction forms, graphs.
#include "wgmma.h"
// Two sets of accumulators in flight; the warps drift apart.
__global__ void two_sets(const unsigned char* img, float* o, int steps) {
  extern __shared__ __align__(1024) unsigned char sb[];
  for (int i = threadIdx.x * 4; i < 32768; i += blockDim.x * 4)
    *(u32*)(sb + i) = *(const u32*)(img + i);
  proxy_fence();
  __syncthreads();
  float d[2][16] = {}, extra = 0;
  u64 a = make_desc(sm(sb), 16, 1024, 1), b = make_desc(sm(sb) + 16384, 16, 1024, 1);
  for (int s = 0; s < steps; s += 2) {
    wg_hold(d[0]);
    wg_hold(d[1]);
    wg_fence();
    W<32, BF16>::ss(d[0], a, b);
    W<32, BF16>::ss(d[0], a + 2, b + 2);
    wg_commit();
    for (volatile int k = 0; k < (int)(threadIdx.x / 32) * 40; k = k + 1) {
    }
    wg_fence();
    W<32, BF16>::ss(d[1], a + 4, b + 4);
    wg_commit();
    wg_wait<1>();
    wg_hold(d[0]);
    extra += d[0][3];  // d[1] is still in flight
    wg_wait<0>();
    wg_hold(d[1]);
    asm volatile("bar.sync 1, 128;" ::: "memory");
  }
  for (int j = 0; j < 16; j++) {
    o[j * 128 + threadIdx.x] = d[0][j];
    o[(16 + j) * 128 + threadIdx.x] = d[1][j];
  }
  o[32 * 128 + threadIdx.x] = extra;
}
// test_wait polling, generic addresses, elect.
__global__ void poll(int* o) {
  __shared__ alignas(8) u64 b;
  __shared__ int v;
  if (threadIdx.x == 0) {
    v = 0;
    asm volatile("mbarrier.init.b64 [%0], 1;" ::"l"(&b) : "memory");
  }
  __syncthreads();
  if (threadIdx.x < 32) {
    u32 p;
    asm volatile("{ .reg .pred P; elect.sync _|P, 0xffffffff; selp.u32 %0, 1, 0, P; }" : "=r"(p));
    for (volatile int k = 0; k < 3000; k = k + 1) {
    }
    if (p) {
      v = 42;
      asm volatile("{ .reg .b64 s; mbarrier.arrive.b64 s, [%0]; }" ::"l"(&b) : "memory");
    }
  } else {
    u32 done = 0;
    while (!done)
      asm volatile(
          "{ .reg .pred P; mbarrier.test_wait.parity.b64 P, [%1], 0; selp.u32 %0, 1, 0, P; }"
          : "=r"(done)
          : "l"(&b)
          : "memory");
    o[threadIdx.x - 32] = v;
  }
}
// A ring of two buffers behind bulk stores; one group per step, only .read waits.
__global__ void store_ring(int* out, int steps) {
  __shared__ alignas(128) int buf[2][128];
  for (int s = 0; s < steps; s++) {
    if (threadIdx.x == 0 && s >= 2) bulk_wait_read<1>();
    __syncthreads();
    buf[s & 1][threadIdx.x] = s * 1000 + threadIdx.x;
    proxy_fence();
    __syncthreads();
    if (threadIdx.x == 0) {
      asm volatile(
          "cp.async.bulk.global.shared::cta.bulk_group.L2::cache_hint [%0], [%1], 512, %2;" ::"l"(
              out + (blockIdx.x * steps + s) * 128),
          "r"(sm(buf[s & 1])), "l"(0ull)
          : "memory");
      bulk_commit();
    }
  }
  if (threadIdx.x == 0) bulk_wait_read<0>();
}
__global__ void prefetches(const __grid_constant__ CUtensorMap m, const int* p, int* o) {
  if (threadIdx.x == 0) {
    asm volatile("prefetch.tensormap [%0];" ::"l"(&m) : "memory");
    asm volatile("cp.async.bulk.prefetch.L2.global [%0], 128;" ::"l"(p));
    asm volatile("cp.async.bulk.prefetch.tensor.2d.L2.global.tile [%0, {%1, %2}];" ::"l"(&m),
                 "r"(0), "r"(0));
    [[maybe_unused]] u64 policy;
    asm volatile("createpolicy.fractional.L2::evict_last.b64 %0, 1.0;" : "=l"(policy));
    *o = 1;
  }
}
// Persistent clusters: two blocks share every tile of B by multicast, tiles are taken round robin,
// C accumulates into fp32 by TMA reduction.
struct PS {
  bf16 a[2][64 * 64], b[2][64 * 64];
  float c[64 * 32 * 2];
  u64 full[2], empty[2];
};
__global__ void __cluster_dims__(2, 1, 1) __launch_bounds__(256)
    persistent(const __grid_constant__ CUtensorMap ma, const __grid_constant__ CUtensorMap mb,
               const __grid_constant__ CUtensorMap mc, int tiles, int nk) {
  extern __shared__ unsigned char raw[];
  PS& s = *(PS*)(((size_t)raw + 1023) & ~(size_t)1023);
  const u32 r = cluster_rank(), cl = blockIdx.x / 2, ncl = gridDim.x / 2;
  if (threadIdx.x == 0) {
    for (int i = 0; i < 2; i++) {
      bar_init(&s.full[i], 1);
      bar_init(&s.empty[i], 2);
    }
    bar_fence_init();
  }
  __syncthreads();
  cluster_arrive();
  cluster_wait();
  const int wg = threadIdx.x / 128;
  int it = 0;
  if (wg == 0) {
    if (threadIdx.x == 0)
      for (int t = cl; t < tiles; t += ncl)
        for (int k = 0; k < nk; k++, it++) {
          int st = it & 1;
          bar_wait(&s.empty[st], (it / 2 & 1) ^ 1);
          bar_expect(&s.full[st], 16384);
          tma_load2(s.a[st], &ma, &s.full[st], k * 64, (2 * t + r) * 64);
          tma_load2_multi(s.b[st] + r * 2048, &mb, &s.full[st], k * 64, r * 32, 3);
        }
  } else {
    const int t0 = threadIdx.x - 128;
    for (int t = cl; t < tiles; t += ncl) {
      float d[32];
      for (auto& x : d) x = 0;
      for (int k = 0; k < nk; k++, it++) {
        int st = it & 1;
        bar_wait(&s.full[st], it / 2 & 1);
        u64 da = make_desc(sm(s.a[st]), 16, 1024, 1), db = make_desc(sm(s.b[st]), 16, 1024, 1);
        wg_hold(d);
        wg_fence();
        for (int i = 0; i < 4; i++) W<64, BF16>::ss(d, da + 2 * i, db + 2 * i);
        wg_commit();
        wg_wait<0>();
        wg_hold(d);
        asm volatile("bar.sync 1, 128;" ::: "memory");
        if (t0 < 2) bar_arrive_remote(&s.empty[st], t0);
      }
      if (t0 == 0) bulk_wait_read<0>();
      asm volatile("bar.sync 1, 128;" ::: "memory");
      for (int j = 0; j < 32; j++) {
        int row = t0 / 32 * 16 + t0 % 32 / 4 + 8 * (j >> 1 & 1),
            col = 8 * (j >> 2) + 2 * (t0 % 4) + (j & 1);
        s.c[col / 32 * 2048 + row * 32 + ((col % 32 / 4 ^ row % 8) * 4 + col % 4)] = d[j];
      }
      proxy_fence();
      asm volatile("bar.sync 1, 128;" ::: "memory");
      if (t0 == 0) {
        for (int h = 0; h < 2; h++)
          asm volatile(
              "cp.reduce.async.bulk.tensor.2d.global.shared::cta.add.bulk_group [%0, {%2, %3}], "
              "[%1];" ::"l"(&mc),
              "r"(sm(s.c + h * 2048)), "r"(h * 32), "r"((int)(2 * t + r) * 64)
              : "memory");
        bulk_commit();
      }
    }
    if (t0 == 0) bulk_wait<0>();
  }
  __syncthreads();
  cluster_arrive();
  cluster_wait();
}
int main() {
  {
    std::mt19937 g(9);
    std::vector<bf16> A(64 * 64), B(32 * 64);
    for (auto& x : A) x = (bf16)(float)((int)(g() % 9) - 4);
    for (auto& x : B) x = (bf16)(float)((int)(g() % 9) - 4);
    std::vector<unsigned char> img(32768);
    auto put = [&](size_t base, int r, int k, bf16 v) {
      size_t o = r * 128 + k * 2;
      o ^= (o >> 7 & 7) << 4;
      memcpy(&img[base + o], &v, 2);
    };
    for (int r = 0; r < 64; r++)
      for (int k = 0; k < 64; k++) put(0, r, k, A[r * 64 + k]);
    for (int r = 0; r < 32; r++)
      for (int k = 0; k < 64; k++) put(16384, r, k, B[r * 64 + k]);
    DeviceBuffer<unsigned char> im(img);
    DeviceBuffer<float> o(33 * 128);
    int steps = 6;
    two_sets<<<1, 128, 32768>>>(im, o, steps);
    CHECK_CUDA(cudaDeviceSynchronize());
    auto v = o.get();
    bool ok = true;
    auto dot = [&](int r, int c, int k0, int k1) {
      float s = 0;
      for (int k = k0; k < k1; k++) s += (float)A[r * 64 + k] * (float)B[c * 64 + k];
      return s;
    };
    for (int t = 0; t < 128; t++) {
      for (int j = 0; j < 16; j++) {
        int r = t / 32 * 16 + t % 32 / 4 + 8 * (j >> 1 & 1),
            c = 8 * (j >> 2) + 2 * (t % 4) + (j & 1);
        ok &= v[j * 128 + t] == 3 * dot(r, c, 0, 32) &&
              v[(16 + j) * 128 + t] == 3 * dot(r, c, 32, 48);
        if (j == 3) ok &= v[32 * 128 + t] == 6 * dot(r, c, 0, 32);
      }
    }
    CHECK("two accumulator sets in flight, drifting warps", ok);
  }
  {
    DeviceBuffer<int> o(96);
    poll<<<3, 128>>>(o);
    CHECK_CUDA(cudaDeviceSynchronize());
    bool ok = true;
    for (int x : o.get()) ok &= x == 42;
    CHECK("test_wait polling, generic mbarrier addresses, elect", ok);
  }
  {
    int steps = 150;
    DeviceBuffer<int> o(2 * steps * 128);
    store_ring<<<2, 128>>>(o, steps);
    CHECK_CUDA(cudaDeviceSynchronize());
    auto v = o.get();
    bool ok = true;
    for (int b = 0; b < 2; b++)
      for (int s = 0; s < steps; s++)
        for (int t = 0; t < 128; t++) ok &= v[(b * steps + s) * 128 + t] == s * 1000 + t;
    CHECK("ring of bulk stores", ok);
  }
  {
    DeviceBuffer<float> x(64 * 64);
    DeviceBuffer<int> o(1);
    auto m = make_map<float>(x, {64, 64}, {32, 32});
    prefetches<<<1, 32>>>(m, (const int*)(float*)x, o);
    CHECK("prefetches", o.get()[0] == 1);
  }
  {
    const int tiles = 5, nk = 3, M = tiles * 128, K = nk * 64;
    std::mt19937 g(4);
    std::vector<bf16> a((size_t)M * K), b(64 * K);
    for (auto& x : a) x = (bf16)(float)((int)(g() % 9) - 4);
    for (auto& x : b) x = (bf16)(float)((int)(g() % 9) - 4);
    std::vector<float> c0(M * 64);
    for (size_t i = 0; i < c0.size(); i++) c0[i] = i % 11;
    DeviceBuffer<bf16> da(a), db(b);
    DeviceBuffer<float> dc(c0);
    auto ma = make_map<bf16>(da, {(u64)K, (u64)M}, {64, 64}, CU_TENSOR_MAP_SWIZZLE_128B),
         mb = make_map<bf16>(db, {(u64)K, 64}, {64, 32}, CU_TENSOR_MAP_SWIZZLE_128B);
    auto mc = make_map<float>(dc, {64, (u64)M}, {32, 64}, CU_TENSOR_MAP_SWIZZLE_128B);
    CHECK_CUDA(cudaFuncSetAttribute(persistent, cudaFuncAttributeMaxDynamicSharedMemorySize,
                                    sizeof(PS) + 1024));
    cudaStream_t st;
    CHECK_CUDA(cudaStreamCreate(&st));
    cudaGraph_t gr;
    cudaGraphExec_t ex;
    CHECK_CUDA(cudaStreamBeginCapture(st, cudaStreamCaptureModeGlobal));
    persistent<<<4, 256, sizeof(PS) + 1024, st>>>(ma, mb, mc, tiles, nk);
    CHECK_CUDA(cudaStreamEndCapture(st, &gr));
    CHECK_CUDA(cudaGraphInstantiate(&ex, gr, 0));
    for (int i = 0; i < 3; i++) CHECK_CUDA(cudaGraphLaunch(ex, st));
    CHECK_CUDA(cudaStreamSynchronize(st));
    auto v = dc.get();
    bool ok = true;
    for (int i = 0; i < M; i++)
      for (int j = 0; j < 64; j++) {
        float r = 0;
        for (int k = 0; k < K; k++) r += (float)a[(size_t)i * K + k] * (float)b[j * K + k];
        ok &= v[i * 64 + j] == c0[i * 64 + j] + 3 * r;
      }
    CHECK("persistent cluster GEMM with multicast and TMA reduction, in a graph", ok);
  }
  return 0;
}
