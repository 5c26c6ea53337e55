// Throughput of the interpreter: lane-instructions per second on typical loops. Not a test.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cuda_runtime.h>
#include <vector>
__global__ void fma_loop(float* o, int iters) {
  float a = threadIdx.x, b = 1.0001f, c = 0.5f, d = 2.f, e = 3.f, f = 4.f;
  for (int i = 0; i < iters; i++) {
    a = a * b + c;
    d = d * b + c;
    e = e * b + c;
    f = f * b + c;
    a = a * b + d;
    d = d * b + e;
    e = e * b + f;
    f = f * b + a;
  }
  o[blockIdx.x * blockDim.x + threadIdx.x] = a + d + e + f;
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
// 8x8 outputs per thread
__global__ void __launch_bounds__(256) sgemm(const float* A, const float* B, float* C, int n) {
  __shared__ float sa[8][128], sb[8][128];
  int t = threadIdx.x, tx = t % 16, ty = t / 16, bx = blockIdx.x * 128, by = blockIdx.y * 128;
  float acc[8][8] = {};
  for (int k = 0; k < n; k += 8) {
    float4 v = *(const float4*)&A[(by + t / 2) * n + k + t % 2 * 4];
    sa[t % 2 * 4][t / 2] = v.x;
    sa[t % 2 * 4 + 1][t / 2] = v.y;
    sa[t % 2 * 4 + 2][t / 2] = v.z;
    sa[t % 2 * 4 + 3][t / 2] = v.w;
    *(float4*)&sb[t / 32][t % 32 * 4] = *(const float4*)&B[(k + t / 32) * n + bx + t % 32 * 4];
    __syncthreads();
#pragma unroll
    for (int q = 0; q < 8; q++) {
      float a[8], b[8];
      *(float4*)a = *(float4*)&sa[q][ty * 8];
      *(float4*)(a + 4) = *(float4*)&sa[q][ty * 8 + 4];
      *(float4*)b = *(float4*)&sb[q][tx * 8];
      *(float4*)(b + 4) = *(float4*)&sb[q][tx * 8 + 4];
#pragma unroll
      for (int i = 0; i < 8; i++)
#pragma unroll
        for (int j = 0; j < 8; j++) acc[i][j] += a[i] * b[j];
    }
    __syncthreads();
  }
  for (int i = 0; i < 8; i++)
    for (int j = 0; j < 8; j++) C[(by + ty * 8 + i) * n + bx + tx * 8 + j] = acc[i][j];
}
__global__ void saxpy(const float* x, float* y, float a, int n) {
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x)
    y[i] += a * x[i];
}
__global__ void softmax(const float* x, float* y, int n) {
  const float* r = x + blockIdx.x * n;
  float m = -1e30f, s = 0;
  for (int i = threadIdx.x; i < n; i += 32) m = fmaxf(m, r[i]);
  for (int k = 16; k; k >>= 1) m = fmaxf(m, __shfl_xor_sync(~0u, m, k));
  for (int i = threadIdx.x; i < n; i += 32) s += __expf(r[i] - m);
  for (int k = 16; k; k >>= 1) s += __shfl_xor_sync(~0u, s, k);
  for (int i = threadIdx.x; i < n; i += 32) y[blockIdx.x * n + i] = __expf(r[i] - m) / s;
}
template <class F>
void time_it(const char* name, F f) {
  f();
  cudaDeviceSynchronize();
  auto t = std::chrono::steady_clock::now();
  f();
  cudaDeviceSynchronize();
  printf("%-10s %8.1f ms\n", name,
         std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - t).count());
}
int main() {
  float *a, *b, *c;
  size_t n = 1 << 22;
  cudaMalloc(&a, n * 4);
  cudaMalloc(&b, n * 4);
  cudaMalloc(&c, n * 4);
  cudaMemset(a, 0, n * 4);
  cudaMemset(b, 0, n * 4);
  cudaMemset(c, 0, n * 4);
  time_it("fma_loop", [&] { fma_loop<<<64, 256>>>(a, 4000); });
  time_it("matmul16", [&] { matmul<16><<<dim3(16, 16), dim3(16, 16)>>>(a, b, c, 256); });
  time_it("matmul32", [&] { matmul<32><<<dim3(8, 8), dim3(32, 32)>>>(a, b, c, 256); });
  time_it("sgemm8x8", [&] { sgemm<<<dim3(4, 4), 256>>>(a, b, c, 512); });
  time_it("saxpy", [&] { saxpy<<<132, 256>>>(a, b, 2.f, (int)n); });
  time_it("softmax", [&] { softmax<<<1000, 32>>>(a, b, 2048); });
  printf("%s\n", cudaGetErrorString(cudaGetLastError()));
}
