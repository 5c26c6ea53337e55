// cuBLAS: vectors, products of a matrix and a vector.
#pragma once
#include "tests/vgpu/tests/blas_products.cuh"
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
BOTH(axpy, cublasSaxpy, cublasDaxpy);
BOTH(scal, cublasSscal, cublasDscal);
BOTH(dot, cublasSdot, cublasDdot);
BOTH(nrm2, cublasSnrm2, cublasDnrm2);
BOTH(asum, cublasSasum, cublasDasum);
BOTH(iamax, cublasIsamax, cublasIdamax);
BOTH(iamin, cublasIsamin, cublasIdamin);
BOTH(copy, cublasScopy, cublasDcopy);
BOTH(swp, cublasSswap, cublasDswap);
BOTH(ger, cublasSger, cublasDger);
BOTH(gemv, cublasSgemv, cublasDgemv);
BOTH(geam, cublasSgeam, cublasDgeam);
BOTH(dgmm, cublasSdgmm, cublasDdgmm);
BOTH(gemvb, cublasSgemvStridedBatched, cublasDgemvStridedBatched);
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
          CHECK_CUDA(cudaMalloc(&ri, 4));
          OKS(cublasSetPointerMode(H, dev ? CUBLAS_POINTER_MODE_DEVICE : CUBLAS_POINTER_MODE_HOST));
          const E* alp = dev ? (const E*)al.d : (const E*)al.h.data();
          E hr;
          E* rp = dev ? (E*)r.d : &hr;
          int hi;
          int* rip = dev ? ri : &hi;
          auto res = [&] {
            if (dev) CHECK_CUDA(cudaMemcpy(&hr, r.d, sizeof hr, cudaMemcpyDeviceToHost));
            return (double)hr;
          };
          auto ires = [&] {
            if (dev) CHECK_CUDA(cudaMemcpy(&hi, ri, 4, cudaMemcpyDeviceToHost));
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
