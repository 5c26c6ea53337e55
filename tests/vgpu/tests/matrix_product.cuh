// ldmatrix and stmatrix, and a bf16 product of matrices built from cp.async, ldmatrix and mma.sync.
#pragma once
#include <cmath>
#include <cuda_bf16.h>
#include <string>

#include "tests/vgpu/tests/check.h"
using u32 = uint32_t;
typedef __nv_bfloat16 bf16;
static std::mt19937 rng(3);
__device__ u32 smem(const void* p) { return (u32)__cvta_generic_to_shared(p); }
__device__ void ldm4(u32 (&r)[4], u32 a) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(a));
}
__device__ void ldm4t(u32 (&r)[4], u32 a) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(a));
}
__device__ void mma(float (&d)[4], const u32 (&a)[4], u32 b0, u32 b1) {
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, "
      "{%0,%1,%2,%3};"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}
__device__ void cp16(u32 dst, const void* src) {
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(dst), "l"(src));
}
__device__ void commit() { asm volatile("cp.async.commit_group;"); }
template <int N>
__device__ void wait() {
  asm volatile("cp.async.wait_group %0;" ::"n"(N));
}

// ---- loads and stores of 8x8 matrices: o[mode][reg][lane] ----
__global__ void ld_all(const uint16_t* in, u32* o) {
  __shared__ __align__(16) uint16_t s[32 * 24];  // rows of 24 elements, 16 used by nobody else
  for (int i = threadIdx.x; i < 32 * 24; i += 32) s[i] = in[i];
  __syncwarp();
  int l = threadIdx.x;
  u32 a = smem(s + l * 24), r[4];
  asm volatile("ldmatrix.sync.aligned.m8n8.x1.shared.b16 {%0}, [%1];"
               : "=r"(r[0])
               : "r"(l < 8 ? a : 0xffffffffu));
  o[l] = r[0];  // other lanes' addresses are ignored
  asm volatile("ldmatrix.sync.aligned.m8n8.x1.trans.shared.b16 {%0}, [%1];" : "=r"(r[0]) : "r"(a));
  o[32 + l] = r[0];
  asm volatile("ldmatrix.sync.aligned.m8n8.x2.shared.b16 {%0,%1}, [%2+16];"
               : "=r"(r[0]), "=r"(r[1])
               : "r"(l < 16 ? a : 1u));
  o[64 + l] = r[0];
  o[96 + l] = r[1];
  asm volatile("ldmatrix.sync.aligned.m8n8.x2.trans.b16 {%0,%1}, [%2];"
               : "=r"(r[0]), "=r"(r[1])
               : "l"(s + l * 24));
  o[128 + l] = r[0];
  o[160 + l] = r[1];  // generic address
  ldm4(r, a);
  for (int k = 0; k < 4; k++) o[192 + 32 * k + l] = r[k];
  ldm4t(r, a);
  for (int k = 0; k < 4; k++) o[320 + 32 * k + l] = r[k];
  u32 m;
  asm volatile("movmatrix.sync.aligned.m8n8.trans.b16 %0, %1;" : "=r"(m) : "r"(r[1]));
  o[448 + l] = m;
  asm volatile("ldmatrix.sync.aligned.m8n8.x1.shared.b16 {%0}, [%0];" : "+r"(a));
  o[480 + l] = a;  // destination is the address register
}
__global__ void st_all(const u32* in, uint16_t* o) {
#if __CUDA_ARCH__ >= 900
  __shared__ __align__(16) uint16_t s[6][32 * 8];
  int l = threadIdx.x;
  for (int i = l; i < 6 * 256; i += 32) (&s[0][0])[i] = 0xeeee;
  __syncwarp();
  u32 r[4];
  for (int k = 0; k < 4; k++) r[k] = in[k * 32 + l];
  asm volatile(
      "stmatrix.sync.aligned.m8n8.x4.shared.b16 [%0], {%1,%2,%3,%4};" ::"r"(smem(&s[0][l * 8])),
      "r"(r[0]), "r"(r[1]), "r"(r[2]), "r"(r[3])
      : "memory");
  asm volatile("stmatrix.sync.aligned.m8n8.x4.trans.shared.b16 [%0], {%1,%2,%3,%4};" ::"r"(
                   smem(&s[1][l * 8])),
               "r"(r[0]), "r"(r[1]), "r"(r[2]), "r"(r[3])
               : "memory");
  asm volatile("stmatrix.sync.aligned.m8n8.x2.shared.b16 [%0], {%1,%2};" ::"r"(smem(&s[2][l * 8])),
               "r"(r[0]), "r"(r[1])
               : "memory");
  asm volatile(
      "stmatrix.sync.aligned.m8n8.x2.trans.shared.b16 [%0], {%1,%2};" ::"r"(smem(&s[3][l * 8])),
      "r"(r[0]), "r"(r[1])
      : "memory");
  asm volatile("stmatrix.sync.aligned.m8n8.x1.shared.b16 [%0], {%1};" ::"r"(smem(&s[4][l * 8])),
               "r"(r[0])
               : "memory");
  asm volatile("stmatrix.sync.aligned.m8n8.x1.trans.b16 [%0], {%1};" ::"l"(&s[5][l * 8]), "r"(r[0])
               : "memory");
  __syncwarp();
  for (int i = l; i < 6 * 256; i += 32) o[i] = (&s[0][0])[i];
#endif
}

// ---- C[M][N] = A[M][K] * B[N][K]^T: 128x128 tiles, three stages of 32, eight warps of 64x32 ----
constexpr int BM = 128, BN = 128, BK = 32, STAGES = 3;
template <bool SWIZZLE>
__global__ void __launch_bounds__(256)
    gemm(const bf16* A, const bf16* B, float* C, int M, int N, int K) {
  extern __shared__ __align__(128) char dyn[];
  // A tile row is 64 bytes = four 16-byte chunks; two rows share 128 bytes of banks, hence row/2.
  auto at = [](int stage, int which, int row, int chunk) {
    return stage * (BM + BN) * 64 + which * BM * 64 + row * 64 +
           (SWIZZLE ? chunk ^ (row >> 1 & 3) : chunk) * 16;
  };
  const u32 base = smem(dyn);
  const int t = threadIdx.x, lane = t & 31, warp = t >> 5, wm = warp >> 2, wn = warp & 3;
  const bf16* a = A + (size_t)blockIdx.y * BM * K;
  const bf16* b = B + (size_t)blockIdx.x * BN * K;
  auto load = [&](int stage, int k) {
    for (int i = 0; i < 2; i++) {
      int row = t / 4 + 64 * i, ch = t & 3;
      cp16(base + at(stage, 0, row, ch), a + (size_t)row * K + k + ch * 8);
      cp16(base + at(stage, 1, row, ch), b + (size_t)row * K + k + ch * 8);
    }
  };
  const int steps = K / BK;
  for (int s = 0; s < STAGES - 1; s++) {
    if (s < steps) load(s, s * BK);
    commit();
  }
  float acc[4][4][4] = {};
  for (int k = 0; k < steps; k++) {
    wait<STAGES - 2>();
    __syncthreads();
    if (k + STAGES - 1 < steps) load((k + STAGES - 1) % STAGES, (k + STAGES - 1) * BK);
    commit();
    const int st = k % STAGES;
#pragma unroll
    for (int kk = 0; kk < 2; kk++) {
      u32 fa[4][4], fb[2][4];
#pragma unroll
      for (int i = 0; i < 4; i++)
        ldm4(fa[i], base + at(st, 0, wm * 64 + i * 16 + (lane & 15), kk * 2 + (lane >> 4)));
#pragma unroll
      for (int j = 0; j < 2; j++)
        ldm4(fb[j], base + at(st, 1, wn * 32 + j * 16 + (lane & 7) + (lane >> 4 << 3),
                              kk * 2 + (lane >> 3 & 1)));
#pragma unroll
      for (int i = 0; i < 4; i++)
#pragma unroll
        for (int j = 0; j < 4; j++)
          mma(acc[i][j], fa[i], fb[j / 2][j % 2 * 2], fb[j / 2][j % 2 * 2 + 1]);
    }
  }
  for (int i = 0; i < 4; i++)
    for (int j = 0; j < 4; j++)
      for (int h = 0; h < 2; h++) {
        int r = blockIdx.y * BM + wm * 64 + i * 16 + h * 8 + lane / 4,
            c = blockIdx.x * BN + wn * 32 + j * 8 + lane % 4 * 2;
        *(float2*)&C[(size_t)r * N + c] = make_float2(acc[i][j][h * 2], acc[i][j][h * 2 + 1]);
      }
}
template <bool SW>
void run_gemm(const bf16* A, const bf16* B, float* C, int M, int N, int K) {
  int bytes = STAGES * (BM + BN) * 64;
  CHECK_CUDA(cudaFuncSetAttribute(gemm<SW>, cudaFuncAttributeMaxDynamicSharedMemorySize, bytes));
  gemm<SW><<<dim3(N / BN, M / BM), 256, bytes>>>(A, B, C, M, N, K);
}
static bf16 rnd() { return __float2bfloat16(std::uniform_real_distribution<float>(-1, 1)(rng)); }
template <bool SW>
void check_gemm(const char* name) {
  const int M = 256, N = 384, K = 160;
  std::vector<bf16> a(M * K), b(N * K);
  for (auto& v : a) v = rnd();
  for (auto& v : b) v = rnd();
  DeviceBuffer dA(a);
  DeviceBuffer dB(b);
  DeviceBuffer<float> dC(M * N);
  run_gemm<SW>(dA, dB, dC, M, N, K);
  auto c = dC.get();
  double worst = 0;
  for (int i = 0; i < M; i++)
    for (int j = 0; j < N; j++) {
      double s = 0, m = 0;
      for (int k = 0; k < K; k++) {
        double p = (double)__bfloat162float(a[i * K + k]) * __bfloat162float(b[j * K + k]);
        s += p;
        m += std::fabs(p);
      }
      worst = std::max(worst, std::fabs(c[i * N + j] - s) / m);
    }
  if (!(worst < 1e-6)) printf("# error %g\n", worst);
  CHECK(name, worst < 1e-6);
}
