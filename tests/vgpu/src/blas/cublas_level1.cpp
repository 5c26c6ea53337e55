// Vector routines (S and D, and the Ex forms): axpy, dot, nrm2, scal, asum, amax, amin, copy, swap,
// rot.
#include "tests/vgpu/src/blas/cublas_api.h"
namespace vgblas {
namespace {
template <class E>
constexpr T kT = sizeof(E) == 8 ? T::F64 : T::F32;
// n elements `inc` apart as the BLAS walks them: backwards from the end when inc < 0.
template <class E>
struct Vec {
  E* p;
  s64 n, inc;
  E* first() const { return inc < 0 ? p + (1 - n) * inc : p; }
  E& operator[](s64 i) const { return first()[i * inc]; }
  bool ok(const std::string& who, const char* what) const {
    return reach(p, n > 0 ? ((n - 1) * (inc < 0 ? -inc : inc) + 1) * (s64)sizeof(E) : 0, who, what);
  }
};
// A number that the routine returns: to the host, which waits for it, or to the device.
template <class F>
Status result(Handle* h, const char* name, double flops, const void* out, int bytes, F f) {
  if (!out) return BAD;
  const bool device = h->pointer_mode == CUBLAS_POINTER_MODE_DEVICE;
  if (!device) {
    cudaStreamCaptureStatus c = cudaStreamCaptureStatusNone;
    cudaStreamIsCapturing(h->stream, &c);
    if (c != cudaStreamCaptureStatusNone) {
      log_line(format_text(
          "%s returns its result to the host: not possible while the stream is being captured",
          name));
      return CUBLAS_STATUS_EXECUTION_FAILED;
    }
  }
  const std::string who = name;
  Status s = submit(h->stream, who, flops, false, [=] {
    return device && !reach(out, bytes, who, "result") ? ILLEGAL_ADDRESS : f(who);
  });
  return s ? s : device || device_alive() ? OK : CUBLAS_STATUS_EXECUTION_FAILED;
}
template <class E>
Status axpy(Handle* h, s64 n, const E* al, const E* x, s64 ix, E* y, s64 iy) {
  if (!al) return BAD;
  if (n <= 0) return OK;
  const std::string who = sizeof(E) == 8 ? "cublas daxpy" : "cublas saxpy";
  Scalar a(h, kT<E>, al);
  Vec<const E> X{x, n, ix};
  Vec<E> Y{y, n, iy};
  return submit(h->stream, who, 2.0 * n, false, [=] {
    if (!a.ok(who, "alpha") || !Y.ok(who, "y")) return ILLEGAL_ADDRESS;
    const E v = (E)a.get();
    if (v == 0) return 0;
    if (!X.ok(who, "x")) return ILLEGAL_ADDRESS;
    for (s64 i = 0; i < n; i++) Y[i] = std::fma(v, X[i], Y[i]);
    return 0;
  });
}
template <class E>
Status scal(Handle* h, s64 n, const E* al, E* x, s64 ix) {
  if (!al) return BAD;
  if (n <= 0 || ix <= 0) return OK;
  const std::string who = sizeof(E) == 8 ? "cublas dscal" : "cublas sscal";
  Scalar a(h, kT<E>, al);
  Vec<E> X{x, n, ix};
  return submit(h->stream, who, (double)n, false, [=] {
    if (!a.ok(who, "alpha") || !X.ok(who, "x")) return ILLEGAL_ADDRESS;
    const E v = (E)a.get();
    for (s64 i = 0; i < n; i++) X[i] *= v;
    return 0;
  });
}
template <class E>
Status copy(Handle* h, s64 n, const E* x, s64 ix, E* y, s64 iy, bool swap) {
  if (n <= 0) return OK;
  const std::string who =
      std::string("cublas ") + (sizeof(E) == 8 ? "d" : "s") + (swap ? "swap" : "copy");
  Vec<const E> X{x, n, ix};
  Vec<E> Y{y, n, iy}, X2{const_cast<E*>(x), n, ix};
  return submit(h->stream, who, 0, false, [=] {
    if (!X.ok(who, "x") || !Y.ok(who, "y")) return ILLEGAL_ADDRESS;
    if (swap)
      for (s64 i = 0; i < n; i++) std::swap(X2[i], Y[i]);
    else
      for (s64 i = 0; i < n; i++) Y[i] = X[i];
    return 0;
  });
}
template <class E>
Status dot(Handle* h, s64 n, const E* x, s64 ix, const E* y, s64 iy, E* out) {
  Vec<const E> X{x, n, ix}, Y{y, n, iy};
  return result(h, sizeof(E) == 8 ? "cublas ddot" : "cublas sdot", 2.0 * n, out, sizeof(E),
                [=](const std::string& who) {
                  if (!X.ok(who, "x") || !Y.ok(who, "y")) return ILLEGAL_ADDRESS;
                  double s = 0;
                  for (s64 i = 0; i < n; i++) s = std::fma((double)X[i], (double)Y[i], s);
                  *out = (E)s;
                  return 0;
                });
}
template <class E>
Status norm(Handle* h, s64 n, const E* x, s64 ix, E* out, bool two) {
  Vec<const E> X{x, ix > 0 ? n : 0, ix};
  static const char* names[] = {"cublas sasum", "cublas snrm2", "cublas dasum", "cublas dnrm2"};
  return result(h, names[(sizeof(E) == 8) * 2 + two], 2.0 * n, out, sizeof(E),
                [=](const std::string& who) {
                  if (!X.ok(who, "x")) return ILLEGAL_ADDRESS;
                  long double s = 0;  // the range of squares of doubles
                  for (s64 i = 0; i < X.n; i++)
                    s += two ? (long double)X[i] * X[i] : (long double)std::fabs(X[i]);
                  *out = (E)(two ? sqrtl(s) : s);
                  return 0;
                });
}
template <class E, class I>
Status extreme(Handle* h, s64 n, const E* x, s64 ix, I* out, bool max) {
  Vec<const E> X{x, ix > 0 ? n : 0, ix};
  static const char* names[] = {"cublas isamin", "cublas isamax", "cublas idamin", "cublas idamax"};
  return result(h, names[(sizeof(E) == 8) * 2 + max], (double)n, out, sizeof(I),
                [=](const std::string& who) {
                  if (!X.ok(who, "x")) return ILLEGAL_ADDRESS;
                  s64 best = 0;
                  for (s64 i = 1; i < X.n; i++) {
                    const E a = std::fabs(X[i]), b = std::fabs(X[best]);
                    if (max ? a > b : a < b) best = i;
                  }
                  *out = X.n > 0 ? (I)(best + 1) : 0;
                  return 0;
                });
}
template <class E>
Status rot(Handle* h, s64 n, E* x, s64 ix, E* y, s64 iy, const E* c, const E* s) {
  if (!c || !s) return BAD;
  if (n <= 0) return OK;
  const std::string who = sizeof(E) == 8 ? "cublas drot" : "cublas srot";
  Scalar C(h, kT<E>, c), S(h, kT<E>, s);
  Vec<E> X{x, n, ix}, Y{y, n, iy};
  return submit(h->stream, who, 6.0 * n, false, [=] {
    if (!C.ok(who, "c") || !S.ok(who, "s") || !X.ok(who, "x") || !Y.ok(who, "y"))
      return ILLEGAL_ADDRESS;
    const E cc = (E)C.get(), ss = (E)S.get();
    for (s64 i = 0; i < n; i++) {
      const E a = X[i], b = Y[i];
      X[i] = cc * a + ss * b;
      Y[i] = cc * b - ss * a;
    }
    return 0;
  });
}
// The Ex forms on 16-bit vectors compute in f32; on f32 and f64 they are the plain routines.
bool ex16(T t) { return t == T::F16 || t == T::BF16; }
struct Vec16 {
  const void* p;
  T t;
  s64 n, inc;
  bool ok(const std::string& who, const char* what) const {
    return reach(p, n > 0 ? ((n - 1) * (inc < 0 ? -inc : inc) + 1) * 2 : 0, who, what);
  }
  void* first() const { return (u8*)p + (inc < 0 ? (1 - n) * inc : 0) * 2; }
  std::vector<float> get() const {
    std::vector<float> v((size_t)std::max<s64>(0, n));
    load_f32(t, first(), inc, n, v.data());
    return v;
  }
  void put(const std::vector<float>& v) const { store_f32(t, first(), inc, n, v.data()); }
};
}  // namespace
}  // namespace vgblas
using namespace vgblas;
#define H cublasHandle_t h
#define LEVEL1(p, E, I, S)                                                                       \
  VGPU_API Status cublas##p##axpy_v2##S(H, I n, const E* a, const E* X, I ix, E* Y, I iy) {      \
    HANDLE;                                                                                      \
    return axpy<E>(x, n, a, X, ix, Y, iy);                                                       \
  }                                                                                              \
  VGPU_API Status cublas##p##scal_v2##S(H, I n, const E* a, E* X, I ix) {                        \
    HANDLE;                                                                                      \
    return scal<E>(x, n, a, X, ix);                                                              \
  }                                                                                              \
  VGPU_API Status cublas##p##copy_v2##S(H, I n, const E* X, I ix, E* Y, I iy) {                  \
    HANDLE;                                                                                      \
    return copy<E>(x, n, X, ix, Y, iy, false);                                                   \
  }                                                                                              \
  VGPU_API Status cublas##p##swap_v2##S(H, I n, E* X, I ix, E* Y, I iy) {                        \
    HANDLE;                                                                                      \
    return copy<E>(x, n, X, ix, Y, iy, true);                                                    \
  }                                                                                              \
  VGPU_API Status cublas##p##dot_v2##S(H, I n, const E* X, I ix, const E* Y, I iy, E* r) {       \
    HANDLE;                                                                                      \
    return dot<E>(x, n, X, ix, Y, iy, r);                                                        \
  }                                                                                              \
  VGPU_API Status cublas##p##nrm2_v2##S(H, I n, const E* X, I ix, E* r) {                        \
    HANDLE;                                                                                      \
    return norm<E>(x, n, X, ix, r, true);                                                        \
  }                                                                                              \
  VGPU_API Status cublas##p##asum_v2##S(H, I n, const E* X, I ix, E* r) {                        \
    HANDLE;                                                                                      \
    return norm<E>(x, n, X, ix, r, false);                                                       \
  }                                                                                              \
  VGPU_API Status cublas##p##rot_v2##S(H, I n, E* X, I ix, E* Y, I iy, const E* c, const E* s) { \
    HANDLE;                                                                                      \
    return rot<E>(x, n, X, ix, Y, iy, c, s);                                                     \
  }
LEVEL1(S, float, int, )
LEVEL1(S, float, int64_t, _64)
LEVEL1(D, double, int, )
LEVEL1(D, double, int64_t, _64)
#define EXTREME(p, E, I, S)                                                \
  VGPU_API Status cublasI##p##amax_v2##S(H, I n, const E* X, I ix, I* r) { \
    HANDLE;                                                                \
    return extreme<E, I>(x, n, X, ix, r, true);                            \
  }                                                                        \
  VGPU_API Status cublasI##p##amin_v2##S(H, I n, const E* X, I ix, I* r) { \
    HANDLE;                                                                \
    return extreme<E, I>(x, n, X, ix, r, false);                           \
  }
EXTREME(s, float, int, );
EXTREME(s, float, int64_t, _64);
EXTREME(d, double, int, );
EXTREME(d, double, int64_t, _64);

static Status axpy_ex(Handle* x, s64 n, const void* a, cudaDataType at, const void* X,
                      cudaDataType xt, s64 ix, void* Y, cudaDataType yt, s64 iy, cudaDataType ex) {
  const T t = type_of(xt), ta = type_of(at);
  if (xt != yt) return UNSUP;
  if (t == T::F32 && ta == t && ex == CUDA_R_32F)
    return axpy<float>(x, n, (const float*)a, (const float*)X, ix, (float*)Y, iy);
  if (t == T::F64 && ta == t && ex == CUDA_R_64F)
    return axpy<double>(x, n, (const double*)a, (const double*)X, ix, (double*)Y, iy);
  if (!ex16(t) || ta != T::F32 || ex != CUDA_R_32F) return UNSUP;
  if (!a) return BAD;
  if (n <= 0) return OK;
  const std::string who = "cublas axpy_ex";
  Scalar al(x, ta, a);
  Vec16 vx{X, t, n, ix}, vy{Y, t, n, iy};
  return submit(x->stream, who, 2.0 * n, false, [=] {
    if (!al.ok(who, "alpha") || !vx.ok(who, "x") || !vy.ok(who, "y")) return ILLEGAL_ADDRESS;
    auto p = vx.get(), q = vy.get();
    for (s64 i = 0; i < n; i++) q[i] = std::fma((float)al.get(), p[i], q[i]);
    vy.put(q);
    return 0;
  });
}
static Status scal_ex(Handle* x, s64 n, const void* a, cudaDataType at, void* X, cudaDataType xt,
                      s64 ix, cudaDataType ex) {
  const T t = type_of(xt), ta = type_of(at);
  if (t == T::F32 && ta == t && ex == CUDA_R_32F)
    return scal<float>(x, n, (const float*)a, (float*)X, ix);
  if (t == T::F64 && ta == t && ex == CUDA_R_64F)
    return scal<double>(x, n, (const double*)a, (double*)X, ix);
  if (!ex16(t) || (ta != T::F32 && ta != t) || ex != CUDA_R_32F) return UNSUP;
  if (!a) return BAD;
  if (n <= 0 || ix <= 0) return OK;
  const std::string who = "cublas scal_ex";
  Scalar al(x, ta, a);
  Vec16 vx{X, t, n, ix};
  return submit(x->stream, who, (double)n, false, [=] {
    if (!al.ok(who, "alpha") || !vx.ok(who, "x")) return ILLEGAL_ADDRESS;
    auto p = vx.get();
    for (auto& f : p) f *= (float)al.get();
    vx.put(p);
    return 0;
  });
}
static Status dot_ex(Handle* x, s64 n, const void* X, cudaDataType xt, s64 ix, const void* Y,
                     cudaDataType yt, s64 iy, void* r, cudaDataType rt, cudaDataType ex) {
  const T t = type_of(xt);
  if (xt != yt || rt != xt) return UNSUP;
  if (t == T::F32 && ex == CUDA_R_32F)
    return dot<float>(x, n, (const float*)X, ix, (const float*)Y, iy, (float*)r);
  if (t == T::F64 && ex == CUDA_R_64F)
    return dot<double>(x, n, (const double*)X, ix, (const double*)Y, iy, (double*)r);
  if (!ex16(t) || ex != CUDA_R_32F) return UNSUP;
  Vec16 vx{X, t, n, ix}, vy{Y, t, n, iy};
  return result(x, "cublas dot_ex", 2.0 * n, r, 2, [=](const std::string& who) {
    if (!vx.ok(who, "x") || !vy.ok(who, "y")) return ILLEGAL_ADDRESS;
    auto p = vx.get(), q = vy.get();
    double s = 0;
    for (size_t i = 0; i < p.size(); i++) s += (double)p[i] * q[i];
    const float f = (float)s;
    store_f32(t, r, 1, 1, &f);
    return 0;
  });
}
static Status nrm2_ex(Handle* x, s64 n, const void* X, cudaDataType xt, s64 ix, void* r,
                      cudaDataType rt, cudaDataType ex) {
  const T t = type_of(xt);
  if (rt != xt) return UNSUP;
  if (t == T::F32 && ex == CUDA_R_32F)
    return norm<float>(x, n, (const float*)X, ix, (float*)r, true);
  if (t == T::F64 && ex == CUDA_R_64F)
    return norm<double>(x, n, (const double*)X, ix, (double*)r, true);
  if (!ex16(t) || ex != CUDA_R_32F) return UNSUP;
  Vec16 vx{X, t, ix > 0 ? n : 0, ix};
  return result(x, "cublas nrm2_ex", 2.0 * n, r, 2, [=](const std::string& who) {
    if (!vx.ok(who, "x")) return ILLEGAL_ADDRESS;
    double s = 0;
    for (float f : vx.get()) s += (double)f * f;
    const float f = (float)std::sqrt(s);
    store_f32(t, r, 1, 1, &f);
    return 0;
  });
}
#define EX1(I, S)                                                                             \
  VGPU_API Status cublasAxpyEx##S(H, I n, const void* a, cudaDataType at, const void* X,      \
                                  cudaDataType xt, I ix, void* Y, cudaDataType yt, I iy,      \
                                  cudaDataType e) {                                           \
    HANDLE;                                                                                   \
    return axpy_ex(x, n, a, at, X, xt, ix, Y, yt, iy, e);                                     \
  }                                                                                           \
  VGPU_API Status cublasScalEx##S(H, I n, const void* a, cudaDataType at, void* X,            \
                                  cudaDataType xt, I ix, cudaDataType e) {                    \
    HANDLE;                                                                                   \
    return scal_ex(x, n, a, at, X, xt, ix, e);                                                \
  }                                                                                           \
  VGPU_API Status cublasDotEx##S(H, I n, const void* X, cudaDataType xt, I ix, const void* Y, \
                                 cudaDataType yt, I iy, void* r, cudaDataType rt,             \
                                 cudaDataType e) {                                            \
    HANDLE;                                                                                   \
    return dot_ex(x, n, X, xt, ix, Y, yt, iy, r, rt, e);                                      \
  }                                                                                           \
  VGPU_API Status cublasNrm2Ex##S(H, I n, const void* X, cudaDataType xt, I ix, void* r,      \
                                  cudaDataType rt, cudaDataType e) {                          \
    HANDLE;                                                                                   \
    return nrm2_ex(x, n, X, xt, ix, r, rt, e);                                                \
  }
EX1(int, );
EX1(int64_t, _64);
