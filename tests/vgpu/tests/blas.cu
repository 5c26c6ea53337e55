// cuBLAS: every routine vgpu has against double precision; errors; graphs.
#include "tests/vgpu/tests/blas_products.cuh"
#include "tests/vgpu/tests/blas_vectors.cuh"
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
  CHECK_CUDA(cudaStreamCreate(&s));
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
  CHECK_CUDA(cudaMalloc(&w, 1024));
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
  CHECK_CUDA(cudaMalloc(&d, 48));
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
  CHECK_CUDA(cudaMalloc(&d, 1 << 16));
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
  CHECK_CUDA(cudaStreamCreate(&s));
  OKS(cublasSetStream(H, s));
  float al = 2, be = 0;
  cudaGraph_t g;
  cudaGraphExec_t e;
  CHECK_CUDA(cudaStreamBeginCapture(s, cudaStreamCaptureModeGlobal));
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
  CHECK_CUDA(cudaStreamEndCapture(s, &g));
  size_t nn = 0;
  CHECK_CUDA(cudaGraphGetNodes(g, nullptr, &nn));
  CHECK("capture records the calls", nn == 4 && get(CUDA_R_32F, R.down().data(), 5) == 0 &&
                                         get(CUDA_R_32F, D.down().data(), 0) == -1);
  std::vector<cudaGraphNode_t> nodes(nn);
  CHECK_CUDA(cudaGraphGetNodes(g, nodes.data(), &nn));
  cudaGraphNodeType ty;
  CHECK_CUDA(cudaGraphNodeGetType(nodes[1], &ty));
  cudaKernelNodeParams kp;
  CHECK("a kernel node that is not the program's",
        ty == cudaGraphNodeTypeKernel &&
            cudaGraphKernelNodeGetParams(nodes[1], &kp) == cudaErrorInvalidDeviceFunction);
  cudaGetLastError();
  CHECK_CUDA(cudaGraphInstantiate(&e, g, 0));
  CHECK_CUDA(cudaGraphDestroy(g));
  bool ok = true;
  for (int rep = 1; rep <= 2; rep++) {
    if (rep == 2) {
      for (size_t i = 0; i < B.n; i++) put(CUDA_R_32F, B.h.data(), i, uniform());
      B.up();
    }
    CHECK_CUDA(cudaGraphLaunch(e, s));
    CHECK_CUDA(cudaStreamSynchronize(s));
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
  CHECK_CUDA(cudaGraphExecDestroy(e));
  OKS(cublasSetStream(H, nullptr));
  cudaStreamDestroy(s);
}
int main(int argc, char** argv) {
  if (argc > 1 && !strcmp(argv[1], "report")) {  // three calls for the counters
    OKS(cublasCreate(&H));
    float* d;
    CHECK_CUDA(cudaMalloc(&d, 4096));
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
    CHECK_CUDA(cudaMalloc(&d, 64 * 4));
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
