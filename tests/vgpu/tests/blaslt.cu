// cublasLt: descriptors, matmul of every type, order, batch and epilogue against double precision,
// fp8, errors, graphs.
#include "tests/vgpu/tests/blas_types.h"
#include "tests/vgpu/tests/blaslt_problem.cuh"
static void types() {
  struct {
    cudaDataType ab, cd, st;
    cublasComputeType_t ct;
    const char* n;
  } t[] = {{CUDA_R_32F, CUDA_R_32F, CUDA_R_32F, CUBLAS_COMPUTE_32F, "f32"},
           {CUDA_R_32F, CUDA_R_32F, CUDA_R_32F, CUBLAS_COMPUTE_32F_FAST_TF32, "tf32"},
           {CUDA_R_16BF, CUDA_R_16BF, CUDA_R_32F, CUBLAS_COMPUTE_32F, "bf16"},
           {CUDA_R_16BF, CUDA_R_32F, CUDA_R_32F, CUBLAS_COMPUTE_32F, "bf16->f32"},
           {CUDA_R_16F, CUDA_R_16F, CUDA_R_32F, CUBLAS_COMPUTE_32F, "f16"},
           {CUDA_R_16F, CUDA_R_32F, CUDA_R_32F, CUBLAS_COMPUTE_32F, "f16->f32"},
           {CUDA_R_16F, CUDA_R_16F, CUDA_R_16F, CUBLAS_COMPUTE_16F, "f16 in f16"},
           {CUDA_R_64F, CUDA_R_64F, CUDA_R_64F, CUBLAS_COMPUTE_64F, "f64"}};
  for (auto& x : t) {
    P p;
    p.a = p.b = x.ab;
    p.c = p.d = x.cd;
    p.st = x.st;
    p.ct = x.ct;
    p.aux = p.bias = x.cd;
    bool ok = true;
    for (bool ta : {false, true})
      for (bool tb : {false, true})
        for (int o = 0; o < 16; o++) {
          P q = p;
          q.ta = ta;
          q.tb = tb;
          q.oa = o & 1;
          q.ob = o >> 1 & 1;
          q.oc = o >> 2 & 1;
          q.od = o >> 3 & 1;
          q.m = 37;
          q.n = 29;
          q.k = 50;
          q.pad = 3;
          q.alpha = 1.5;
          q.beta = o & 4 ? 0.5 : 0;
          ok = ok && run(q);
        }
    check(std::string("matmul, orders and transposes: ") + x.n, ok);
    P q = p;
    q.batch = 3;
    q.pad = 8;
    q.beta = 0.25;
    ok = run(q);
    q.in_place = true;
    ok = ok && run(q);
    q.heuristic = 0;
    ok = ok && run(q);
    q.array = true;
    ok = ok && run(q);
    check(std::string("batches, in place, without an algorithm, pointer arrays: ") + x.n, ok);
    ok = true;
    for (int pm = 0; pm <= (x.st == CUDA_R_16F ? 1 : 4); pm++) {
      P r = p;
      r.pm = pm;
      r.alpha = 0.75;
      r.beta = 0.5;
      ok = ok && run(r);
    }
    check(std::string("pointer modes: ") + x.n, ok);
  }
  P p;
  p.a = p.b = CUDA_R_8I;
  p.c = p.d = CUDA_R_32I;
  p.st = CUDA_R_32I;
  p.ct = CUBLAS_COMPUTE_32I;
  p.ta = true;
  p.alpha = 2;
  p.beta = 3;
  check("i8 -> i32", run(p));
  p.c = p.d = CUDA_R_8I;
  p.st = CUDA_R_32F;
  p.alpha = 1e-3;
  p.beta = 0.5;
  check("i8 -> i8", run(p));
  p.epi = CUBLASLT_EPILOGUE_RELU_BIAS;
  check("i8 -> i8, relu, bias", run(p));
  p.c = p.d = CUDA_R_32F;
  p.epi = 1;
  p.ct = CUBLAS_COMPUTE_32F;
  check("i8 -> f32", run(p));
  p.ta = false;
  check("i8 not TN", run(p, NO));
  P g;
  g.m = 64;
  g.n = 64;
  g.k = 4096;
  g.a = g.b = g.c = g.d = CUDA_R_16BF;
  g.ta = true;
  check("split over k, with workspace", run(g));
}
static void epilogues() {
  struct {
    unsigned e;
    const char* n;
  } es[] = {{CUBLASLT_EPILOGUE_RELU, "relu"},
            {CUBLASLT_EPILOGUE_RELU_AUX, "relu_aux"},
            {CUBLASLT_EPILOGUE_BIAS, "bias"},
            {CUBLASLT_EPILOGUE_RELU_BIAS, "relu_bias"},
            {CUBLASLT_EPILOGUE_RELU_AUX_BIAS, "relu_aux_bias"},
            {CUBLASLT_EPILOGUE_DRELU, "drelu"},
            {CUBLASLT_EPILOGUE_DRELU_BGRAD, "drelu_bgrad"},
            {CUBLASLT_EPILOGUE_GELU, "gelu"},
            {CUBLASLT_EPILOGUE_GELU_AUX, "gelu_aux"},
            {CUBLASLT_EPILOGUE_GELU_BIAS, "gelu_bias"},
            {CUBLASLT_EPILOGUE_GELU_AUX_BIAS, "gelu_aux_bias"},
            {CUBLASLT_EPILOGUE_DGELU, "dgelu"},
            {CUBLASLT_EPILOGUE_DGELU_BGRAD, "dgelu_bgrad"},
            {CUBLASLT_EPILOGUE_BGRADA, "bgrada"},
            {CUBLASLT_EPILOGUE_BGRADB, "bgradb"}};
  for (auto& e : es) {
    bool ok = true;
    for (auto t : {CUDA_R_32F, CUDA_R_16F, CUDA_R_16BF})
      for (auto dt : {t, CUDA_R_32F})
        for (int batch : {1, 2})
          for (bool ta : {false, true}) {
            P p;
            p.a = p.b = t;
            p.c = p.d = p.bias = p.aux = dt;
            p.epi = e.e;
            p.m = 100;
            p.n = 70;
            p.k = 30;
            p.batch = batch;
            p.ta = ta;
            p.beta = batch == 2 ? 0.5 : 0;
            p.alpha = 1.25;
            p.set_bias_type = ta;
            p.set_aux_type = ta;
            ok = ok && run(p);
          }
    check(std::string("epilogue ") + e.n, ok);
  }
  P p;
  p.a = p.b = p.c = p.d = CUDA_R_16BF;
  p.epi = CUBLASLT_EPILOGUE_BIAS;
  p.bias = CUDA_R_32F;
  p.set_bias_type = true;
  check("f32 bias with bf16 output", run(p, NO));
  p.a = p.b = p.c = p.d = CUDA_R_64F;
  p.st = CUDA_R_64F;
  p.ct = CUBLAS_COMPUTE_64F;
  p.epi = CUBLASLT_EPILOGUE_RELU_BIAS;
  p.bias = CUDA_R_64F;
  check("f64 relu_bias", run(p));
  p.epi = CUBLASLT_EPILOGUE_GELU;
  check("f64 gelu", run(p, NO));
  p = P();
  p.epi = 3;
  check("epilogue that does not exist", run(p, BAD));
}
static void fp8() {
  // every value, through a one-column product with the identity
  for (auto t : {CUDA_R_8F_E4M3, CUDA_R_8F_E5M2}) {
    const int n = 256;
    Arr A(t, n * n), B(CUDA_R_8F_E4M3, n * 16), D(CUDA_R_32F, n * 16);
    A.fill(0);
    B.fill(0);
    for (int i = 0; i < n; i++) A.h[i * n + i] = (uint8_t)i;
    const int bad = t == CUDA_R_8F_E4M3 ? 1 : 3;
    for (int i = 0; i < n; i++)
      if (std::isnan(A[i * n + i]) || std::isinf(A[i * n + i])) A.h[i * n + i] = 0;
    for (int i = 0; i < n; i++) put(CUDA_R_8F_E4M3, B.h.data(), i, 1);
    A.up();
    B.up();
    (void)bad;
    cublasLtMatmulDesc_t d;
    cublasLtMatmulDescCreate(&d, CUBLAS_COMPUTE_32F, CUDA_R_32F);
    set(d, CUBLASLT_MATMUL_DESC_TRANSA, CUBLAS_OP_T);
    cublasLtMatrixLayout_t la, lb, ld;
    cublasLtMatrixLayoutCreate(&la, t, n, n, n);
    cublasLtMatrixLayoutCreate(&lb, CUDA_R_8F_E4M3, n, 16, n);
    cublasLtMatrixLayoutCreate(&ld, CUDA_R_32F, n, 16, n);
    float al = 1, be = 0;
    OKS(cublasLtMatmul(H, d, &al, A.d, la, B.d, lb, &be, D.d, ld, D.d, ld, nullptr, nullptr, 0,
                       nullptr));
    auto o = D.down();
    bool ok = true;
    for (int i = 0; i < n; i++) ok = ok && get(CUDA_R_32F, o.data(), i) == A[i * n + i];
    CHECK((std::string("every value of ") + name_of(t)).c_str(), ok);
    cublasLtMatmulDescDestroy(d);
    for (auto l : {la, lb, ld}) cublasLtMatrixLayoutDestroy(l);
  }
  // conversions to fp8 of f32 values of all kinds, against cuda_fp8.h: diag(1) * x, D in fp8
  // through C = x
  for (auto t : {CUDA_R_8F_E4M3, CUDA_R_8F_E5M2}) {
    const int m = 4096, n = 16;
    Arr A(CUDA_R_8F_E4M3, m * 16), B(CUDA_R_8F_E5M2, 16 * n), C(CUDA_R_16F, m * n), D(t, m * n);
    A.fill(0);
    B.fill(0);
    for (int i = 0; i < m * n; i++) {
      const uint16_t v = (uint16_t)i;
      memcpy(&C.h[i * 2], &v, 2);
    }
    C.up();  // every f16
    cublasLtMatmulDesc_t d;
    cublasLtMatmulDescCreate(&d, CUBLAS_COMPUTE_32F, CUDA_R_32F);
    set(d, CUBLASLT_MATMUL_DESC_TRANSA, CUBLAS_OP_T);
    cublasLtMatrixLayout_t la, lb, lc, ld;
    cublasLtMatrixLayoutCreate(&la, CUDA_R_8F_E4M3, 16, m, 16);
    cublasLtMatrixLayoutCreate(&lb, CUDA_R_8F_E5M2, 16, n, 16);
    cublasLtMatrixLayoutCreate(&lc, CUDA_R_16F, m, n, m);
    cublasLtMatrixLayoutCreate(&ld, t, m, n, m);
    float al = 1, be = 1;
    OKS(cublasLtMatmul(H, d, &al, A.d, la, B.d, lb, &be, C.d, lc, D.d, ld, nullptr, nullptr, 0,
                       nullptr));
    auto o = D.down();
    int wrong = 0;
    for (int i = 0; i < m * n; i++) {
      const uint8_t w = __nv_cvt_float_to_fp8((float)C[i], __NV_SATFINITE,
                                              t == CUDA_R_8F_E4M3 ? __NV_E4M3 : __NV_E5M2);
      if (o[i] != w && C[i] != 0 && wrong++ < 5) printf("# %g -> %02x, want %02x\n", C[i], o[i], w);
    }
    CHECK((std::string("every f16 to ") + name_of(t)).c_str(), wrong == 0);
    cublasLtMatmulDescDestroy(d);
    for (auto l : {la, lb, lc, ld}) cublasLtMatrixLayoutDestroy(l);
  }
  struct {
    cudaDataType a, b, c, d, bias;
  } ts[] = {{CUDA_R_8F_E4M3, CUDA_R_8F_E4M3, CUDA_R_16BF, CUDA_R_16BF, CUDA_R_16BF},
            {CUDA_R_8F_E4M3, CUDA_R_8F_E4M3, CUDA_R_16BF, CUDA_R_8F_E4M3, CUDA_R_16BF},
            {CUDA_R_8F_E4M3, CUDA_R_8F_E5M2, CUDA_R_16F, CUDA_R_16F, CUDA_R_16F},
            {CUDA_R_8F_E5M2, CUDA_R_8F_E4M3, CUDA_R_32F, CUDA_R_32F, CUDA_R_16BF},
            {CUDA_R_8F_E5M2, CUDA_R_8F_E4M3, CUDA_R_16F, CUDA_R_8F_E5M2, CUDA_R_16F},
            {CUDA_R_8F_E4M3, CUDA_R_8F_E5M2, CUDA_R_16BF, CUDA_R_8F_E4M3, CUDA_R_16BF}};
  for (auto& x : ts) {
    P p;
    p.a = x.a;
    p.b = x.b;
    p.c = x.c;
    p.d = x.d;
    p.bias = x.bias;
    p.aux = x.d;
    p.ta = true;
    p.m = 48;
    p.n = 40;
    p.k = 96;
    const std::string n = std::string(name_of(x.a)) + " * " + name_of(x.b) + " + " + name_of(x.c) +
                          " -> " + name_of(x.d);
    bool ok = run(p);
    p.scales = true;
    p.beta = 0.5;
    ok = ok && run(p);
    p.epi = CUBLASLT_EPILOGUE_BIAS;
    ok = ok && run(p);
    p.epi = CUBLASLT_EPILOGUE_GELU_AUX_BIAS;
    ok = ok && run(p);
    p.epi = CUBLASLT_EPILOGUE_RELU_BIAS;
    ok = ok && run(p);
    check(n, ok);
  }
  P p;
  p.a = p.b = CUDA_R_8F_E5M2;
  p.c = p.d = CUDA_R_16BF;
  p.ta = true;
  check("e5m2 * e5m2", run(p, NO));
  p.a = CUDA_R_8F_E4M3;
  check("fp8 to bf16", run(p));
  p.ta = false;
  check("fp8 not TN", run(p, NO));
  p.ta = true;
  p.k = 40;
  check("fp8 with k not a multiple of 16", run(p, NO));
}
static void descriptors() {
  cublasLtMatmulDesc_t d;
  cublasLtMatrixLayout_t l;
  cublasLtMatmulPreference_t pr;
  int32_t v = 7;
  size_t w = 0;
  int64_t q = 0;
  char big[64];
  STATUS("MatmulDescCreate", cublasLtMatmulDescCreate(&d, CUBLAS_COMPUTE_32F, CUDA_R_32F), OK);
  STATUS("desc: null", cublasLtMatmulDescCreate(nullptr, CUBLAS_COMPUTE_32F, CUDA_R_32F), BAD);
  STATUS("desc: size query",
         cublasLtMatmulDescGetAttribute(d, CUBLASLT_MATMUL_DESC_BIAS_POINTER, nullptr, 0, &w), OK);
  CHECK("desc: size", w == 8);
  STATUS("desc: wrong size", cublasLtMatmulDescSetAttribute(d, CUBLASLT_MATMUL_DESC_TRANSA, &q, 8),
         BAD);
  STATUS("desc: null value",
         cublasLtMatmulDescSetAttribute(d, CUBLASLT_MATMUL_DESC_TRANSA, nullptr, 4), BAD);
  STATUS("desc: get, wrong size",
         cublasLtMatmulDescGetAttribute(d, CUBLASLT_MATMUL_DESC_TRANSA, big, 8, &w), BAD);
  STATUS("desc: get without size or place",
         cublasLtMatmulDescGetAttribute(d, CUBLASLT_MATMUL_DESC_TRANSA, nullptr, 0, nullptr), BAD);
  v = CUBLASLT_EPILOGUE_GELU;
  OKS(cublasLtMatmulDescSetAttribute(d, CUBLASLT_MATMUL_DESC_EPILOGUE, &v, 4));
  v = 0;
  OKS(cublasLtMatmulDescGetAttribute(d, CUBLASLT_MATMUL_DESC_EPILOGUE, &v, 4, &w));
  CHECK("desc: set, get", v == CUBLASLT_EPILOGUE_GELU);
  OKS(cublasLtMatmulDescGetAttribute(d, CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE, &v, 4, &w));
  CHECK("desc: default bias type", v == -1);
  OKS(cublasLtMatmulDescGetAttribute(d, CUBLASLT_MATMUL_DESC_FILL_MODE, &v, 4, &w));
  CHECK("desc: default fill mode", v == CUBLAS_FILL_MODE_FULL);
  STATUS("LayoutCreate", cublasLtMatrixLayoutCreate(&l, CUDA_R_32F, 3, 4, 5), OK);
  uint64_t r = 0;
  OKS(cublasLtMatrixLayoutGetAttribute(l, CUBLASLT_MATRIX_LAYOUT_COLS, &r, 8, &w));
  CHECK("layout: get", r == 4);
  STATUS("layout: no such attribute",
         cublasLtMatrixLayoutGetAttribute(l, (cublasLtMatrixLayoutAttribute_t)50, &r, 8, &w), BAD);
  OKS(cublasLtMatmulPreferenceCreate(&pr));
  OKS(cublasLtMatmulPreferenceGetAttribute(pr, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, &v, 4,
                                           &w));
  CHECK("preference: default alignment", v == 256);
  cublasLtMatmulDescOpaque_t od;
  cublasLtMatrixLayoutOpaque_t ol;
  cublasLtMatmulPreferenceOpaque_t op;
  STATUS("MatmulDescInit", cublasLtMatmulDescInit(&od, CUBLAS_COMPUTE_32F, CUDA_R_32F), OK);
  STATUS("LayoutInit", cublasLtMatrixLayoutInit(&ol, CUDA_R_32F, 4, 4, 4), OK);
  STATUS("PreferenceInit", cublasLtMatmulPreferenceInit(&op), OK);
  cublasLtMatmulDescDestroy(d);
  cublasLtMatrixLayoutDestroy(l);
  cublasLtMatmulPreferenceDestroy(pr);
}
static void algorithms() {
  cublasLtMatmulDesc_t d;
  OKS(cublasLtMatmulDescCreate(&d, CUBLAS_COMPUTE_32F, CUDA_R_32F));
  OKS(set(d, CUBLASLT_MATMUL_DESC_TRANSA, CUBLAS_OP_T));
  M A(CUDA_R_16BF, 4096, 64, COL, 0, 1), B(CUDA_R_16BF, 4096, 32, COL, 0, 1),
      C(CUDA_R_16BF, 64, 32, COL, 0, 1), X(CUDA_R_16BF, 63, 32, COL, 0, 1),
      F(CUDA_R_32F, 64, 32, COL, 0, 1);
  cublasLtMatmulPreference_t p;
  OKS(cublasLtMatmulPreferenceCreate(&p));
  cublasLtMatmulHeuristicResult_t r[3];
  int got = -1;
  auto heur = [&](M& c, M& dd, int want = 3) {
    return cublasLtMatmulAlgoGetHeuristic(H, d, A.l, B.l, c.l, dd.l, p, want, r, &got);
  };
  STATUS("heuristic", heur(C, C), OK);
  CHECK("no workspace by default", got == 1 && r[0].state == OK && r[0].workspaceSize == 0);
  auto plain = r[0].algo;
  uint64_t lim = 32 << 20;
  OKS(cublasLtMatmulPreferenceSetAttribute(p, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &lim, 8));
  OKS(heur(C, C));
  const size_t need = r[0].workspaceSize;
  CHECK("workspace within the limit", need > 0 && need <= lim);
  auto split = r[0].algo;
  lim = need - 1;
  OKS(cublasLtMatmulPreferenceSetAttribute(p, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &lim, 8));
  OKS(heur(C, C));
  CHECK("a limit just below", r[0].workspaceSize <= lim);
  STATUS("no algorithms wanted", heur(C, C, 0), BAD);
  STATUS("shapes that do not fit", heur(X, C), BAD);
  STATUS("types that do not fit", heur(C, F), NO);
  CHECK("nothing returned", got == 0);
  STATUS("null handle",
         cublasLtMatmulAlgoGetHeuristic(nullptr, d, A.l, B.l, C.l, C.l, p, 1, r, &got),
         CUBLAS_STATUS_NOT_INITIALIZED);
  cublasLtMatmulHeuristicResult_t ck;
  STATUS("AlgoCheck", cublasLtMatmulAlgoCheck(H, d, A.l, B.l, C.l, C.l, &split, &ck), OK);
  CHECK("AlgoCheck's workspace", ck.workspaceSize == need);
  STATUS("AlgoCheck with other types",
         cublasLtMatmulAlgoCheck(H, d, A.l, B.l, F.l, F.l, &split, &ck), BAD);
  float al = 1, be = 0;
  void* workspace;
  CHECK_CUDA(cudaMalloc(&workspace, need));
  auto mm = [&](const cublasLtMatmulAlgo_t* a, void* w, size_t n) {
    return cublasLtMatmul(H, d, &al, A.x.d, A.l, B.x.d, B.l, &be, C.x.d, C.l, C.x.d, C.l, a, w, n,
                          nullptr);
  };
  STATUS("enough workspace", mm(&split, workspace, need), OK);
  STATUS("too little workspace", mm(&split, workspace, need - 1), BAD);
  STATUS("null workspace", mm(&split, nullptr, need), BAD);
  STATUS("algorithm without workspace", mm(&plain, nullptr, 0), OK);
  cublasLtMatmulAlgo_t init;
  int id;
  STATUS("AlgoGetIds",
         cublasLtMatmulAlgoGetIds(H, CUBLAS_COMPUTE_32F, CUDA_R_32F, CUDA_R_16BF, CUDA_R_16BF,
                                  CUDA_R_16BF, CUDA_R_16BF, 1, &id, &got),
         OK);
  STATUS("AlgoInit",
         cublasLtMatmulAlgoInit(H, CUBLAS_COMPUTE_32F, CUDA_R_32F, CUDA_R_16BF, CUDA_R_16BF,
                                CUDA_R_16BF, CUDA_R_16BF, id, &init),
         OK);
  STATUS("AlgoInit: id",
         cublasLtMatmulAlgoInit(H, CUBLAS_COMPUTE_32F, CUDA_R_32F, CUDA_R_16BF, CUDA_R_16BF,
                                CUDA_R_16BF, CUDA_R_16BF, 999, &init),
         BAD);
  STATUS("initialised algorithm", mm(&init, nullptr, 0), OK);
  // errors of matmul
  auto mp = [&](const void* a, const void* b, const void* A_, void* D_,
                cublasLtMatrixLayout_t c = nullptr) {
    return cublasLtMatmul(H, d, a, A_, A.l, B.x.d, B.l, b, C.x.d, c ? c : C.l, D_, C.l, nullptr,
                          nullptr, 0, nullptr);
  };
  STATUS("alpha null", mp(nullptr, &be, A.x.d, C.x.d), BAD);
  STATUS("beta null", mp(&al, nullptr, A.x.d, C.x.d), BAD);
  STATUS("A null", mp(&al, &be, nullptr, C.x.d), BAD);
  STATUS("D null", mp(&al, &be, A.x.d, nullptr), BAD);
  cublasLtMatrixLayout_t wide;
  OKS(cublasLtMatrixLayoutCreate(&wide, CUDA_R_16BF, 64, 32, 70));
  STATUS("in place with another layout", mp(&al, &be, A.x.d, C.x.d, wide), BAD);
  cublasLtMatrixLayoutDestroy(wide);
  OKS(cublasLtMatrixLayoutCreate(&wide, CUDA_R_16BF, 64, 32, 63));
  STATUS("leading dimension", mp(&al, &be, A.x.d, C.x.d, wide), BAD);
  cublasLtMatrixLayoutDestroy(wide);
  OKS(set(d, CUBLASLT_MATMUL_DESC_EPILOGUE, (uint32_t)CUBLASLT_EPILOGUE_BIAS));
  STATUS("bias pointer missing", mp(&al, &be, A.x.d, C.x.d), BAD);
  OKS(set(d, CUBLASLT_MATMUL_DESC_EPILOGUE, (uint32_t)CUBLASLT_EPILOGUE_GELU_AUX));
  OKS(set(d, CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_POINTER, C.x.d));
  OKS(set(d, CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_LD, (int64_t)60));
  STATUS("auxiliary leading dimension", mp(&al, &be, A.x.d, C.x.d), BAD);
  OKS(set(d, CUBLASLT_MATMUL_DESC_EPILOGUE, (uint32_t)CUBLASLT_EPILOGUE_DEFAULT));
  OKS(set(d, CUBLASLT_MATMUL_DESC_A_SCALE_POINTER, C.x.d));
  STATUS("scale factor of a bf16 matrix", mp(&al, &be, A.x.d, C.x.d), BAD);
  OKS(set(d, CUBLASLT_MATMUL_DESC_A_SCALE_POINTER, (void*)nullptr));
  int order = CUBLASLT_ORDER_COL32;
  OKS(cublasLtMatrixLayoutSetAttribute(C.l, CUBLASLT_MATRIX_LAYOUT_ORDER, &order, 4));
  STATUS("tiled order", mp(&al, &be, A.x.d, C.x.d), NO);
  cudaFree(workspace);
  cublasLtMatmulPreferenceDestroy(p);
  cublasLtMatmulDescDestroy(d);
}
static void graph_and_transform() {
  cublasLtMatmulDesc_t d;
  OKS(cublasLtMatmulDescCreate(&d, CUBLAS_COMPUTE_32F, CUDA_R_32F));
  M A(CUDA_R_16BF, 32, 32, COL, 0, 1), B(CUDA_R_16BF, 32, 32, ROW, 0, 1),
      D(CUDA_R_16BF, 32, 32, COL, 0, 1);
  D.x.fill(0);
  cudaStream_t s;
  CHECK_CUDA(cudaStreamCreate(&s));
  cudaGraph_t g;
  cudaGraphExec_t e;
  float al = 1, be = 0;
  CHECK_CUDA(cudaStreamBeginCapture(s, cudaStreamCaptureModeThreadLocal));
  OKS(cublasLtMatmul(H, d, &al, A.x.d, A.l, B.x.d, B.l, &be, D.x.d, D.l, D.x.d, D.l, nullptr,
                     nullptr, 0, s));
  CHECK_CUDA(cudaStreamEndCapture(s, &g));
  OKS(cublasLtMatmulDescDestroy(d));  // the node keeps what it needs
  bool ok = get(CUDA_R_16BF, D.x.down().data(), 3) == 0;
  CHECK_CUDA(cudaGraphInstantiate(&e, g, 0));
  CHECK_CUDA(cudaGraphLaunch(e, s));
  CHECK_CUDA(cudaStreamSynchronize(s));
  auto o = D.x.down();
  for (int j = 0; j < 32; j++)
    for (int i = 0; i < 32; i++) {
      double v = 0;
      for (int k = 0; k < 32; k++) v += A(0, i, k) * B(0, k, j);
      ok = ok && near(CUDA_R_16BF, get(CUDA_R_16BF, o.data(), D.at(0, i, j)), v, 1e-5);
    }
  CHECK("matmul in a graph", ok);
  cudaGraphExecDestroy(e);
  cudaGraphDestroy(g);
  cudaStreamDestroy(s);
  cublasLtMatrixTransformDesc_t t;
  OKS(cublasLtMatrixTransformDescCreate(&t, CUDA_R_32F));
  M X(CUDA_R_16BF, 20, 30, COL, 2, 1), Y(CUDA_R_32F, 20, 30, ROW, 1, 1);
  al = 2;
  OKS(cublasLtMatrixTransform(H, t, &al, X.x.d, X.l, &be, nullptr, nullptr, Y.x.d, Y.l, nullptr));
  o = Y.x.down();
  ok = true;
  for (int i = 0; i < 20; i++)
    for (int j = 0; j < 30; j++)
      ok = ok && get(CUDA_R_32F, o.data(), Y.at(0, i, j)) == 2 * X(0, i, j);
  CHECK("MatrixTransform: order and type", ok);
  OKS(cublasLtMatrixTransformDescDestroy(t));
}
int main() {
  cublasHandle_t b;
  OKS(cublasCreate(&b));
  STATUS("cublasLtCreate", cublasLtCreate(&H), OK);
  auto own = H;
  descriptors();
  types();
  epilogues();
  fp8();
  algorithms();
  graph_and_transform();
  H = (cublasLtHandle_t)b;
  P p;
  check("a cublasHandle_t serves as well", run(p));
  H = own;
  STATUS("cublasLtDestroy", cublasLtDestroy(H), OK);
  OKS(cublasDestroy(b));
}
