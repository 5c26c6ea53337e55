// nvcuda::wmma: every shape and type against float64, in both layouts, from global and shared
// memory; a GEMM.
#include <cmath>
#include <mma.h>
#include <string>
#include <type_traits>

#include "tests/vgpu/tests/check.h"
using namespace nvcuda;
typedef __nv_bfloat16 bf16;
static std::mt19937 rng(5);
template <class T>
struct Mem {
  using t = T;
};
template <>
struct Mem<wmma::precision::tf32> {
  using t = float;
};
template <class T>
using mem_t = typename Mem<T>::t;
// D = A * B + C, everything with a leading dimension of its own; in shared memory if SH.
template <class T, class Acc, class Out, int M, int N, int K, class LA, class LB, bool SH>
__global__ void one(const mem_t<T>* A, const mem_t<T>* B, const Acc* C, Acc* D, int lda, int ldb,
                    int ldc, bool col_c) {
  __shared__ __align__(128) mem_t<T> sa[32 * 64], sb[32 * 64];
  __shared__ __align__(128) Acc sc[32 * 40];
  const int ra = std::is_same_v<LA, wmma::row_major> ? M : K,
            rb = std::is_same_v<LB, wmma::row_major> ? K : N, rc = col_c ? N : M;
  if (SH) {
    for (int i = threadIdx.x; i < ra * lda; i += 32) sa[i] = A[i];
    for (int i = threadIdx.x; i < rb * ldb; i += 32) sb[i] = B[i];
    for (int i = threadIdx.x; i < rc * ldc; i += 32) sc[i] = C[i];
    __syncwarp();
  }
  wmma::fragment<wmma::matrix_a, M, N, K, T, LA> a;
  wmma::fragment<wmma::matrix_b, M, N, K, T, LB> b;
  wmma::fragment<wmma::accumulator, M, N, K, Acc> c, d;
  wmma::load_matrix_sync(a, SH ? sa : A, lda);
  wmma::load_matrix_sync(b, SH ? sb : B, ldb);
  wmma::load_matrix_sync(c, SH ? sc : C, ldc, col_c ? wmma::mem_col_major : wmma::mem_row_major);
  if constexpr (std::is_same_v<T, wmma::precision::tf32>) {
    for (int i = 0; i < a.num_elements; i++) a.x[i] = wmma::__float_to_tf32(a.x[i]);
    for (int i = 0; i < b.num_elements; i++) b.x[i] = wmma::__float_to_tf32(b.x[i]);
  }
  for (int i = 0; i < c.num_elements; i++)
    c.x[i] = c.x[i] * Acc(2);  // element-wise work on fragments
  for (int i = 0; i < a.num_elements; i++) a.x[i] = -a.x[i];
  wmma::mma_sync(d, a, b, c);
  if (SH) {
    __syncwarp();
    wmma::store_matrix_sync(sc, d, ldc, col_c ? wmma::mem_col_major : wmma::mem_row_major);
    __syncwarp();
    for (int i = threadIdx.x; i < rc * ldc; i += 32) D[i] = sc[i];
  } else
    wmma::store_matrix_sync(D, d, ldc, col_c ? wmma::mem_col_major : wmma::mem_row_major);
}
template <class T>
double value(T x) {
  if constexpr (sizeof(T) == 2)
    return (double)(float)x;
  else
    return (double)x;
}
template <class T, class Acc, int M, int N, int K, class LA, class LB, bool SH>
bool one_case(bool col_c) {
  using S = mem_t<T>;
  const int pad = 16 / sizeof(S), padc = 16 / sizeof(Acc);
  const bool ra = std::is_same_v<LA, wmma::row_major>, rb = std::is_same_v<LB, wmma::row_major>;
  const int lda = (ra ? K : M) + pad, ldb = (rb ? N : K) + pad, ldc = (col_c ? M : N) + padc;
  auto num = [&]() -> double {
    return std::is_integral_v<S> ? (double)((int)(rng() % 256) - (std::is_signed_v<S> ? 128 : 0))
                                 : std::uniform_real_distribution<double>(-1, 1)(rng);
  };
  std::vector<S> A((ra ? M : K) * lda), B((rb ? K : N) * ldb);
  std::vector<Acc> C((col_c ? N : M) * ldc);
  for (auto& v : A) v = S((float)num());
  for (auto& v : B) v = S((float)num());
  for (auto& v : C) v = Acc((float)num());
  if constexpr (std::is_same_v<S, uint8_t>)
    for (auto& v : A) v = 0;
  if constexpr (std::is_same_v<T, wmma::precision::tf32>) {
    for (auto* x : {&A, &B})
      for (auto& v : *x) {
        uint32_t b;
        memcpy(&b, &v, 4);
        b &= 0xffffe000;
        memcpy(&v, &b, 4);
      }
  }
  if constexpr (std::is_same_v<S, int8_t>)
    for (auto& v : A)
      if (v == -128) v = -127;  // -(-128) does not fit
  DeviceBuffer dA(A);
  DeviceBuffer dB(B);
  DeviceBuffer dC(C);
  DeviceBuffer<Acc> dD(C.size());
  one<T, Acc, Acc, M, N, K, LA, LB, SH><<<1, 32>>>(dA, dB, dC, dD, lda, ldb, ldc, col_c);
  auto D = dD.get();
  double worst = 0;
  for (int i = 0; i < M; i++)
    for (int j = 0; j < N; j++) {
      size_t ci = col_c ? (size_t)j * ldc + i : (size_t)i * ldc + j;
      double s = 2 * value(C[ci]), m = std::fabs(s);
      for (int k = 0; k < K; k++) {
        double p =
            -value(A[ra ? i * lda + k : k * lda + i]) * value(B[rb ? k * ldb + j : j * ldb + k]);
        s += p;
        m += std::fabs(p);
      }
      double unit = std::is_same_v<Acc, int>      ? 1e-9
                    : std::is_same_v<Acc, double> ? 1e-15 * m
                    : std::is_same_v<Acc, float>
                        ? std::ldexp(1., -23) * m
                        : std::ldexp(1., -11) * std::fabs(s) + std::ldexp(1., -22) * m + 1e-7;
      worst = std::max(worst, std::fabs(value(D[ci]) - s) / unit);
    }
  return worst <= 2 && cudaGetLastError() == cudaSuccess;
}
template <class T, class Acc, int M, int N, int K>
void shape(const char* name) {
  using R = wmma::row_major;
  using L = wmma::col_major;
  bool ok = true;
  for (int c = 0; c < 2; c++) {
    ok &= one_case<T, Acc, M, N, K, R, R, false>(c) && one_case<T, Acc, M, N, K, R, L, true>(c) &&
          one_case<T, Acc, M, N, K, L, R, true>(c) && one_case<T, Acc, M, N, K, L, L, false>(c);
  }
  CHECK(name, ok);
}
// C[M][N] = A[M][K] * B[K][N]; four warps, 64x64 tiles through shared memory
__global__ void gemm(const half* A, const half* B, float* C, int N, int K) {
  __shared__ __align__(128) half sa[64][24], sb[16][72];
  const int t = threadIdx.x, warp = t / 32, wy = warp / 2 * 32, wx = warp % 2 * 32;
  wmma::fragment<wmma::accumulator, 16, 16, 16, float> c[2][2];
  for (auto& r : c)
    for (auto& f : r) wmma::fill_fragment(f, 0.f);
  for (int k = 0; k < K; k += 16) {
    *(uint4*)&sa[t / 2][t % 2 * 8] =
        *(const uint4*)&A[(size_t)(blockIdx.y * 64 + t / 2) * K + k + t % 2 * 8];
    *(uint4*)&sb[t / 8][t % 8 * 8] =
        *(const uint4*)&B[(size_t)(k + t / 8) * N + blockIdx.x * 64 + t % 8 * 8];
    __syncthreads();
    wmma::fragment<wmma::matrix_a, 16, 16, 16, half, wmma::row_major> a[2];
    wmma::fragment<wmma::matrix_b, 16, 16, 16, half, wmma::row_major> b[2];
    for (int i = 0; i < 2; i++) {
      wmma::load_matrix_sync(a[i], &sa[wy + 16 * i][0], 24);
      wmma::load_matrix_sync(b[i], &sb[0][wx + 16 * i], 72);
    }
    for (int i = 0; i < 2; i++)
      for (int j = 0; j < 2; j++) wmma::mma_sync(c[i][j], a[i], b[j], c[i][j]);
    __syncthreads();
  }
  for (int i = 0; i < 2; i++)
    for (int j = 0; j < 2; j++)
      wmma::store_matrix_sync(
          &C[(size_t)(blockIdx.y * 64 + wy + 16 * i) * N + blockIdx.x * 64 + wx + 16 * j], c[i][j],
          N, wmma::mem_row_major);
}
__global__ void ints4(const int* A, const int* B, int* D) {
  namespace p = wmma::experimental::precision;
  wmma::fragment<wmma::matrix_a, 8, 8, 32, p::s4, wmma::row_major> a;
  wmma::fragment<wmma::matrix_b, 8, 8, 32, p::s4, wmma::col_major> b;
  wmma::fragment<wmma::accumulator, 8, 8, 32, int> c;
  wmma::fill_fragment(c, 5);
  wmma::load_matrix_sync(a, A, 32);
  wmma::load_matrix_sync(b, B, 32);
  wmma::mma_sync(c, a, b, c);
  wmma::store_matrix_sync(D, c, 8, wmma::mem_row_major);
  wmma::fragment<wmma::matrix_a, 8, 8, 128, p::b1, wmma::row_major> x;
  wmma::fragment<wmma::matrix_b, 8, 8, 128, p::b1, wmma::col_major> y;
  wmma::fragment<wmma::accumulator, 8, 8, 128, int> z;
  wmma::fill_fragment(z, 7);
  wmma::load_matrix_sync(x, A, 128);
  wmma::load_matrix_sync(y, B, 128);
  wmma::bmma_sync(z, x, y, z, wmma::experimental::bmmaBitOpXOR);
  wmma::store_matrix_sync(D + 64, z, 8, wmma::mem_row_major);
}
int main() {
  shape<half, float, 16, 16, 16>("wmma f16 m16n16k16, f32 sums");
  shape<half, float, 32, 8, 16>("wmma f16 m32n8k16, f32 sums");
  shape<half, float, 8, 32, 16>("wmma f16 m8n32k16, f32 sums");
  shape<half, half, 16, 16, 16>("wmma f16 m16n16k16, f16 sums");
  shape<half, half, 32, 8, 16>("wmma f16 m32n8k16, f16 sums");
  shape<half, half, 8, 32, 16>("wmma f16 m8n32k16, f16 sums");
  shape<bf16, float, 16, 16, 16>("wmma bf16 m16n16k16");
  shape<bf16, float, 32, 8, 16>("wmma bf16 m32n8k16");
  shape<bf16, float, 8, 32, 16>("wmma bf16 m8n32k16");
  shape<wmma::precision::tf32, float, 16, 16, 8>("wmma tf32 m16n16k8");
  shape<int8_t, int, 16, 16, 16>("wmma s8 m16n16k16");
  shape<int8_t, int, 32, 8, 16>("wmma s8 m32n8k16");
  shape<int8_t, int, 8, 32, 16>("wmma s8 m8n32k16");
  shape<double, double, 8, 8, 4>("wmma f64 m8n8k4");
  {
    std::vector<int> a(8 * 4), b(8 * 4);
    for (auto& v : a) v = (int)rng();
    for (auto& v : b) v = (int)rng();
    DeviceBuffer dA(a);
    DeviceBuffer dB(b);
    DeviceBuffer<int> d(128);
    ints4<<<1, 32>>>(dA, dB, d);
    auto v = d.get();
    bool o4 = true, o1 = true;
    auto nib = [](const std::vector<int>& m, int r, int k) {
      int x = m[r * 4 + k / 8] >> (4 * (k % 8)) & 15;
      return x >= 8 ? x - 16 : x;
    };
    for (int i = 0; i < 8; i++)
      for (int j = 0; j < 8; j++) {
        int s = 5;
        for (int k = 0; k < 32; k++) s += nib(a, i, k) * nib(b, j, k);
        o4 &= v[i * 8 + j] == s;
        int p = 7;
        for (int k = 0; k < 4; k++)
          p += __builtin_popcount((unsigned)(a[i * 4 + k] ^ b[j * 4 + k]));
        o1 &= v[64 + i * 8 + j] == p;
      }
    CHECK("wmma s4 m8n8k32", o4);
    CHECK("wmma b1 m8n8k128", o1);
  }
  {
    const int M = 128, N = 192, K = 96;
    std::vector<half> a(M * K), b(K * N);
    for (auto& v : a) v = __float2half(std::uniform_real_distribution<float>(-1, 1)(rng));
    for (auto& v : b) v = __float2half(std::uniform_real_distribution<float>(-1, 1)(rng));
    DeviceBuffer dA(a);
    DeviceBuffer dB(b);
    DeviceBuffer<float> dC(M * N);
    gemm<<<dim3(N / 64, M / 64), 128>>>(dA, dB, dC, N, K);
    auto c = dC.get();
    double worst = 0;
    for (int i = 0; i < M; i++)
      for (int j = 0; j < N; j++) {
        double s = 0, m = 0;
        for (int k = 0; k < K; k++) {
          double p = (double)__half2float(a[i * K + k]) * __half2float(b[k * N + j]);
          s += p;
          m += std::fabs(p);
        }
        worst = std::max(worst, std::fabs(c[i * N + j] - s) / m);
      }
    CHECK("wmma GEMM", worst < 1e-6);
  }
  return 0;
}
