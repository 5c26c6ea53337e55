// Matrix-vector routines and the BLAS-like extensions: gemv (batched too), ger, geam, dgmm.
#include "tests/vgpu/src/blas/cublas_api.h"
namespace vgblas {
namespace {
template <class E>
constexpr T kT = sizeof(E) == 8 ? T::F64 : T::F32;
s64 span(s64 n, s64 inc) { return n > 0 ? (n - 1) * (inc < 0 ? -inc : inc) + 1 : 0; }
template <class E>
E* start(E* p, s64 n, s64 inc) {
  return inc < 0 ? p + (1 - n) * inc : p;
}

// y = alpha op(A) x + beta y with A, x of type TA and y of type TY, accumulated in A (float or
// double).
template <T TA, T TY, class A>
void gemv_one(bool trans, s64 m, s64 n, A al, const typename Elem<TA>::S* a, s64 lda,
              const typename Elem<TA>::S* x, s64 ix, A be, typename Elem<TY>::S* y, s64 iy) {
  const s64 in = trans ? m : n, out = trans ? n : m;
  x = start(x, in, ix);
  y = start(y, out, iy);
  std::vector<A> acc((size_t)out, A(0)), xs((size_t)in);
  if (al != 0) {
    for (s64 i = 0; i < in; i++) xs[i] = (A)Elem<TA>::load(x + i * ix);
    for (s64 j = 0; j < n; j++) {
      const auto* col = a + j * lda;
      if (!trans) {
        const A f = xs[j];
        for (s64 i = 0; i < m; i++) acc[i] = std::fma(f, (A)Elem<TA>::load(col + i), acc[i]);
      } else {
        A part[16] = {};
        s64 i = 0;
        for (; i + 16 <= m; i += 16)
          for (int l = 0; l < 16; l++)
            part[l] = std::fma(xs[i + l], (A)Elem<TA>::load(col + i + l), part[l]);
        for (; i < m; i++) part[i % 16] = std::fma(xs[i], (A)Elem<TA>::load(col + i), part[i % 16]);
        A s = 0;
        for (A p : part) s += p;
        acc[j] = s;
      }
    }
  }
  for (s64 i = 0; i < out; i++) {
    A v = al == 0 ? A(0) : al * acc[i];
    if (be != 0) v = std::fma(be, (A)Elem<TY>::load(y + i * iy), v);
    Elem<TY>::store(y + i * iy, v);
  }
}
enum { ONE, STRIDED, ARRAY };
template <T TA, T TY, class A>
Status gemv(Handle* h, const char* routine, cublasOperation_t t, s64 m, s64 n, const A* alpha,
            const void* a, s64 lda, s64 sa, const void* x, s64 ix, s64 sx, const A* beta, void* y,
            s64 iy, s64 sy, s64 batch, int how) {
  if (!op_ok(t)) return illegal(routine, 1);
  if (m < 0) return illegal(routine, 2);
  if (n < 0) return illegal(routine, 3);
  if (!alpha) return illegal(routine, 4);
  if (lda < std::max<s64>(1, m)) return illegal(routine, 6);
  if (!ix) return illegal(routine, 8);
  if (!beta) return illegal(routine, 9);
  if (!iy) return illegal(routine, 11);
  if (batch < 0) return illegal(routine, 12);
  if (!m || !n || !batch) return OK;
  const bool trans = t != CUBLAS_OP_N;
  const s64 in = trans ? m : n, out = trans ? n : m;
  std::string who =
      format_text("cublas gemv %lldx%lld %s%s", (long long)m, (long long)n, name_of(TA),
                  batch == 1 ? "" : format_text(" batch %lld", (long long)batch).c_str());
  Scalar al(h, kT<A>, alpha), be(h, kT<A>, beta);
  using SA = typename Elem<TA>::S;
  using SY = typename Elem<TY>::S;
  return submit(h->stream, who, 2.0 * m * n * batch, false, [=] {
    if (!al.ok(who, "alpha") || !be.ok(who, "beta")) return ILLEGAL_ADDRESS;
    if (how == ARRAY && (!reach(a, batch * 8, who, "A") || !reach(x, batch * 8, who, "x") ||
                         !reach(y, batch * 8, who, "y")))
      return ILLEGAL_ADDRESS;
    const A av = (A)al.get(), bv = (A)be.get();
    for (s64 b = 0; b < batch; b++) {
      auto* pa = how == ARRAY ? ((const SA* const*)a)[b] : (const SA*)a + b * sa;
      auto* px = how == ARRAY ? ((const SA* const*)x)[b] : (const SA*)x + b * sx;
      auto* py = how == ARRAY ? ((SY* const*)y)[b] : (SY*)y + b * sy;
      if (av != 0 && (!reach(pa, ((n - 1) * lda + m) * (s64)sizeof(SA), who, "A") ||
                      !reach(px, span(in, ix) * (s64)sizeof(SA), who, "x")))
        return ILLEGAL_ADDRESS;
      if (!reach(py, span(out, iy) * (s64)sizeof(SY), who, "y")) return ILLEGAL_ADDRESS;
      gemv_one<TA, TY, A>(trans, m, n, av, pa, lda, px, ix, bv, py, iy);
    }
    return 0;
  });
}
template <class E>
Status ger(Handle* h, const char* routine, s64 m, s64 n, const E* alpha, const E* x, s64 ix,
           const E* y, s64 iy, E* a, s64 lda) {
  if (m < 0) return illegal(routine, 1);
  if (n < 0) return illegal(routine, 2);
  if (!alpha) return illegal(routine, 3);
  if (!ix) return illegal(routine, 5);
  if (!iy) return illegal(routine, 7);
  if (lda < std::max<s64>(1, m)) return illegal(routine, 9);
  if (!m || !n) return OK;
  std::string who =
      format_text("cublas ger %lldx%lld %s", (long long)m, (long long)n, name_of(kT<E>));
  Scalar al(h, kT<E>, alpha);
  return submit(h->stream, who, 2.0 * m * n, false, [=] {
    if (!al.ok(who, "alpha")) return ILLEGAL_ADDRESS;
    const E v = (E)al.get();
    if (v == 0) return 0;
    if (!reach(x, span(m, ix) * (s64)sizeof(E), who, "x") ||
        !reach(y, span(n, iy) * (s64)sizeof(E), who, "y") ||
        !reach(a, ((n - 1) * lda + m) * (s64)sizeof(E), who, "A"))
      return ILLEGAL_ADDRESS;
    auto *px = start(x, m, ix), *py = start(y, n, iy);
    for (s64 j = 0; j < n; j++) {
      const E f = v * py[j * iy];
      for (s64 i = 0; i < m; i++) a[j * lda + i] = std::fma(px[i * ix], f, a[j * lda + i]);
    }
    return 0;
  });
}
template <class E>
Status geam(Handle* h, const char* routine, cublasOperation_t ta, cublasOperation_t tb, s64 m,
            s64 n, const E* alpha, const E* a, s64 lda, const E* beta, const E* b, s64 ldb, E* c,
            s64 ldc) {
  const bool at = ta != CUBLAS_OP_N, bt = tb != CUBLAS_OP_N;
  if (!op_ok(ta)) return illegal(routine, 1);
  if (!op_ok(tb)) return illegal(routine, 2);
  if (m < 0) return illegal(routine, 3);
  if (n < 0) return illegal(routine, 4);
  if (!alpha) return illegal(routine, 5);
  if (lda < std::max<s64>(1, at ? n : m)) return illegal(routine, 7);
  if (!beta) return illegal(routine, 8);
  if (ldb < std::max<s64>(1, bt ? n : m)) return illegal(routine, 10);
  if (ldc < std::max<s64>(1, m)) return illegal(routine, 12);
  if (c == a && (at || lda != ldc)) return illegal(routine, 11);
  if (c == b && (bt || ldb != ldc)) return illegal(routine, 11);
  if (!m || !n) return OK;
  std::string who =
      format_text("cublas geam %lldx%lld %s", (long long)m, (long long)n, name_of(kT<E>));
  Scalar al(h, kT<E>, alpha), be(h, kT<E>, beta);
  return submit(h->stream, who, 3.0 * m * n, false, [=] {
    if (!al.ok(who, "alpha") || !be.ok(who, "beta")) return ILLEGAL_ADDRESS;
    const E av = (E)al.get(), bv = (E)be.get();
    const s64 es = sizeof(E);
    if (av != 0 && !reach(a, (at ? (m - 1) * lda + n : (n - 1) * lda + m) * es, who, "A"))
      return ILLEGAL_ADDRESS;
    if (bv != 0 && !reach(b, (bt ? (m - 1) * ldb + n : (n - 1) * ldb + m) * es, who, "B"))
      return ILLEGAL_ADDRESS;
    if (!reach(c, ((n - 1) * ldc + m) * es, who, "C")) return ILLEGAL_ADDRESS;
    for (s64 j = 0; j < n; j++)
      for (s64 i = 0; i < m; i++) {
        E v = 0;
        if (av != 0) v = av * (at ? a[i * lda + j] : a[j * lda + i]);
        if (bv != 0) v = std::fma(bv, bt ? b[i * ldb + j] : b[j * ldb + i], v);
        c[j * ldc + i] = v;
      }
    return 0;
  });
}
template <class E>
Status dgmm(Handle* h, const char* routine, cublasSideMode_t side, s64 m, s64 n, const E* a,
            s64 lda, const E* x, s64 ix, E* c, s64 ldc) {
  const bool left = side == CUBLAS_SIDE_LEFT;
  if (!left && side != CUBLAS_SIDE_RIGHT) return illegal(routine, 1);
  if (m < 0) return illegal(routine, 2);
  if (n < 0) return illegal(routine, 3);
  if (lda < std::max<s64>(1, m)) return illegal(routine, 5);
  if (ldc < std::max<s64>(1, m)) return illegal(routine, 9);
  if (!m || !n) return OK;
  std::string who =
      format_text("cublas dgmm %lldx%lld %s", (long long)m, (long long)n, name_of(kT<E>));
  return submit(h->stream, who, (double)m * n, false, [=] {
    const s64 es = sizeof(E), len = left ? m : n;
    if (!reach(a, ((n - 1) * lda + m) * es, who, "A") || !reach(x, span(len, ix) * es, who, "x") ||
        !reach(c, ((n - 1) * ldc + m) * es, who, "C"))
      return ILLEGAL_ADDRESS;
    auto* p = start(x, len, ix);
    for (s64 j = 0; j < n; j++)
      for (s64 i = 0; i < m; i++) c[j * ldc + i] = a[j * lda + i] * p[(left ? i : j) * ix];
    return 0;
  });
}
}  // namespace
}  // namespace vgblas
using namespace vgblas;
#define H cublasHandle_t h
#define LEVEL2(N, E, TY, I, S)                                                                     \
  VGPU_API Status cublas##N##gemv_v2##S(H, cublasOperation_t t, I m, I n, const E* al, const E* A, \
                                        I lda, const E* X, I ix, const E* be, E* Y, I iy) {        \
    HANDLE;                                                                                        \
    return gemv<TY, TY, E>(x, #N "GEMV ", t, m, n, al, A, lda, 0, X, ix, 0, be, Y, iy, 0, 1, ONE); \
  }                                                                                                \
  VGPU_API Status cublas##N##ger_v2##S(H, I m, I n, const E* al, const E* X, I ix, const E* Y,     \
                                       I iy, E* A, I lda) {                                        \
    HANDLE;                                                                                        \
    return ger<E>(x, #N "GER  ", m, n, al, X, ix, Y, iy, A, lda);                                  \
  }                                                                                                \
  VGPU_API Status cublas##N##geam##S(H, cublasOperation_t ta, cublasOperation_t tb, I m, I n,      \
                                     const E* al, const E* A, I lda, const E* be, const E* B,      \
                                     I ldb, E* C, I ldc) {                                         \
    HANDLE;                                                                                        \
    return geam<E>(x, #N "GEAM ", ta, tb, m, n, al, A, lda, be, B, ldb, C, ldc);                   \
  }                                                                                                \
  VGPU_API Status cublas##N##dgmm##S(H, cublasSideMode_t side, I m, I n, const E* A, I lda,        \
                                     const E* X, I ix, E* C, I ldc) {                              \
    HANDLE;                                                                                        \
    return dgmm<E>(x, #N "DGMM ", side, m, n, A, lda, X, ix, C, ldc);                              \
  }
LEVEL2(S, float, T::F32, int, )
LEVEL2(S, float, T::F32, int64_t, _64)
LEVEL2(D, double, T::F64, int, )
LEVEL2(D, double, T::F64, int64_t, _64)
#define GEMVB(N, EA, EY, A, TA, TY, I, S)                                                          \
  VGPU_API Status cublas##N##gemvBatched##S(H, cublasOperation_t t, I m, I n, const A* al,         \
                                            const EA* const a[], I lda, const EA* const X[], I ix, \
                                            const A* be, EY* const Y[], I iy, I count) {           \
    HANDLE;                                                                                        \
    return gemv<TA, TY, A>(x, #N "GEMV_BATCHED ", t, m, n, al, (const void*)a, lda, 0,             \
                           (const void*)X, ix, 0, be, (void*)Y, iy, 0, count, ARRAY);              \
  }                                                                                                \
  VGPU_API Status cublas##N##gemvStridedBatched##S(                                                \
      H, cublasOperation_t t, I m, I n, const A* al, const EA* a, I lda, long long sa,             \
      const EA* X, I ix, long long sx, const A* be, EY* Y, I iy, long long sy, I count) {          \
    HANDLE;                                                                                        \
    return gemv<TA, TY, A>(x, #N "GEMV_STRIDED_BATCHED ", t, m, n, al, a, lda, sa, X, ix, sx, be,  \
                           Y, iy, sy, count, STRIDED);                                             \
  }
#define GEMVB2(...) GEMVB(__VA_ARGS__, int, ) GEMVB(__VA_ARGS__, int64_t, _64)
GEMVB2(S, float, float, float, T::F32, T::F32);
GEMVB2(D, double, double, double, T::F64, T::F64);
GEMVB2(HSH, __half, __half, float, T::F16, T::F16);
GEMVB2(HSS, __half, float, float, T::F16, T::F32);
GEMVB2(TST, __nv_bfloat16, __nv_bfloat16, float, T::BF16, T::BF16);
GEMVB2(TSS, __nv_bfloat16, float, float, T::BF16, T::F32);
