// Helpers of the cublas entry points.
#pragma once
#include "tests/vgpu/src/blas/blas.h"
// The v1 names of the header are macros for the v2 functions; the definitions here spell out the
// latter.
#define HANDLE                     \
  Handle* x = handle_of(h, false); \
  if (!x) return CUBLAS_STATUS_NOT_INITIALIZED
namespace vgblas {
// Reports argument `i` (counted as in the reference BLAS, without the handle) as NVIDIA's library
// does.
inline Status illegal(const char* routine, int i) {
  cublasXerbla(routine, i);
  return BAD;
}
inline bool op_ok(cublasOperation_t t) {
  return t == CUBLAS_OP_N || t == CUBLAS_OP_T || t == CUBLAS_OP_C;
}
// alpha and beta, or a result: read from the host now or from the device when the work runs.
struct Scalar {
  T t;
  bool device;
  double host = 0;
  const void* p;
  Scalar(const Handle* h, T t_, const void* p_)
      : t(t_), device(h->pointer_mode == CUBLAS_POINTER_MODE_DEVICE), p(p_) {
    if (!device && p) host = read_scalar(t, p);
  }
  bool ok(const std::string& who, const char* what) const {
    return !device || reach(p, size_of(t), who, what);
  }
  double get() const { return device ? read_scalar(t, p) : host; }
};
}  // namespace vgblas
