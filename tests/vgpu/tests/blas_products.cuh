// cuBLAS: products of matrices, one by one, in batches and in groups.
#pragma once
#include "tests/vgpu/tests/blas.h"
static cublasHandle_t H;
static const cublasOperation_t N = CUBLAS_OP_N, T = CUBLAS_OP_T, C = CUBLAS_OP_C;

static double round_to(cublasComputeType_t ct, double v) {  // what an operand becomes
  float f = (float)v;
  uint32_t u;
  switch (ct) {
    case CUBLAS_COMPUTE_32F_FAST_TF32:
      memcpy(&u, &f, 4);
      u = (u + 0x1000) & 0xffffe000u;
      memcpy(&f, &u, 4);
      return f;
    case CUBLAS_COMPUTE_32F_FAST_16F:
      return __half2float(__float2half_rn(f));
    case CUBLAS_COMPUTE_32F_FAST_16BF:
      return __bfloat162float(__float2bfloat16_rn(f));
    default:
      return v;
  }
}
struct G {
  cublasOperation_t ta, tb;
  int m, n, k, pa, pb, pc, batch;
  double al, be;
  cudaDataType ab, c;
  cublasComputeType_t ct;
  int lda() const { return (ta == N ? m : k) + pa; }
  int ldb() const { return (tb == N ? k : n) + pb; }
  int ldc() const { return m + pc; }
  size_t sa() const { return (size_t)lda() * (ta == N ? k : m) + 5; }
  size_t sb() const { return (size_t)ldb() * (tb == N ? n : k) + 3; }
  size_t sc() const { return (size_t)ldc() * n + 7; }
};
using Call = std::function<cublasStatus_t(const G&, const void* al, const void* be, Arr& A, Arr& B,
                                          Arr& C, void** pa, void** pb, void** pc)>;
// Runs the call and compares; untouched elements of C must stay as they were.
static bool gemm_ok(const G& g, const Call& call, bool device_scalars = false) {
  Arr A(g.ab, g.sa() * g.batch), B(g.ab, g.sb() * g.batch), Cm(g.c, g.sc() * g.batch);
  if (g.be == 0) {
    for (size_t i = 0; i < Cm.n; i++)
      if (g.c != CUDA_R_32I) put(g.c, Cm.h.data(), i, NAN);
    Cm.up();
  }
  auto before = Cm.h;
  const cudaDataType st = g.ct == CUBLAS_COMPUTE_16F   ? CUDA_R_16F
                          : g.ct == CUBLAS_COMPUTE_32I ? CUDA_R_32I
                          : g.ct == CUBLAS_COMPUTE_64F ? CUDA_R_64F
                                                       : CUDA_R_32F;
  Arr al(st, 1), be(st, 1);
  put(st, al.h.data(), 0, g.al);
  put(st, be.h.data(), 0, g.be);
  al.up();
  be.up();
  std::vector<void*> p[3];
  void** dp[3];
  Arr* arr[3] = {&A, &B, &Cm};
  const size_t str[3] = {g.sa(), g.sb(), g.sc()};
  for (int i = 0; i < 3; i++) {
    for (int b = g.batch - 1; b >= 0; b--)
      p[i].push_back((uint8_t*)arr[i]->d + b * str[i] * size_of(arr[i]->t));  // backwards
    CHECK_CUDA(cudaMalloc(&dp[i], g.batch * 8));
    CHECK_CUDA(cudaMemcpy(dp[i], p[i].data(), g.batch * 8, cudaMemcpyHostToDevice));
  }
  OKS(cublasSetPointerMode(H,
                           device_scalars ? CUBLAS_POINTER_MODE_DEVICE : CUBLAS_POINTER_MODE_HOST));
  cublasStatus_t s = call(g, device_scalars ? al.d : al.h.data(),
                          device_scalars ? be.d : be.h.data(), A, B, Cm, dp[0], dp[1], dp[2]);
  OKS(cublasSetPointerMode(H, CUBLAS_POINTER_MODE_HOST));
  CHECK_CUDA(cudaDeviceSynchronize());
  for (auto& x : dp) cudaFree(x);
  if (s) {
    printf("# status %s\n", cublasGetStatusName(s));
    return false;
  }
  auto out = Cm.down();
  const double alpha = al[0], beta = be[0];
  const double u = g.ct == CUBLAS_COMPUTE_64F ? 0x1p-53 : g.ct == CUBLAS_COMPUTE_32I ? 0 : 0x1p-24;
  for (int b = 0; b < g.batch; b++) {
    std::vector<char> seen(g.sc());
    for (int j = 0; j < g.n; j++)
      for (int i = 0; i < g.m; i++) {
        double sum = 0, mag = 0;
        for (int k = 0; k < g.k; k++) {
          const double
              x = round_to(
                  g.ct,
                  A[b * g.sa() + (g.ta == N ? (size_t)k * g.lda() + i : (size_t)i * g.lda() + k)]),
              y = round_to(
                  g.ct,
                  B[b * g.sb() + (g.tb == N ? (size_t)j * g.ldb() + k : (size_t)k * g.ldb() + j)]);
          sum += x * y;
          mag += std::fabs(x * y);
        }
        const size_t at = b * g.sc() + (size_t)j * g.ldc() + i;
        const double old = g.be == 0 ? 0 : get(g.c, before.data(), at),
                     want = alpha * sum + beta * old, got = get(g.c, out.data(), at);
        seen[(size_t)j * g.ldc() + i] = 1;
        if (!near(g.c, got, want,
                  u * ((g.k + 3) * mag * std::fabs(alpha) + 3 * std::fabs(beta * old)))) {
          printf("# %s C[%d,%d] batch %d: %.9g, want %.9g\n", name_of(g.c), i, j, b, got, want);
          return false;
        }
      }
    for (size_t i = 0; i < g.sc(); i++)
      if (!seen[i] && memcmp(&out[(b * g.sc() + i) * size_of(g.c)],
                             &before[(b * g.sc() + i) * size_of(g.c)], size_of(g.c))) {
        printf("# element %zu outside C changed\n", i);
        return false;
      }
  }
  return true;
}
static cublasStatus_t ex(const G& g, const void* al, const void* be, Arr& A, Arr& B, Arr& Cm,
                         void**, void**, void**) {
  return cublasGemmEx(H, g.ta, g.tb, g.m, g.n, g.k, al, A.d, g.ab, g.lda(), B.d, g.ab, g.ldb(), be,
                      Cm.d, g.c, g.ldc(), g.ct, CUBLAS_GEMM_DEFAULT);
}
static cublasStatus_t ex64(const G& g, const void* al, const void* be, Arr& A, Arr& B, Arr& Cm,
                           void**, void**, void**) {
  return cublasGemmEx_64(H, g.ta, g.tb, g.m, g.n, g.k, al, A.d, g.ab, g.lda(), B.d, g.ab, g.ldb(),
                         be, Cm.d, g.c, g.ldc(), g.ct, CUBLAS_GEMM_DEFAULT_TENSOR_OP);
}
static cublasStatus_t strided(const G& g, const void* al, const void* be, Arr& A, Arr& B, Arr& Cm,
                              void**, void**, void**) {
  return cublasGemmStridedBatchedEx(H, g.ta, g.tb, g.m, g.n, g.k, al, A.d, g.ab, g.lda(), g.sa(),
                                    B.d, g.ab, g.ldb(), g.sb(), be, Cm.d, g.c, g.ldc(), g.sc(),
                                    g.batch, g.ct, CUBLAS_GEMM_DEFAULT);
}
static cublasStatus_t batched(const G& g, const void* al, const void* be, Arr&, Arr&, Arr&,
                              void** a, void** b, void** c) {
  return cublasGemmBatchedEx(H, g.ta, g.tb, g.m, g.n, g.k, al, a, g.ab, g.lda(), b, g.ab, g.ldb(),
                             be, c, g.c, g.ldc(), g.batch, g.ct, CUBLAS_GEMM_DEFAULT);
}

static void gemms() {
  struct {
    cudaDataType ab, c;
    cublasComputeType_t ct;
    const char* what;
  } types[] = {{CUDA_R_32F, CUDA_R_32F, CUBLAS_COMPUTE_32F, "f32"},
               {CUDA_R_64F, CUDA_R_64F, CUBLAS_COMPUTE_64F, "f64"},
               {CUDA_R_16F, CUDA_R_16F, CUBLAS_COMPUTE_32F, "f16 f32"},
               {CUDA_R_16F, CUDA_R_32F, CUBLAS_COMPUTE_32F, "f16->f32"},
               {CUDA_R_16BF, CUDA_R_16BF, CUBLAS_COMPUTE_32F, "bf16 f32"},
               {CUDA_R_16BF, CUDA_R_32F, CUBLAS_COMPUTE_32F, "bf16->f32"},
               {CUDA_R_16F, CUDA_R_16F, CUBLAS_COMPUTE_16F, "f16 f16"},
               {CUDA_R_32F, CUDA_R_32F, CUBLAS_COMPUTE_32F_FAST_TF32, "tf32"},
               {CUDA_R_32F, CUDA_R_32F, CUBLAS_COMPUTE_32F_FAST_16F, "f32 as f16"},
               {CUDA_R_32F, CUDA_R_32F, CUBLAS_COMPUTE_32F_FAST_16BF, "f32 as bf16"},
               {CUDA_R_32F, CUDA_R_32F, CUBLAS_COMPUTE_32F_PEDANTIC, "f32 pedantic"},
               {CUDA_R_8I, CUDA_R_32I, CUBLAS_COMPUTE_32I, "i8->i32"},
               {CUDA_R_8I, CUDA_R_32F, CUBLAS_COMPUTE_32F, "i8->f32"}};
  for (auto& t : types) {
    const bool i8 = t.ab == CUDA_R_8I;
    bool ok = true, edge = true, batch = true, scalars = true;
    for (auto ta : {N, T, C})
      for (auto tb : {N, T}) {
        const int al = t.ct == CUBLAS_COMPUTE_32I ? 3 : 1;
        // shapes: padding of leading dimensions, several k blocks, sizes around the panels
        ok = ok && gemm_ok({ta, tb, 68, 40, i8 ? 100 : 97, i8 ? (ta == N ? 0 : 4) : 3,
                            i8 ? (tb == N ? 0 : 0) : 5, 2, 1, al * 0.75 + (i8 ? al * 0.25 : 0),
                            i8 && t.ct == CUBLAS_COMPUTE_32I ? 2. : 0.5, t.ab, t.c, t.ct},
                           ex);
        ok = ok && gemm_ok({ta, tb, 200, 28, 800, 0, 0, 0, 1, 1, 0, t.ab, t.c, t.ct}, ex64);
        if (!i8)
          for (int m : {1, 15, 33})
            for (int n : {1, 12, 13})
              for (int k : {0, 1, 17})
                edge = edge && gemm_ok({ta, tb, m, n, k, 1, 1, 1, 1, 1.25, k == 0 ? 0.5 : 0, t.ab,
                                        t.c, t.ct},
                                       ex);
        if (!i8) {
          batch =
              batch && gemm_ok({ta, tb, 20, 30, 40, 1, 2, 3, 5, 1, 0.25, t.ab, t.c, t.ct}, strided);
          batch =
              batch && gemm_ok({ta, tb, 20, 30, 40, 1, 2, 3, 5, 1, 0.25, t.ab, t.c, t.ct}, batched);
        }
        scalars =
            scalars &&
            gemm_ok({ta, tb, 16, 24, 32, 0, 0, 0, 1, 2, i8 ? 3. : 0.5, t.ab, t.c, t.ct}, ex, true);
      }
    CHECK((std::string("GemmEx ") + t.what).c_str(), ok);
    CHECK((std::string("GemmEx small ") + t.what).c_str(), edge);
    CHECK((std::string("GemmBatchedEx, GemmStridedBatchedEx ") + t.what).c_str(), batch);
    CHECK((std::string("GemmEx device scalars ") + t.what).c_str(), scalars);
  }
  bool s = true, d = true, h = true;
  for (auto ta : {N, T})
    for (auto tb : {N, T}) {
      const G f{ta, tb, 45,  37,  70,         2,          3,
                4,  3,  1.5, 0.5, CUDA_R_32F, CUDA_R_32F, CUBLAS_COMPUTE_32F};
      G g = f;
      g.ab = g.c = CUDA_R_64F;
      g.ct = CUBLAS_COMPUTE_64F;
      G q = f;
      q.ab = q.c = CUDA_R_16F;
      q.ct = CUBLAS_COMPUTE_16F;
      auto one = [](G x) {
        x.batch = 1;
        return x;
      };
#define A_(E) (const E*)A.d
#define ARGS(E) (const E*)al, A_(E), g.lda()
      s = s && gemm_ok(one(f), [](const G& g, const void* al, const void* be, Arr& A, Arr& B,
                                  Arr& Cm, void**, void**, void**) {
            return cublasSgemm(H, g.ta, g.tb, g.m, g.n, g.k, ARGS(float), (const float*)B.d,
                               g.ldb(), (const float*)be, (float*)Cm.d, g.ldc());
          });
      s = s && gemm_ok(f, [](const G& g, const void* al, const void* be, Arr& A, Arr& B, Arr& Cm,
                             void**, void**, void**) {
            return cublasSgemmStridedBatched(H, g.ta, g.tb, g.m, g.n, g.k, ARGS(float), g.sa(),
                                             (const float*)B.d, g.ldb(), g.sb(), (const float*)be,
                                             (float*)Cm.d, g.ldc(), g.sc(), g.batch);
          });
      s = s && gemm_ok(f, [](const G& g, const void* al, const void* be, Arr&, Arr&, Arr&, void** a,
                             void** b, void** c) {
            return cublasSgemmBatched(H, g.ta, g.tb, g.m, g.n, g.k, (const float*)al,
                                      (const float**)a, g.lda(), (const float**)b, g.ldb(),
                                      (const float*)be, (float**)c, g.ldc(), g.batch);
          });
      d = d && gemm_ok(one(g), [](const G& g, const void* al, const void* be, Arr& A, Arr& B,
                                  Arr& Cm, void**, void**, void**) {
            return cublasDgemm(H, g.ta, g.tb, g.m, g.n, g.k, ARGS(double), (const double*)B.d,
                               g.ldb(), (const double*)be, (double*)Cm.d, g.ldc());
          });
      d = d && gemm_ok(g, [](const G& g, const void* al, const void* be, Arr& A, Arr& B, Arr& Cm,
                             void**, void**, void**) {
            return cublasDgemmStridedBatched(H, g.ta, g.tb, g.m, g.n, g.k, ARGS(double), g.sa(),
                                             (const double*)B.d, g.ldb(), g.sb(), (const double*)be,
                                             (double*)Cm.d, g.ldc(), g.sc(), g.batch);
          });
      d = d && gemm_ok(g, [](const G& g, const void* al, const void* be, Arr&, Arr&, Arr&, void** a,
                             void** b, void** c) {
            return cublasDgemmBatched(H, g.ta, g.tb, g.m, g.n, g.k, (const double*)al,
                                      (const double**)a, g.lda(), (const double**)b, g.ldb(),
                                      (const double*)be, (double**)c, g.ldc(), g.batch);
          });
      h = h && gemm_ok(one(q), [](const G& g, const void* al, const void* be, Arr& A, Arr& B,
                                  Arr& Cm, void**, void**, void**) {
            return cublasHgemm(H, g.ta, g.tb, g.m, g.n, g.k, ARGS(__half), (const __half*)B.d,
                               g.ldb(), (const __half*)be, (__half*)Cm.d, g.ldc());
          });
      h = h && gemm_ok(q, [](const G& g, const void* al, const void* be, Arr& A, Arr& B, Arr& Cm,
                             void**, void**, void**) {
            return cublasHgemmStridedBatched(H, g.ta, g.tb, g.m, g.n, g.k, ARGS(__half), g.sa(),
                                             (const __half*)B.d, g.ldb(), g.sb(), (const __half*)be,
                                             (__half*)Cm.d, g.ldc(), g.sc(), g.batch);
          });
      h = h && gemm_ok(q, [](const G& g, const void* al, const void* be, Arr&, Arr&, Arr&, void** a,
                             void** b, void** c) {
            return cublasHgemmBatched(H, g.ta, g.tb, g.m, g.n, g.k, (const __half*)al,
                                      (const __half**)a, g.lda(), (const __half**)b, g.ldb(),
                                      (const __half*)be, (__half**)c, g.ldc(), g.batch);
          });
    }
  CHECK("Sgemm, SgemmBatched, SgemmStridedBatched", s);
  CHECK("Dgemm, DgemmBatched, DgemmStridedBatched", d);
  CHECK("Hgemm, HgemmBatched, HgemmStridedBatched", h);
  // The math mode makes Sgemm round its operands to tf32.
  G f{N, T, 50, 60, 70, 0, 0, 0, 1, 1, 0, CUDA_R_32F, CUDA_R_32F, CUBLAS_COMPUTE_32F_FAST_TF32};
  OKS(cublasSetMathMode(H, CUBLAS_TF32_TENSOR_OP_MATH));
  CHECK("Sgemm in tf32 math mode", gemm_ok(f, [](const G& g, const void* al, const void* be, Arr& A,
                                                 Arr& B, Arr& Cm, void**, void**, void**) {
          return cublasSgemm(H, g.ta, g.tb, g.m, g.n, g.k, ARGS(float), (const float*)B.d, g.ldb(),
                             (const float*)be, (float*)Cm.d, g.ldc());
        }));
  OKS(cublasSetMathMode(H, CUBLAS_DEFAULT_MATH));
  CHECK("large f32 on several threads", gemm_ok({T, N, 300, 290, 1000, 0, 0, 0, 1, 1, 0, CUDA_R_32F,
                                                 CUDA_R_32F, CUBLAS_COMPUTE_32F},
                                                ex));
  // Grouped: two groups of different shapes.
  {
    cublasOperation_t ta[2] = {N, T}, tb[2] = {T, N};
    int m[2] = {5, 9}, n[2] = {7, 4}, k[2] = {6, 11}, lda[2] = {5, 11}, ldb[2] = {7, 11},
        ldc[2] = {5, 9}, size[2] = {2, 1};
    float al[2] = {1.5f, -1}, be[2] = {0, 0.5f};
    Arr A(CUDA_R_32F, 400), B(CUDA_R_32F, 400), Cm(CUDA_R_32F, 400);
    void *pa[3], *pb[3], *pc[3];
    for (int i = 0; i < 3; i++) {
      pa[i] = (float*)A.d + 100 * i;
      pb[i] = (float*)B.d + 100 * i;
      pc[i] = (float*)Cm.d + 100 * i;
    }
    void** dp;
    CHECK_CUDA(cudaMalloc(&dp, 9 * 8));
    CHECK_CUDA(cudaMemcpy(dp, pa, 24, cudaMemcpyHostToDevice));
    CHECK_CUDA(cudaMemcpy(dp + 3, pb, 24, cudaMemcpyHostToDevice));
    CHECK_CUDA(cudaMemcpy(dp + 6, pc, 24, cudaMemcpyHostToDevice));
    OKS(cublasSgemmGroupedBatched(H, ta, tb, m, n, k, al, (const float* const*)dp, lda,
                                  (const float* const*)(dp + 3), ldb, be, (float* const*)(dp + 6),
                                  ldc, 2, size));
    auto o = Cm.down();
    bool ok = true;
    for (int x = 0; x < 3; x++) {
      const int g = x == 2;
      for (int j = 0; j < n[g]; j++)
        for (int i = 0; i < m[g]; i++) {
          double sum = 0;
          for (int q = 0; q < k[g]; q++)
            sum += A[100 * x + (ta[g] == N ? q * lda[g] + i : i * lda[g] + q)] *
                   B[100 * x + (tb[g] == N ? j * ldb[g] + q : q * ldb[g] + j)];
          ok = ok && near(CUDA_R_32F, get(CUDA_R_32F, o.data(), 100 * x + j * ldc[g] + i),
                          al[g] * sum + be[g] * Cm[100 * x + j * ldc[g] + i], 1e-5);
        }
    }
    CHECK("SgemmGroupedBatched", ok);
    cudaFree(dp);
  }
}
