// Warp-specialised bf16 GEMM and a FlashAttention-3-style forward, against float64.
#include <chrono>

#include "wgmma.h"
constexpr int BM = 128, BN = 128, BK = 64, ST = 4;
struct GemmSmem {
  bf16 a[ST][BM * BK], b[ST][BN * BK];
  bf16 c[2][2][64 * 64];
  u64 full[ST], empty[ST];
};
// C[M, N] = A[M, K] B[N, K]^T. One producer warpgroup, two consumers of 64 x 128 each.
__global__ void __launch_bounds__(384)
    gemm(const __grid_constant__ CUtensorMap ma, const __grid_constant__ CUtensorMap mb,
         const __grid_constant__ CUtensorMap mc, int K) {
  extern __shared__ unsigned char raw[];
  GemmSmem& s = *(GemmSmem*)(((size_t)raw + 1023) & ~(size_t)1023);
  const int wg = threadIdx.x / 128, m0 = blockIdx.y * BM, n0 = blockIdx.x * BN, nk = K / BK;
  if (threadIdx.x == 0) {
    for (int i = 0; i < ST; i++) {
      bar_init(&s.full[i], 1);
      bar_init(&s.empty[i], 2);
    }
    bar_fence_init();
  }
  __syncthreads();
  if (wg == 0) {
    asm volatile("setmaxnreg.dec.sync.aligned.u32 40;");
    if (threadIdx.x == 0)
      for (int k = 0; k < nk; k++) {
        int st = k % ST;
        bar_wait(&s.empty[st], (k / ST & 1) ^ 1);
        bar_expect(&s.full[st], (BM + BN) * BK * 2);
        tma_load2(s.a[st], &ma, &s.full[st], k * BK, m0);
        tma_load2(s.b[st], &mb, &s.full[st], k * BK, n0);
      }
  } else {
    asm volatile("setmaxnreg.inc.sync.aligned.u32 232;");
    const int c = wg - 1, t = threadIdx.x % 128;
    float d[64];
    for (auto& x : d) x = 0;
    for (int k = 0; k < nk; k++) {
      int st = k % ST;
      bar_wait(&s.full[st], k / ST & 1);
      u64 da = make_desc(sm(s.a[st]) + c * 64 * BK * 2, 16, 1024, 1),
          db = make_desc(sm(s.b[st]), 16, 1024, 1);
      wg_hold(d);
      wg_fence();
      for (int i = 0; i < 4; i++) W<128, BF16>::ss(d, da + 2 * i, db + 2 * i);
      wg_commit();
      wg_wait<1>();  // the previous step's operands are free
      if (k && t == 0) bar_arrive(&s.empty[(k - 1) % ST]);
    }
    wg_wait<0>();
    wg_hold(d);
    // Row r, piece p (16 bytes) of a 64-column tile goes to piece p ^ (r % 8).
    for (int j = 0; j < 64; j += 2) {
      int r = t / 32 * 16 + t % 32 / 4 + 8 * (j >> 1 & 1), col = 8 * (j >> 2) + 2 * (t % 4),
          h = col / 64, q = col % 64;
      *(__nv_bfloat162*)&s.c[c][h][r * 64 + ((q / 8 ^ (r % 8)) * 8 + q % 8)] =
          __floats2bfloat162_rn(d[j], d[j + 1]);
    }
    proxy_fence();
    asm volatile("bar.sync %0, 128;" ::"r"(c + 1) : "memory");
    if (t == 0) {
      for (int h = 0; h < 2; h++) tma_store2(&mc, s.c[c][h], n0 + 64 * h, m0 + 64 * c);
      bulk_commit();
      bulk_wait<0>();
    }
  }
}
// Attention forward: Q, K, V: [heads][seq][D]. Queries 128 per block (two consumer warpgroups),
// keys 64 per step.
constexpr int D = 64, BQ = 128, BKV = 64, AST = 2;
struct AttnSmem {
  bf16 q[BQ * D], k[AST][BKV * D], v[AST][BKV * D];
  u64 qbar, full[AST], empty[AST];
};
__global__ void __launch_bounds__(384)
    attention(const __grid_constant__ CUtensorMap mq, const __grid_constant__ CUtensorMap mk,
              const __grid_constant__ CUtensorMap mv, const __grid_constant__ CUtensorMap mo,
              float* lse, int seq, float scale) {
  extern __shared__ unsigned char raw[];
  AttnSmem& s = *(AttnSmem*)(((size_t)raw + 1023) & ~(size_t)1023);
  const int wg = threadIdx.x / 128, q0 = blockIdx.x * BQ, bh = blockIdx.y;
  const int nkv = min((q0 + BQ + BKV - 1) / BKV, (seq + BKV - 1) / BKV);
  if (threadIdx.x == 0) {
    bar_init(&s.qbar, 1);
    for (int i = 0; i < AST; i++) {
      bar_init(&s.full[i], 1);
      bar_init(&s.empty[i], 256);
    }
    bar_fence_init();
  }
  __syncthreads();
  if (wg == 0) {
    asm volatile("setmaxnreg.dec.sync.aligned.u32 24;");
    if (threadIdx.x == 0) {
      bar_expect(&s.qbar, BQ * D * 2);
      tma_load3(s.q, &mq, &s.qbar, 0, q0, bh);
      for (int j = 0; j < nkv; j++) {
        int st = j % AST;
        bar_wait(&s.empty[st], (j / AST & 1) ^ 1);
        bar_expect(&s.full[st], 2 * BKV * D * 2);
        tma_load3(s.k[st], &mk, &s.full[st], 0, j * BKV, bh);
        tma_load3(s.v[st], &mv, &s.full[st], 0, j * BKV, bh);
      }
    }
    return;
  }
  asm volatile("setmaxnreg.inc.sync.aligned.u32 240;");
  const int c = wg - 1, t = threadIdx.x % 128, row0 = q0 + c * 64 + t / 32 * 16 + t % 32 / 4;
  float o[32], mx[2] = {-INFINITY, -INFINITY}, sum[2] = {0, 0};
  for (auto& x : o) x = 0;
  bar_wait(&s.qbar, 0);
  const u64 dq = make_desc(sm(s.q) + c * 64 * D * 2, 16, 1024, 1);
  for (int j = 0; j < nkv; j++) {
    int st = j % AST;
    bar_wait(&s.full[st], j / AST & 1);
    float p[32];
    u64 dk = make_desc(sm(s.k[st]), 16, 1024, 1), dv = make_desc(sm(s.v[st]), BKV * 128, 1024, 1);
    wg_hold(p);
    wg_fence();
    for (int i = 0; i < 4; i++) W<64, BF16>::ss(p, dq + 2 * i, dk + 2 * i, i);
    wg_commit();
    wg_wait<0>();
    wg_hold(p);
    for (int h = 0; h < 2; h++) {
      float m = mx[h];
      for (int k = 0; k < 32; k++)
        if ((k >> 1 & 1) == h) {
          int key = j * BKV + 8 * (k >> 2) + 2 * (t % 4) + (k & 1);
          p[k] = key <= row0 + 8 * h && key < seq ? p[k] * scale : -INFINITY;
          m = fmaxf(m, p[k]);
        }
      m = fmaxf(m, __shfl_xor_sync(~0u, m, 1));
      m = fmaxf(m, __shfl_xor_sync(~0u, m, 2));
      float corr = m == -INFINITY ? 1.f : exp2f(mx[h] - m), l = 0, base = m == -INFINITY ? 0 : m;
      for (int k = 0; k < 32; k++)
        if ((k >> 1 & 1) == h) {
          p[k] = exp2f(p[k] - base);
          l += p[k];
          o[k] *= corr;
        }
      sum[h] = sum[h] * corr + l;
      mx[h] = m;
    }
    u32 a[4][4];
    for (int k = 0; k < 4; k++)
      for (int i = 0; i < 4; i++) {
        int x = 4 * (2 * k + (i >> 1)) + 2 * (i & 1);
        __nv_bfloat162 b = __floats2bfloat162_rn(p[x], p[x + 1]);
        a[k][i] = *(u32*)&b;
      }
    wg_hold(o);
    wg_fence();
    for (int k = 0; k < 4; k++) W<64, BF16, false, true>::rs(o, a[k], dv + k * (2 * 1024 >> 4));
    wg_commit();
    wg_wait<0>();
    wg_hold(o);
    bar_arrive(&s.empty[st]);
  }
  for (int h = 0; h < 2; h++) {
    sum[h] += __shfl_xor_sync(~0u, sum[h], 1);
    sum[h] += __shfl_xor_sync(~0u, sum[h], 2);
    if (t % 4 == 0 && row0 + 8 * h < seq)
      lse[bh * seq + row0 + 8 * h] = (mx[h] + log2f(sum[h])) * 0.69314718f;
  }
  bf16* out = s.q + c * 64 * D;  // this warpgroup's queries were last read by its own wgmma
  for (int k = 0; k < 32; k += 2) {
    int h = k >> 1 & 1, r = t / 32 * 16 + t % 32 / 4 + 8 * h, col = 8 * (k >> 2) + 2 * (t % 4);
    *(__nv_bfloat162*)&out[r * 64 + ((col / 8 ^ (r % 8)) * 8 + col % 8)] =
        __floats2bfloat162_rn(o[k] / sum[h], o[k + 1] / sum[h]);
  }
  proxy_fence();
  asm volatile("bar.sync %0, 128;" ::"r"(c + 1) : "memory");
  if (t == 0) {
    tma_store3(&mo, out, 0, q0 + c * 64, bh);
    bulk_commit();
    bulk_wait<0>();
  }
}
static double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}
static std::vector<bf16> noise(size_t n, int seed, float sc) {
  std::mt19937 g(seed);
  std::normal_distribution<float> d(0, sc);
  std::vector<bf16> v(n);
  for (auto& x : v) x = (bf16)d(g);
  return v;
}
static void do_gemm(int M, int N, int K) {
  auto a = noise((size_t)M * K, 1, 1), b = noise((size_t)N * K, 2, 1);
  DeviceBuffer<bf16> da(a), db(b), dc((size_t)M * N);
  auto ma = make_map<bf16>(da, {(u64)K, (u64)M}, {64, 128}, CU_TENSOR_MAP_SWIZZLE_128B),
       mb = make_map<bf16>(db, {(u64)K, (u64)N}, {64, 128}, CU_TENSOR_MAP_SWIZZLE_128B),
       mc = make_map<bf16>(dc, {(u64)N, (u64)M}, {64, 64}, CU_TENSOR_MAP_SWIZZLE_128B);
  CHECK_CUDA(cudaFuncSetAttribute(gemm, cudaFuncAttributeMaxDynamicSharedMemorySize,
                                  sizeof(GemmSmem) + 1024));
  double t0 = now();
  gemm<<<dim3((N + BN - 1) / BN, (M + BM - 1) / BM), 384, sizeof(GemmSmem) + 1024>>>(ma, mb, mc, K);
  CHECK_CUDA(cudaDeviceSynchronize());
  double t1 = now() - t0;
  auto c = dc.get();
  double worst = 0;
  std::vector<double> fa(a.size()), fb(b.size());
  for (size_t i = 0; i < a.size(); i++) fa[i] = (float)a[i];
  for (size_t i = 0; i < b.size(); i++) fb[i] = (float)b[i];
  for (int i = 0; i < M; i++)
    for (int j = 0; j < N; j++) {
      double r = 0;
      for (int k = 0; k < K; k++) r += fa[(size_t)i * K + k] * fb[(size_t)j * K + k];
      double e = std::fabs((float)c[(size_t)i * N + j] - r) / (std::fabs(r) + std::sqrt(K));
      if (!(e <= worst)) worst = e;
    }
  printf("# GEMM %dx%dx%d: %.1f ms, %.2f GFLOP/s, error %.2g\n", M, N, K, t1 * 1e3,
         2e-9 * M * N * K / t1, worst);
  char nm[64];
  sprintf(nm, "warp-specialised GEMM %dx%dx%d", M, N, K);
  CHECK(nm, worst < 4e-3);
}
static void do_attn(int BH, int seq) {
  size_t n = (size_t)BH * seq * D;
  auto q = noise(n, 3, 1), k = noise(n, 4, 1), v = noise(n, 5, 1);
  DeviceBuffer<bf16> dq(q), dk(k), dv(v), dout(n);
  DeviceBuffer<float> dl((size_t)BH * seq);
  std::vector<u64> dim{D, (u64)seq, (u64)BH};
  auto mq = make_map<bf16>(dq, dim, {64, 128, 1}, CU_TENSOR_MAP_SWIZZLE_128B),
       mk = make_map<bf16>(dk, dim, {64, 64, 1}, CU_TENSOR_MAP_SWIZZLE_128B),
       mv = make_map<bf16>(dv, dim, {64, 64, 1}, CU_TENSOR_MAP_SWIZZLE_128B),
       mo = make_map<bf16>(dout, dim, {64, 64, 1}, CU_TENSOR_MAP_SWIZZLE_128B);
  CHECK_CUDA(cudaFuncSetAttribute(attention, cudaFuncAttributeMaxDynamicSharedMemorySize,
                                  sizeof(AttnSmem) + 1024));
  double t0 = now();
  attention<<<dim3((seq + BQ - 1) / BQ, BH), 384, sizeof(AttnSmem) + 1024>>>(
      mq, mk, mv, mo, dl, seq, 0.125f * 1.44269504f);
  CHECK_CUDA(cudaDeviceSynchronize());
  double t1 = now() - t0;
  auto o = dout.get();
  auto l = dl.get();
  double worst = 0, wl = 0;
  for (int b = 0; b < BH; b++)
    for (int i = 0; i < seq; i++) {
      std::vector<double> p(i + 1), r(D, 0.0);
      double m = -1e300, s = 0;
      for (int j = 0; j <= i; j++) {
        double x = 0;
        for (int d = 0; d < D; d++)
          x += (double)(float)q[((size_t)b * seq + i) * D + d] *
               (float)k[((size_t)b * seq + j) * D + d];
        p[j] = x * 0.125;
        m = std::max(m, p[j]);
      }
      for (auto& x : p) {
        x = std::exp(x - m);
        s += x;
      }
      for (int j = 0; j <= i; j++)
        for (int d = 0; d < D; d++) r[d] += p[j] / s * (float)v[((size_t)b * seq + j) * D + d];
      for (int d = 0; d < D; d++) {
        double e = std::fabs((float)o[((size_t)b * seq + i) * D + d] - r[d]);
        if (!(e <= worst)) worst = e;
      }
      double e = std::fabs(l[(size_t)b * seq + i] - (m + std::log(s)));
      if (!(e <= wl)) wl = e;
    }
  printf("# attention %d heads, %d queries: %.1f ms, error %.2g, lse %.2g\n", BH, seq, t1 * 1e3,
         worst, wl);
  char nm[64];
  sprintf(nm, "FlashAttention-3-style forward, %d x %d", BH, seq);
  CHECK(nm, worst < 2e-2 && wl < 1e-4);
}
int main() {
  do_gemm(512, 512, 512);
  do_gemm(300, 200, 192);
  do_attn(4, 512);
  do_attn(3, 200);
  return 0;
}
