// cuBLAS: every routine vgpu has against double precision; errors; graphs.
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
    CU(cudaMalloc(&dp[i], g.batch * 8));
    CU(cudaMemcpy(dp[i], p[i].data(), g.batch * 8, cudaMemcpyHostToDevice));
  }
  OKS(cublasSetPointerMode(H,
                           device_scalars ? CUBLAS_POINTER_MODE_DEVICE : CUBLAS_POINTER_MODE_HOST));
  cublasStatus_t s = call(g, device_scalars ? al.d : al.h.data(),
                          device_scalars ? be.d : be.h.data(), A, B, Cm, dp[0], dp[1], dp[2]);
  OKS(cublasSetPointerMode(H, CUBLAS_POINTER_MODE_HOST));
  CU(cudaDeviceSynchronize());
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
    CU(cudaMalloc(&dp, 9 * 8));
    CU(cudaMemcpy(dp, pa, 24, cudaMemcpyHostToDevice));
    CU(cudaMemcpy(dp + 3, pb, 24, cudaMemcpyHostToDevice));
    CU(cudaMemcpy(dp + 6, pc, 24, cudaMemcpyHostToDevice));
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

// ---- vectors, matrix-vector
// -------------------------------------------------------------------------------------
template <class E>
struct L {};
template <>
struct L<float> {
  static constexpr cudaDataType t = CUDA_R_32F;
  static constexpr double u = 0x1p-24;
  static constexpr const char* p = "S";
};
template <>
struct L<double> {
  static constexpr cudaDataType t = CUDA_R_64F;
  static constexpr double u = 0x1p-53;
  static constexpr const char* p = "D";
};
#define BOTH(name, SF, DF)                     \
  template <class... X>                        \
  static cublasStatus_t name(float, X... x) {  \
    return SF(x...);                           \
  }                                            \
  template <class... X>                        \
  static cublasStatus_t name(double, X... x) { \
    return DF(x...);                           \
  }
BOTH(axpy, cublasSaxpy, cublasDaxpy)
BOTH(scal, cublasSscal, cublasDscal)
BOTH(dot, cublasSdot, cublasDdot)
BOTH(nrm2, cublasSnrm2, cublasDnrm2)
BOTH(asum, cublasSasum, cublasDasum) BOTH(iamax, cublasIsamax, cublasIdamax)
    BOTH(iamin, cublasIsamin, cublasIdamin) BOTH(copy, cublasScopy, cublasDcopy)
        BOTH(swp, cublasSswap, cublasDswap) BOTH(ger, cublasSger, cublasDger)
            BOTH(gemv, cublasSgemv, cublasDgemv) BOTH(geam, cublasSgeam, cublasDgeam)
                BOTH(dgmm, cublasSdgmm, cublasDdgmm)
                    BOTH(gemvb, cublasSgemvStridedBatched, cublasDgemvStridedBatched)
                        BOTH(rot, cublasSrot, cublasDrot) static size_t pos(int n, int inc, int i) {
  return (size_t)(inc < 0 ? (i - (n - 1)) * inc : i * inc);
}
template <class E>
static void vectors() {
  const auto t = L<E>::t;
  const double u = L<E>::u;
  const E e = 0;
  auto say = [](const char* s, bool ok) { CHECK((std::string(L<E>::p) + s).c_str(), ok); };
  bool a = true, s = true, d = true, n2 = true, as = true, mx = true, cp = true, sw = true,
       ro = true;
  for (int ix : {1, 2, -3})
    for (int iy : {1, -2})
      for (int n : {1, 7, 1000})
        for (int dev : {0, 1}) {
          Arr X(t, n * 3), Y(t, n * 3), al(t, 1), r(t, 1), cs(t, 2);
          int* ri;
          CU(cudaMalloc(&ri, 4));
          OKS(cublasSetPointerMode(H, dev ? CUBLAS_POINTER_MODE_DEVICE : CUBLAS_POINTER_MODE_HOST));
          const E* alp = dev ? (const E*)al.d : (const E*)al.h.data();
          E hr;
          E* rp = dev ? (E*)r.d : &hr;
          int hi;
          int* rip = dev ? ri : &hi;
          auto res = [&] {
            if (dev) CU(cudaMemcpy(&hr, r.d, sizeof hr, cudaMemcpyDeviceToHost));
            return (double)hr;
          };
          auto ires = [&] {
            if (dev) CU(cudaMemcpy(&hi, ri, 4, cudaMemcpyDeviceToHost));
            return hi;
          };
          OKS(dot(e, H, n, (const E*)X.d, ix, (const E*)Y.d, iy, rp));
          double want = 0, mag = 0;
          for (int i = 0; i < n; i++) {
            want += X[pos(n, ix, i)] * Y[pos(n, iy, i)];
            mag += std::fabs(X[pos(n, ix, i)] * Y[pos(n, iy, i)]);
          }
          d = d && near(t, res(), want, u * n * mag);
          OKS(nrm2(e, H, n, (const E*)X.d, ix, rp));
          want = 0;
          if (ix > 0)
            for (int i = 0; i < n; i++) want += X[i * ix] * X[i * ix];
          n2 = n2 && near(t, res(), std::sqrt(want), u * (n + 4) * std::sqrt(want));
          OKS(asum(e, H, n, (const E*)X.d, ix, rp));
          want = 0;
          if (ix > 0)
            for (int i = 0; i < n; i++) want += std::fabs(X[i * ix]);
          as = as && near(t, res(), want, u * n * want);
          OKS(iamax(e, H, n, (const E*)X.d, ix, rip));
          int best = 0;
          for (int i = 1; i < n && ix > 0; i++)
            if (std::fabs(X[i * ix]) > std::fabs(X[best * ix])) best = i;
          mx = mx && ires() == (ix > 0 ? best + 1 : 0);
          OKS(iamin(e, H, n, (const E*)X.d, ix, rip));
          best = 0;
          for (int i = 1; i < n && ix > 0; i++)
            if (std::fabs(X[i * ix]) < std::fabs(X[best * ix])) best = i;
          mx = mx && ires() == (ix > 0 ? best + 1 : 0);
          OKS(axpy(e, H, n, alp, (const E*)X.d, ix, (E*)Y.d, iy));
          auto y = Y.down();
          for (int i = 0; i < n; i++) {
            const double v = al[0] * X[pos(n, ix, i)], o = Y[pos(n, iy, i)];
            a = a && near(t, get(t, y.data(), pos(n, iy, i)), v + o,
                          2 * u * (std::fabs(v) + std::fabs(o)));
          }
          Y.h = y;
          OKS(copy(e, H, n, (const E*)X.d, ix, (E*)Y.d, iy));
          y = Y.down();
          for (int i = 0; i < n; i++)
            cp = cp && get(t, y.data(), pos(n, iy, i)) == X[pos(n, ix, i)];
          Y.up();
          OKS(swp(e, H, n, (E*)X.d, ix, (E*)Y.d, iy));
          auto x = X.down();
          y = Y.down();
          for (int i = 0; i < n; i++)
            sw = sw && get(t, y.data(), pos(n, iy, i)) == X[pos(n, ix, i)] &&
                 get(t, x.data(), pos(n, ix, i)) == Y[pos(n, iy, i)];
          X.h = x;
          Y.h = y;
          const E* c = dev ? (const E*)cs.d : (const E*)cs.h.data();
          OKS(rot(e, H, n, (E*)X.d, ix, (E*)Y.d, iy, c, c + 1));
          x = X.down();
          y = Y.down();
          for (int i = 0; i < n; i++) {
            const double p = X[pos(n, ix, i)], q = Y[pos(n, iy, i)];
            ro = ro && near(t, get(t, x.data(), pos(n, ix, i)), cs[0] * p + cs[1] * q, 4 * u) &&
                 near(t, get(t, y.data(), pos(n, iy, i)), cs[0] * q - cs[1] * p, 4 * u);
          }
          X.h = x;
          OKS(scal(e, H, n, alp, (E*)X.d, ix));
          x = X.down();
          for (int i = 0; i < n; i++)
            s = s && get(t, x.data(), pos(n, ix, i)) ==
                         (ix > 0 ? (double)((E)al[0] * (E)X[pos(n, ix, i)]) : X[pos(n, ix, i)]);
          cudaFree(ri);
        }
  OKS(cublasSetPointerMode(H, CUBLAS_POINTER_MODE_HOST));
  say("axpy", a);
  say("scal", s);
  say("dot", d);
  say("nrm2", n2);
  say("asum", as);
  say("copy", cp);
  say("swap", sw);
  say("rot", ro);
  CHECK((std::string("I") + L<E>::p + "amax, amin").c_str(), mx);
  {
    Arr X(t, 2);
    X.fill(sizeof(E) == 8 ? 1e200 : 1e30);
    E r;
    OKS(nrm2(e, H, 2, (const E*)X.d, 1, &r));
    say("nrm2 without overflow", std::fabs(r / X[0] - std::sqrt(2.0)) < 1e-6);
  }

  bool mv = true, g = true, gm = true, dg = true, mvb = true;
  for (auto tr : {N, T})
    for (int ix : {1, -2})
      for (int iy : {1, 3})
        for (double beta : {0.0, 0.5}) {
          const int m = 37, n = 53, lda = 41, in = tr == N ? n : m, out = tr == N ? m : n, B = 3;
          Arr A(t, lda * n * B), X(t, in * 2 * B), Y(t, out * 3 * B);
          E al = 1.25, be = (E)beta;
          if (beta == 0) Y.fill(NAN);
          OKS(gemv(e, H, tr, m, n, &al, (const E*)A.d, lda, (const E*)X.d, ix, &be, (E*)Y.d, iy));
          auto y = Y.down();
          auto want = [&](int b, int i) {
            double s = 0;
            for (int j = 0; j < in; j++)
              s += A[b * lda * n + (tr == N ? j * lda + i : i * lda + j)] *
                   X[b * in * 2 + pos(in, ix, j)];
            return al * s + (beta == 0 ? 0 : beta * Y[b * out * 3 + pos(out, iy, i)]);
          };
          for (int i = 0; i < out; i++)
            mv = mv && near(t, get(t, y.data(), pos(out, iy, i)), want(0, i), u * 100 * in);
          Y.up();
          OKS(gemvb(e, H, tr, m, n, &al, (const E*)A.d, lda, lda * n, (const E*)X.d, ix, in * 2,
                    &be, (E*)Y.d, iy, out * 3, B));
          y = Y.down();
          for (int b = 0; b < B; b++)
            for (int i = 0; i < out; i++)
              mvb = mvb && near(t, get(t, y.data(), b * out * 3 + pos(out, iy, i)), want(b, i),
                                u * 100 * in);
        }
  for (int ix : {1, -2})
    for (int iy : {-1, 2}) {
      const int m = 11, n = 13, lda = 14;
      Arr A(t, lda * n), X(t, m * 2), Y(t, n * 2);
      E al = -0.5;
      OKS(ger(e, H, m, n, &al, (const E*)X.d, ix, (const E*)Y.d, iy, (E*)A.d, lda));
      auto o = A.down();
      for (int j = 0; j < n; j++)
        for (int i = 0; i < m; i++)
          g = g && near(t, get(t, o.data(), j * lda + i),
                        A[j * lda + i] + al * X[pos(m, ix, i)] * Y[pos(n, iy, j)], 4 * u);
      for (auto side : {CUBLAS_SIDE_LEFT, CUBLAS_SIDE_RIGHT}) {
        Arr Q(t, lda * n), D(t, 40), R(t, 15 * n);
        OKS(dgmm(e, H, side, m, n, (const E*)Q.d, lda, (const E*)D.d, ix, (E*)R.d, 15));
        auto r = R.down();
        const int len = side == CUBLAS_SIDE_LEFT ? m : n;
        for (int j = 0; j < n; j++)
          for (int i = 0; i < m; i++)
            dg = dg && near(t, get(t, r.data(), j * 15 + i),
                            Q[j * lda + i] * D[pos(len, ix, side == CUBLAS_SIDE_LEFT ? i : j)], 0);
      }
    }
  for (auto ta : {N, T})
    for (auto tb : {N, T})
      for (double beta : {0.0, 2.0}) {
        const int m = 9, n = 12;
        Arr A(t, 15 * 12), B(t, 15 * 12), R(t, 10 * n);
        E al = 1.5, be = (E)beta;
        if (beta == 0) B.fill(NAN);
        OKS(geam(e, H, ta, tb, m, n, &al, (const E*)A.d, 15, &be, (const E*)B.d, 14, (E*)R.d, 10));
        auto r = R.down();
        for (int j = 0; j < n; j++)
          for (int i = 0; i < m; i++)
            gm = gm && near(t, get(t, r.data(), j * 10 + i),
                            al * A[ta == N ? j * 15 + i : i * 15 + j] +
                                (beta == 0 ? 0 : be * B[tb == N ? j * 14 + i : i * 14 + j]),
                            4 * u);
      }
  say("gemv", mv);
  say("gemvStridedBatched", mvb);
  say("ger", g);
  say("dgmm", dg);
  say("geam", gm);
}
static void mixed() {
  // 16-bit vectors and matrix-vector products with f32 arithmetic.
  for (auto t : {CUDA_R_16F, CUDA_R_16BF}) {
    const int n = 300;
    Arr X(t, n), Y(t, n);
    float al = 0.75f;
    bool ok = true;
    OKS(cublasAxpyEx(H, n, &al, CUDA_R_32F, X.d, t, 1, Y.d, t, 1, CUDA_R_32F));
    auto y = Y.down();
    for (int i = 0; i < n; i++) ok = ok && near(t, get(t, y.data(), i), al * X[i] + Y[i], 1e-7);
    uint16_t r;
    OKS(cublasDotEx(H, n, X.d, t, 1, X.d, t, 1, &r, t, CUDA_R_32F));
    double s = 0;
    for (int i = 0; i < n; i++) s += X[i] * X[i];
    ok = ok && near(t, get(t, &r, 0), s, 1e-5 * s);
    OKS(cublasNrm2Ex(H, n, X.d, t, 1, &r, t, CUDA_R_32F));
    ok = ok && near(t, get(t, &r, 0), std::sqrt(s), 1e-5 * s);
    OKS(cublasScalEx(H, n, &al, CUDA_R_32F, X.d, t, 1, CUDA_R_32F));
    auto x = X.down();
    for (int i = 0; i < n; i++) ok = ok && near(t, get(t, x.data(), i), al * X[i], 0);
    CHECK((std::string("AxpyEx, DotEx, Nrm2Ex, ScalEx ") + name_of(t)).c_str(), ok);
  }
  Arr A(CUDA_R_16BF, 20 * 30), X(CUDA_R_16BF, 30), Y(CUDA_R_32F, 20);
  float al = 1, be = 0;
  bool ok = true;
  OKS(cublasTSSgemvStridedBatched(H, N, 20, 30, &al, (const __nv_bfloat16*)A.d, 20, 0,
                                  (const __nv_bfloat16*)X.d, 1, 0, &be, (float*)Y.d, 1, 0, 1));
  auto y = Y.down();
  for (int i = 0; i < 20; i++) {
    double s = 0;
    for (int j = 0; j < 30; j++) s += A[j * 20 + i] * X[j];
    ok = ok && near(CUDA_R_32F, get(CUDA_R_32F, y.data(), i), s, 1e-5);
  }
  CHECK("TSSgemvStridedBatched", ok);
}
static void handle() {
  cublasHandle_t h = nullptr;
  int v = 0;
  cudaStream_t s, s2;
  cublasMath_t mm;
  cublasPointerMode_t pm;
  cublasAtomicsMode_t am;
  STATUS("cublasCreate", cublasCreate(&h), CUBLAS_STATUS_SUCCESS);
  STATUS("cublasCreate(null)", cublasCreate(nullptr), CUBLAS_STATUS_INVALID_VALUE);
  STATUS("cublasGetVersion", cublasGetVersion(h, &v), CUBLAS_STATUS_SUCCESS);
  CHECK("version of the header", v == CUBLAS_VERSION);
  CU(cudaStreamCreate(&s));
  OKS(cublasSetStream(h, s));
  OKS(cublasGetStream(h, &s2));
  CHECK("SetStream, GetStream", s == s2);
  OKS(cublasGetMathMode(h, &mm));
  bool ok = mm == CUBLAS_DEFAULT_MATH;
  OKS(cublasSetMathMode(h, CUBLAS_TF32_TENSOR_OP_MATH));
  OKS(cublasGetMathMode(h, &mm));
  CHECK("SetMathMode, GetMathMode", ok && mm == CUBLAS_TF32_TENSOR_OP_MATH);
  STATUS("math mode with flag",
         cublasSetMathMode(h, (cublasMath_t)(CUBLAS_TF32_TENSOR_OP_MATH |
                                             CUBLAS_MATH_DISALLOW_REDUCED_PRECISION_REDUCTION)),
         CUBLAS_STATUS_SUCCESS);
  STATUS("bad math mode", cublasSetMathMode(h, (cublasMath_t)77), CUBLAS_STATUS_INVALID_VALUE);
  OKS(cublasGetPointerMode(h, &pm));
  ok = pm == CUBLAS_POINTER_MODE_HOST;
  OKS(cublasSetPointerMode(h, CUBLAS_POINTER_MODE_DEVICE));
  OKS(cublasGetPointerMode(h, &pm));
  CHECK("SetPointerMode, GetPointerMode", ok && pm == CUBLAS_POINTER_MODE_DEVICE);
  STATUS("bad pointer mode", cublasSetPointerMode(h, (cublasPointerMode_t)9),
         CUBLAS_STATUS_INVALID_VALUE);
  OKS(cublasSetAtomicsMode(h, CUBLAS_ATOMICS_ALLOWED));
  OKS(cublasGetAtomicsMode(h, &am));
  CHECK("atomics mode", am == CUBLAS_ATOMICS_ALLOWED);
  void* w;
  CU(cudaMalloc(&w, 1024));
  STATUS("SetWorkspace", cublasSetWorkspace(h, (void*)(((uintptr_t)w + 255) / 256 * 256), 256),
         CUBLAS_STATUS_SUCCESS);
  STATUS("SetWorkspace, unaligned",
         cublasSetWorkspace(h, (char*)(((uintptr_t)w + 255) / 256 * 256) + 16, 256),
         CUBLAS_STATUS_INVALID_VALUE);
  CHECK("status names and strings",
        !strcmp(cublasGetStatusName(CUBLAS_STATUS_NOT_SUPPORTED), "CUBLAS_STATUS_NOT_SUPPORTED") &&
            !strcmp(cublasGetStatusString(CUBLAS_STATUS_SUCCESS), "success"));
  STATUS("cublasDestroy", cublasDestroy(h), CUBLAS_STATUS_SUCCESS);
  STATUS("destroyed handle", cublasSetStream(h, s), CUBLAS_STATUS_NOT_INITIALIZED);
  STATUS("null handle", cublasDestroy(nullptr), CUBLAS_STATUS_NOT_INITIALIZED);
  float a[12], b[12];
  for (int i = 0; i < 12; i++) a[i] = i;
  float* d;
  CU(cudaMalloc(&d, 48));
  OKS(cublasSetMatrix(3, 2, 4, a, 4, d, 5));
  OKS(cublasGetMatrix(3, 2, 4, d, 5, b, 3));
  CHECK("SetMatrix, GetMatrix", b[0] == 0 && b[2] == 2 && b[3] == 4 && b[5] == 6);
  OKS(cublasSetVector(4, 4, a, 2, d, 3));
  OKS(cublasGetVector(4, 4, d, 3, b, 1));
  CHECK("SetVector, GetVector", b[1] == 2 && b[3] == 6);
  STATUS("SetVector, stride 0", cublasSetVector(4, 4, a, 0, d, 3), CUBLAS_STATUS_INVALID_VALUE);
  cudaFree(d);
  cudaFree(w);
  cudaStreamDestroy(s);
}
static void errors() {
  float *d, al = 1, be = 0;
  CU(cudaMalloc(&d, 1 << 16));
  const auto BAD = CUBLAS_STATUS_INVALID_VALUE, NO = CUBLAS_STATUS_NOT_SUPPORTED,
             OK = CUBLAS_STATUS_SUCCESS;
  auto sg = [&](cublasOperation_t ta, cublasOperation_t tb, int m, int n, int k, const float* a,
                int lda, int ldb, const float* b,
                int ldc) { return cublasSgemm(H, ta, tb, m, n, k, a, d, lda, d, ldb, b, d, ldc); };
  STATUS("gemm: null handle", cublasSgemm(nullptr, N, N, 1, 1, 1, &al, d, 1, d, 1, &be, d, 1),
         CUBLAS_STATUS_NOT_INITIALIZED);
  STATUS("gemm: transa", sg((cublasOperation_t)9, N, 4, 4, 4, &al, 4, 4, &be, 4), BAD);
  STATUS("gemm: transb", sg(N, (cublasOperation_t)9, 4, 4, 4, &al, 4, 4, &be, 4), BAD);
  STATUS("gemm: m < 0", sg(N, N, -1, 4, 4, &al, 4, 4, &be, 4), BAD);
  STATUS("gemm: n < 0", sg(N, N, 4, -1, 4, &al, 4, 4, &be, 4), BAD);
  STATUS("gemm: k < 0", sg(N, N, 4, 4, -1, &al, 4, 4, &be, 4), BAD);
  STATUS("gemm: lda", sg(N, N, 4, 5, 6, &al, 3, 6, &be, 4), BAD);
  STATUS("gemm: lda of a transposed A", sg(T, N, 4, 5, 6, &al, 5, 6, &be, 4), BAD);
  STATUS("gemm: ldb", sg(N, N, 4, 5, 6, &al, 4, 5, &be, 4), BAD);
  STATUS("gemm: ldb of a transposed B", sg(N, T, 4, 5, 6, &al, 4, 4, &be, 4), BAD);
  STATUS("gemm: ldc", sg(N, N, 4, 5, 6, &al, 4, 6, &be, 3), BAD);
  STATUS("gemm: alpha null", sg(N, N, 4, 5, 6, nullptr, 4, 6, &be, 4), BAD);
  STATUS("gemm: beta null", sg(N, N, 4, 5, 6, &al, 4, 6, nullptr, 4), BAD);
  STATUS("gemm: empty", sg(N, N, 0, 5, 6, &al, 4, 6, &be, 4), OK);
  STATUS("gemm: C null", cublasSgemm(H, N, N, 4, 4, 4, &al, d, 4, d, 4, &be, nullptr, 4), BAD);
  STATUS("gemm: alpha = 0 needs no A and B",
         cublasSgemm(H, N, N, 4, 4, 4, &be, nullptr, 4, nullptr, 4, &al, d, 4), OK);
  STATUS("gemm: batch < 0",
         cublasSgemmStridedBatched(H, N, N, 4, 4, 4, &al, d, 4, 16, d, 4, 16, &be, d, 4, 16, -1),
         BAD);
  auto ge = [&](cudaDataType a, cudaDataType b, cudaDataType c, cublasComputeType_t ct,
                int ld = 4) {
    return cublasGemmEx(H, N, N, 4, 4, 4, &al, d, a, ld, d, b, ld, &be, d, c, 4, ct,
                        CUBLAS_GEMM_DEFAULT);
  };
  STATUS("GemmEx: A and B of different types",
         ge(CUDA_R_16F, CUDA_R_16BF, CUDA_R_16F, CUBLAS_COMPUTE_32F), NO);
  STATUS("GemmEx: bf16 in f16 arithmetic",
         ge(CUDA_R_16BF, CUDA_R_16BF, CUDA_R_16BF, CUBLAS_COMPUTE_16F), NO);
  STATUS("GemmEx: f32 to f16", ge(CUDA_R_32F, CUDA_R_32F, CUDA_R_16F, CUBLAS_COMPUTE_32F), NO);
  STATUS("GemmEx: fp8", ge(CUDA_R_8F_E4M3, CUDA_R_8F_E4M3, CUDA_R_16F, CUBLAS_COMPUTE_32F), NO);
  STATUS("GemmEx: f64 in f32 arithmetic",
         ge(CUDA_R_64F, CUDA_R_64F, CUDA_R_64F, CUBLAS_COMPUTE_32F), NO);
  STATUS("GemmEx: i8 with lda not a multiple of 4",
         ge(CUDA_R_8I, CUDA_R_8I, CUDA_R_32I, CUBLAS_COMPUTE_32I, 5), NO);
  STATUS("GemmEx: algo",
         cublasGemmEx(H, N, N, 4, 4, 4, &al, d, CUDA_R_32F, 4, d, CUDA_R_32F, 4, &be, d, CUDA_R_32F,
                      4, CUBLAS_COMPUTE_32F, (cublasGemmAlgo_t)50),
         BAD);
  STATUS("gemv: incx = 0", cublasSgemv(H, N, 4, 4, &al, d, 4, d, 0, &be, d, 1), BAD);
  STATUS("gemv: lda", cublasSgemv(H, T, 4, 4, &al, d, 3, d, 1, &be, d, 1), BAD);
  STATUS("ger: lda", cublasSger(H, 4, 4, &al, d, 1, d, 1, d, 3), BAD);
  STATUS("geam: in place, transposed", cublasSgeam(H, T, N, 4, 4, &al, d, 4, &be, d + 100, 4, d, 4),
         BAD);
  STATUS("geam: in place", cublasSgeam(H, N, N, 4, 4, &al, d, 4, &be, d + 100, 4, d, 4), OK);
  STATUS("dgmm: side", cublasSdgmm(H, (cublasSideMode_t)7, 4, 4, d, 4, d, 1, d, 4), BAD);
  STATUS("dot: result null", cublasSdot(H, 4, d, 1, d, 1, nullptr), BAD);
  STATUS("axpy: n = 0", cublasSaxpy(H, 0, &al, d, 1, d, 1), OK);
  STATUS("not implemented",
         cublasStrsm(H, CUBLAS_SIDE_LEFT, CUBLAS_FILL_MODE_LOWER, N, CUBLAS_DIAG_UNIT, 4, 4, &al, d,
                     4, d, 4),
         NO);
  cudaFree(d);
}
static __global__ void add(float* p, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) p[i] += 1;
}
static void graphs() {
  // y = A x captured between two kernels, replayed twice on new data; a device-mode dot in the same
  // graph.
  const int n = 32;
  Arr A(CUDA_R_32F, n * n), B(CUDA_R_32F, n * n), R(CUDA_R_32F, n * n);
  R.fill(0);
  Arr D(CUDA_R_32F, 1);
  D.fill(-1);
  cudaStream_t s;
  CU(cudaStreamCreate(&s));
  OKS(cublasSetStream(H, s));
  float al = 2, be = 0;
  cudaGraph_t g;
  cudaGraphExec_t e;
  CU(cudaStreamBeginCapture(s, cudaStreamCaptureModeGlobal));
  add<<<n, n, 0, s>>>((float*)A.d, n * n);
  OKS(cublasSgemm(H, N, N, n, n, n, &al, (float*)A.d, n, (float*)B.d, n, &be, (float*)R.d, n));
  add<<<n, n, 0, s>>>((float*)R.d, n * n);
  OKS(cublasSetPointerMode(H, CUBLAS_POINTER_MODE_DEVICE));
  OKS(cublasSdot(H, n * n, (float*)R.d, 1, (float*)R.d, 1, (float*)D.d));
  OKS(cublasSetPointerMode(H, CUBLAS_POINTER_MODE_HOST));
  float hr;
  STATUS("result to the host during capture", cublasSdot(H, n, (float*)R.d, 1, (float*)R.d, 1, &hr),
         CUBLAS_STATUS_EXECUTION_FAILED);
  al = 99;  // captured by value
  CU(cudaStreamEndCapture(s, &g));
  size_t nn = 0;
  CU(cudaGraphGetNodes(g, nullptr, &nn));
  CHECK("capture records the calls", nn == 4 && get(CUDA_R_32F, R.down().data(), 5) == 0 &&
                                         get(CUDA_R_32F, D.down().data(), 0) == -1);
  std::vector<cudaGraphNode_t> nodes(nn);
  CU(cudaGraphGetNodes(g, nodes.data(), &nn));
  cudaGraphNodeType ty;
  CU(cudaGraphNodeGetType(nodes[1], &ty));
  cudaKernelNodeParams kp;
  CHECK("a kernel node that is not the program's",
        ty == cudaGraphNodeTypeKernel &&
            cudaGraphKernelNodeGetParams(nodes[1], &kp) == cudaErrorInvalidDeviceFunction);
  cudaGetLastError();
  CU(cudaGraphInstantiate(&e, g, 0));
  CU(cudaGraphDestroy(g));
  bool ok = true;
  for (int rep = 1; rep <= 2; rep++) {
    if (rep == 2) {
      for (size_t i = 0; i < B.n; i++) put(CUDA_R_32F, B.h.data(), i, uniform());
      B.up();
    }
    CU(cudaGraphLaunch(e, s));
    CU(cudaStreamSynchronize(s));
    auto r = R.down();
    double dd = 0;
    for (int j = 0; j < n; j++)
      for (int i = 0; i < n; i++) {
        double sum = 0;
        for (int k = 0; k < n; k++) sum += (A[k * n + i] + rep) * B[j * n + k];
        ok = ok && near(CUDA_R_32F, get(CUDA_R_32F, r.data(), j * n + i), 2 * sum + 1, 1e-4);
        const double v = get(CUDA_R_32F, r.data(), j * n + i);
        dd += v * v;
      }
    ok = ok && std::fabs(get(CUDA_R_32F, D.down().data(), 0) / dd - 1) < 1e-6;
  }
  CHECK("replay computes anew", ok);
  CU(cudaGraphExecDestroy(e));
  OKS(cublasSetStream(H, nullptr));
  cudaStreamDestroy(s);
}
int main(int argc, char** argv) {
  if (argc > 1 && !strcmp(argv[1], "report")) {  // three calls for the counters
    OKS(cublasCreate(&H));
    float* d;
    CU(cudaMalloc(&d, 4096));
    float al = 1, be = 0;
    for (int i = 0; i < 2; i++)
      OKS(cublasSgemm(H, N, N, 4, 5, 6, &al, d, 4, d, 6, &be, d + 512, 4));
    OKS(cublasGemmStridedBatchedEx(H, N, N, 8, 8, 8, &al, d, CUDA_R_16BF, 8, 64, d, CUDA_R_16BF, 8,
                                   64, &be, d + 512, CUDA_R_32F, 8, 64, 3, CUBLAS_COMPUTE_32F,
                                   CUBLAS_GEMM_DEFAULT));
    return 0;
  }
  if (argc > 1) {  // a call that leaves its matrix: a sticky device error
    OKS(cublasCreate(&H));
    float* d;
    CU(cudaMalloc(&d, 64 * 4));
    float al = 1, be = 0;
    STATUS("gemm past its matrix is launched",
           cublasSgemm(H, N, N, 8, 8, 9, &al, d, 8, d, 9, &be, d, 8), CUBLAS_STATUS_SUCCESS);
    CHECK("and is an illegal address", cudaDeviceSynchronize() == cudaErrorIllegalAddress);
    STATUS("later calls fail", cublasSgemm(H, N, N, 1, 1, 1, &al, d, 8, d, 9, &be, d, 8),
           CUBLAS_STATUS_EXECUTION_FAILED);
    STATUS("no new handle", cublasCreate(&H), CUBLAS_STATUS_NOT_INITIALIZED);
    return 0;
  }
  handle();
  OKS(cublasCreate(&H));
  gemms();
  vectors<float>();
  vectors<double>();
  mixed();
  errors();
  graphs();
  OKS(cublasDestroy(H));
  fflush(stdout);
  const std::string file = std::string(argv[0]) + ".json";
  std::string text;
  bool ran = system(("VGPU_REPORT=" + file + " " + argv[0] + " report").c_str()) == 0;
  if (FILE* f = fopen(file.c_str(), "r")) {
    char b[65536];
    text.assign(b, fread(b, 1, sizeof b, f));
    fclose(f);
  }
  auto has = [&](const char* name, const char* launches, const char* flops) {
    size_t p = text.find(std::string("\"name\": \"") + name + "\""), q = text.find("\"flops\"", p);
    return p != std::string::npos &&
           text.compare(text.find("\"launches\"", p), strlen(launches), launches) == 0 &&
           q != std::string::npos && text.compare(q, strlen(flops), flops) == 0;
  };
  CHECK("VGPU_REPORT counts flops",
        ran && has("cublas gemm 4x5x6 f32", "\"launches\": 2", "\"flops\": 480}") &&
            has("cublas gemm 8x8x8 bf16 batch 3", "\"launches\": 1", "\"flops\": 3072}"));
  CHECK("out of bounds, in another process",
        system((std::string(argv[0]) + " fault 2>/dev/null").c_str()) == 0);
}
