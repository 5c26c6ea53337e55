// A problem of cublasLtMatmul, run and compared with double precision.
#pragma once
#include <cublasLt.h>

#include "tests/vgpu/tests/blas.h"
static cublasLtHandle_t H;
static const auto BAD = CUBLAS_STATUS_INVALID_VALUE, NO = CUBLAS_STATUS_NOT_SUPPORTED,
                  OK = CUBLAS_STATUS_SUCCESS;
static const int COL = CUBLASLT_ORDER_COL, ROW = CUBLASLT_ORDER_ROW;

// One problem. Leading dimensions are the least ones plus `pad`.
struct P {
  cudaDataType a = CUDA_R_32F, b = CUDA_R_32F, c = CUDA_R_32F, d = CUDA_R_32F;
  cublasComputeType_t ct = CUBLAS_COMPUTE_32F;
  cudaDataType st = CUDA_R_32F;
  int m = 64, n = 48, k = 80;
  bool ta = false, tb = false;
  int oa = COL, ob = COL, oc = COL, od = COL, pad = 0, batch = 1;
  double alpha = 1, beta = 0;
  int pm = CUBLASLT_POINTER_MODE_HOST;
  unsigned epi = CUBLASLT_EPILOGUE_DEFAULT;
  cudaDataType bias = CUDA_R_32F, aux = CUDA_R_32F;
  bool set_bias_type = false, set_aux_type = false, in_place = false, scales = false, array = false;
  int heuristic = 1;
};
struct M {  // a matrix, its layout and element positions
  int rows, cols, order;
  int64_t ld, stride;
  Arr x;
  cublasLtMatrixLayout_t l = nullptr;
  M(cudaDataType t, int r, int c, int o, int pad, int batch, double scale = 1)
      : rows(r),
        cols(c),
        order(o),
        ld((o == ROW ? c : r) + pad),
        stride(ld * (o == ROW ? r : c) + (pad ? 16 : 0)),
        x(t, stride * batch, scale) {
    OKS(cublasLtMatrixLayoutCreate(&l, t, r, c, ld));
    OKS(cublasLtMatrixLayoutSetAttribute(l, CUBLASLT_MATRIX_LAYOUT_ORDER, &o, sizeof o));
    OKS(cublasLtMatrixLayoutSetAttribute(l, CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, &batch,
                                         sizeof batch));
    OKS(cublasLtMatrixLayoutSetAttribute(l, CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, &stride,
                                         sizeof stride));
  }
  ~M() { cublasLtMatrixLayoutDestroy(l); }
  size_t at(int b, int i, int j) const {
    return b * stride + (order == ROW ? i * ld + j : j * ld + i);
  }
  double operator()(int b, int i, int j) const { return x[at(b, i, j)]; }
};
template <class T>
static cublasStatus_t set(cublasLtMatmulDesc_t d, cublasLtMatmulDescAttributes_t a, T v) {
  return cublasLtMatmulDescSetAttribute(d, a, &v, sizeof v);
}
static double gelu(double x) {
  return 0.5 * x * (1 + std::tanh(0.7978845608028654 * (x + 0.044715 * x * x * x)));
}
static double dgelu(double x) {
  const double c = 0.7978845608028654, t = std::tanh(c * (x + 0.044715 * x * x * x));
  return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * c * (1 + 3 * 0.044715 * x * x);
}
static double tf32(double v) {
  float f = (float)v;
  uint32_t u;
  memcpy(&u, &f, 4);
  u = (u + 0x1000) & 0xffffe000u;
  memcpy(&f, &u, 4);
  return f;
}
static std::string why;
static bool fail(const char* s, double got, double want, int i, int j) {
  char b[200];
  snprintf(b, sizeof b, "%s [%d,%d]: %.9g, want %.9g", s, i, j, got, want);
  why = b;
  return false;
}

static bool run(const P& p, cublasStatus_t want_status = OK) {
  const bool fp8 = size_of(p.a) == 1 && p.a != CUDA_R_8I;
  M A(p.a, p.ta ? p.k : p.m, p.ta ? p.m : p.k, p.oa, p.pad, p.batch),
      B(p.b, p.tb ? p.n : p.k, p.tb ? p.k : p.n, p.ob, p.pad, p.batch),
      C(p.c, p.m, p.n, p.oc, p.pad, p.batch), D(p.d, p.m, p.n, p.od, p.pad, p.batch);
  if (p.beta == 0 && !p.in_place && p.c != CUDA_R_8I && p.c != CUDA_R_32I) C.x.fill(NAN);
  const bool mask = p.epi & (2 | 8);
  const int64_t auxld = mask ? 128 : (p.m + 7) / 8 * 8 + 8, auxst = auxld * p.n;
  Arr bias(p.bias, (size_t)std::max(p.m, p.n) * p.batch),
      aux(mask ? CUDA_R_8I : p.aux, mask ? auxst / 8 * p.batch : auxst * p.batch),
      sc(CUDA_R_32F, 8), al(p.st, p.m), be(p.st, p.m);
  for (int i = 0; i < p.m; i++) {
    const bool v = p.pm >= 2;
    put(p.st, al.h.data(), i, p.alpha * (v ? 1 + i % 3 : 1));
    put(p.st, be.h.data(), i, p.beta * (p.pm == 2 ? 1 + i % 2 : 1));
  }
  al.up();
  be.up();
  const double f[5] = {0.5, 2, 4, 0.25, 8};
  for (int i = 0; i < 5; i++) put(CUDA_R_32F, sc.h.data(), i, f[i]);
  sc.up();
  cublasLtMatmulDesc_t d;
  OKS(cublasLtMatmulDescCreate(&d, p.ct, p.st));
  OKS(set(d, CUBLASLT_MATMUL_DESC_TRANSA, p.ta ? CUBLAS_OP_T : CUBLAS_OP_N));
  OKS(set(d, CUBLASLT_MATMUL_DESC_TRANSB, p.tb ? CUBLAS_OP_T : CUBLAS_OP_N));
  OKS(set(d, CUBLASLT_MATMUL_DESC_POINTER_MODE, p.pm));
  OKS(set(d, CUBLASLT_MATMUL_DESC_EPILOGUE, p.epi));
  OKS(set(d, CUBLASLT_MATMUL_DESC_BIAS_POINTER, bias.d));
  OKS(set(d, CUBLASLT_MATMUL_DESC_BIAS_BATCH_STRIDE, (int64_t)std::max(p.m, p.n)));
  if (p.epi & 128) {
    OKS(set(d, CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_POINTER, aux.d));
    OKS(set(d, CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_LD, auxld));
    OKS(set(d, CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_BATCH_STRIDE, auxst));
  }
  if (p.set_bias_type) OKS(set(d, CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE, p.bias));
  if (p.set_aux_type) OKS(set(d, CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_DATA_TYPE, p.aux));
  auto scp = [&](int i) { return (void*)((float*)sc.d + i); };
  const bool d8 = p.d == CUDA_R_8F_E4M3 || p.d == CUDA_R_8F_E5M2, aux8 = p.aux == CUDA_R_8F_E4M3;
  if (p.scales) {
    OKS(set(d, CUBLASLT_MATMUL_DESC_A_SCALE_POINTER, scp(0)));
    OKS(set(d, CUBLASLT_MATMUL_DESC_B_SCALE_POINTER, scp(1)));
    if (d8) {
      OKS(set(d, CUBLASLT_MATMUL_DESC_D_SCALE_POINTER, scp(3)));
      OKS(set(d, CUBLASLT_MATMUL_DESC_AMAX_D_POINTER, scp(5)));
    }
    if (aux8 && (p.epi & 128)) {
      OKS(set(d, CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_SCALE_POINTER, scp(4)));
      OKS(set(d, CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_AMAX_POINTER, scp(6)));
    }
  }
  void* parr[4] = {};
  M* ms[4] = {&A, &B, &C, &D};
  if (p.array)
    for (int x = 0; x < 4; x++) {
      std::vector<void*> v;
      for (int b = 0; b < p.batch; b++)
        v.push_back((char*)ms[x]->x.d + b * ms[x]->stride * size_of(ms[x]->x.t));
      CHECK_CUDA(cudaMalloc(&parr[x], p.batch * 8));
      CHECK_CUDA(cudaMemcpy(parr[x], v.data(), p.batch * 8, cudaMemcpyHostToDevice));
      const uint32_t mode = CUBLASLT_BATCH_MODE_POINTER_ARRAY;
      OKS(cublasLtMatrixLayoutSetAttribute(ms[x]->l, CUBLASLT_MATRIX_LAYOUT_BATCH_MODE, &mode, 4));
    }
  cublasLtMatmulPreference_t pref;
  OKS(cublasLtMatmulPreferenceCreate(&pref));
  uint64_t lim = 1 << 22;
  OKS(cublasLtMatmulPreferenceSetAttribute(pref, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &lim,
                                           sizeof lim));
  cublasLtMatmulHeuristicResult_t r{};
  int got = 0;
  M& Cu = p.in_place ? D : C;
  auto before = Cu.x.h;
  auto dbefore = D.x.h;
  cublasStatus_t s =
      p.heuristic ? cublasLtMatmulAlgoGetHeuristic(H, d, A.l, B.l, Cu.l, D.l, pref, 1, &r, &got)
                  : OK;
  void* workspace = nullptr;
  if (r.workspaceSize) CHECK_CUDA(cudaMalloc(&workspace, r.workspaceSize));
  if (!s)
    s = cublasLtMatmul(H, d, p.pm ? al.d : al.h.data(), p.array ? parr[0] : A.x.d, A.l,
                       p.array ? parr[1] : B.x.d, B.l,
                       p.pm == 0 || p.pm == 4 ? be.h.data()
                       : p.pm == 3            ? nullptr
                                              : be.d,
                       p.array ? parr[p.in_place ? 3 : 2] : Cu.x.d, Cu.l, p.array ? parr[3] : D.x.d,
                       D.l, p.heuristic ? &r.algo : nullptr, workspace, r.workspaceSize, nullptr);
  CHECK_CUDA(cudaDeviceSynchronize());
  cudaFree(workspace);
  for (auto x : parr) cudaFree(x);
  cublasLtMatmulPreferenceDestroy(pref);
  cublasLtMatmulDescDestroy(d);
  if (s != want_status) {
    why = std::string("status ") + cublasGetStatusName(s);
    return false;
  }
  if (s) return true;

  auto out = D.x.down(), auxo = aux.down(), biaso = bias.down(), sco = sc.down();
  const double u = p.ct == CUBLAS_COMPUTE_64F                         ? 0x1p-53
                   : p.ct == CUBLAS_COMPUTE_32I && p.st == CUDA_R_32I ? 0
                                                                      : 0x1p-24;
  double amax = 0, amax_aux = 0, amax_err = 0;
  for (int b = 0; b < p.batch; b++) {
    const size_t bb = (size_t)b * std::max(p.m, p.n);
    std::vector<double> bg(p.m), bge(p.m);
    for (int j = 0; j < p.n; j++)
      for (int i = 0; i < p.m; i++) {
        double sum = 0, mag = 0;
        for (int k = 0; k < p.k; k++) {
          double x = p.ta ? A(b, k, i) : A(b, i, k), y = p.tb ? B(b, j, k) : B(b, k, j);
          if (p.ct == CUBLAS_COMPUTE_32F_FAST_TF32) x = tf32(x), y = tf32(y);
          sum += x * y;
          mag += std::fabs(x * y);
        }
        const double a = al[p.pm >= 2 ? i : 0] * (p.scales ? f[0] * f[1] : 1),
                     be_ = p.pm == 3   ? 0
                           : p.pm == 2 ? be[i]
                                       : be[0],
                     old = be_ == 0 ? 0 : be_ * get(p.c, before.data(), Cu.at(b, i, j));
        double v = a * sum + old, err = u * ((p.k + 4) * mag * std::fabs(a) + 4 * std::fabs(old));
        if (p.epi & 4) {
          v += bias[bb + i];
          err += u * std::fabs(v);
        }
        if (p.epi & 32) {
          if (p.epi & 128) {
            const double s = p.scales && aux8 ? f[4] : 1,
                         g = get(p.aux, auxo.data(), b * auxst + j * auxld + i);
            double w = v * s;
            if (aux8) w = std::min(448., std::max(-448., w));
            if (!near(p.aux, g, w, err * s)) return fail("auxiliary", g, w, i, j);
            amax_aux = std::max(amax_aux, std::fabs(v));
          }
          err = err * 1.2 + 8 * u * (std::fabs(v) + 1e-3);
          v = gelu(v);
        }
        if (p.epi & 64) {
          const double x = get(p.aux, aux.h.data(), b * auxst + j * auxld + i), dg = dgelu(x);
          err = err * std::fabs(dg) + 16 * u * std::fabs(v);
          v *= dg;
        }
        if (p.epi & 2) {
          const bool on = auxo[(b * auxst + j * auxld + i) / 8] >> (i % 8) & 1;
          if ((p.epi & 128) && std::fabs(v) > err && on != (v > 0))
            return fail("mask", on, v > 0, i, j);
          v = std::max(v, 0.0);
        }
        if (p.epi & 8) {
          if (!(aux.h[(b * auxst + j * auxld + i) / 8] >> (i % 8) & 1)) v = err = 0;
        }
        bg[i] += v;
        bge[i] += err + u * std::fabs(v);
        amax = std::max(amax, std::fabs(v));
        amax_err = std::max(amax_err, err);
        double sd = p.scales && d8 ? f[3] : 1, w = v * sd;
        if (p.d == CUDA_R_8F_E4M3) w = std::min(448., std::max(-448., w));
        if (p.d == CUDA_R_8F_E5M2) w = std::min(57344., std::max(-57344., w));
        if (p.d == CUDA_R_8I) w = std::min(127., std::max(-128., nearbyint(w)));
        const double g = get(p.d, out.data(), D.at(b, i, j));
        if (p.d == CUDA_R_8I ? std::fabs(g - w) > (std::fabs(v - floor(v) - 0.5) < err + 1e-9)
                             : !near(p.d, g, w, err * sd))
          return fail("D", g, w, i, j);
        put(p.d, dbefore.data(), D.at(b, i, j), 0);
        put(p.d, out.data(), D.at(b, i, j), 0);
      }
    if (p.epi & 16)
      for (int i = 0; i < p.m; i++)
        if (!near(p.bias, get(p.bias, biaso.data(), bb + i), bg[i], bge[i]))
          return fail("bias gradient", get(p.bias, biaso.data(), bb + i), bg[i], i, 0);
    if (p.epi & (256 | 512))
      for (int i = 0; i < ((p.epi & 256) ? p.m : p.n); i++) {
        double s = 0;
        for (int k = 0; k < p.k; k++)
          s += (p.epi & 256) ? (p.ta ? A(b, k, i) : A(b, i, k)) : (p.tb ? B(b, i, k) : B(b, k, i));
        if (!near(p.bias, get(p.bias, biaso.data(), bb + i), s, 1e-6 * p.k))
          return fail("input bias gradient", get(p.bias, biaso.data(), bb + i), s, i, 0);
      }
  }
  if (memcmp(out.data(), dbefore.data(), D.x.n * size_of(p.d))) {
    why = "elements outside D changed";
    return false;
  }
  if (p.scales && d8) {
    const double g = get(CUDA_R_32F, sco.data(), 5);
    if (std::fabs(g - amax) > amax_err + 1e-6 * amax) return fail("amax", g, amax, 0, 0);
  }
  if (p.scales && aux8 && (p.epi & 128)) {
    const double g = get(CUDA_R_32F, sco.data(), 6);
    if (std::fabs(g - amax_aux) > amax_err + 1e-6 * amax_aux)
      return fail("amax of aux", g, amax_aux, 0, 0);
  }
  return true;
}
static void check(const std::string& name, bool ok) {
  if (!ok) printf("# %s: %s\n", name.c_str(), why.c_str());
  CHECK(name.c_str(), ok);
}
