// cublasCreate and what hangs on the handle; copies between host and device vectors and matrices.
#include "tests/vgpu/src/blas/cublas_api.h"
using namespace vgblas;

VGPU_API Status cublasCreate_v2(cublasHandle_t* h) {
  if (!h) return BAD;
  if (!device_alive()) return CUBLAS_STATUS_NOT_INITIALIZED;
  *h = (cublasHandle_t) new Handle{kCublas};
  return OK;
}
VGPU_API Status cublasDestroy_v2(cublasHandle_t h) {
  HANDLE;
  x->magic = 0;
  return OK;
}
VGPU_API Status cublasGetVersion_v2(cublasHandle_t, int* v) {
  if (!v) return BAD;
  *v = kVersion;
  return OK;
}
VGPU_API Status cublasGetProperty(libraryPropertyType t, int* v) {
  if (!v) return BAD;
  switch (t) {
    case MAJOR_VERSION:
      *v = kVersionMajor;
      return OK;
    case MINOR_VERSION:
      *v = kVersionMinor;
      return OK;
    case PATCH_LEVEL:
      *v = kVersionPatch;
      return OK;
    default:
      return BAD;
  }
}
VGPU_API size_t cublasGetCudartVersion() { return CUDART_VERSION; }
VGPU_API Status cublasSetWorkspace_v2(cublasHandle_t h, void* p, size_t n) {
  HANDLE;
  if ((u64)p % 256) return BAD;
  x->workspace = p;
  x->workspace_bytes = n;
  return OK;
}
VGPU_API Status cublasSetStream_v2(cublasHandle_t h, cudaStream_t s) {
  HANDLE;
  x->stream = s;
  x->workspace = nullptr;
  x->workspace_bytes = 0;
  return OK;
}
VGPU_API Status cublasGetStream_v2(cublasHandle_t h, cudaStream_t* s) {
  HANDLE;
  if (!s) return BAD;
  *s = x->stream;
  return OK;
}
VGPU_API Status cublasGetPointerMode_v2(cublasHandle_t h, cublasPointerMode_t* m) {
  HANDLE;
  if (!m) return BAD;
  *m = x->pointer_mode;
  return OK;
}
VGPU_API Status cublasSetPointerMode_v2(cublasHandle_t h, cublasPointerMode_t m) {
  HANDLE;
  if (m != CUBLAS_POINTER_MODE_HOST && m != CUBLAS_POINTER_MODE_DEVICE) return BAD;
  x->pointer_mode = m;
  return OK;
}
VGPU_API Status cublasGetAtomicsMode(cublasHandle_t h, cublasAtomicsMode_t* m) {
  HANDLE;
  if (!m) return BAD;
  *m = x->atomics;
  return OK;
}
VGPU_API Status cublasSetAtomicsMode(cublasHandle_t h, cublasAtomicsMode_t m) {
  HANDLE;
  if (m != CUBLAS_ATOMICS_NOT_ALLOWED && m != CUBLAS_ATOMICS_ALLOWED) return BAD;
  x->atomics = m;
  return OK;
}
VGPU_API Status cublasGetMathMode(cublasHandle_t h, cublasMath_t* m) {
  HANDLE;
  if (!m) return BAD;
  *m = x->math;
  return OK;
}
VGPU_API Status cublasSetMathMode(cublasHandle_t h, cublasMath_t m) {
  HANDLE;
  const int base = m & 15;
  if ((m & ~31) || !(base <= 4 || base == 8)) return BAD;
  x->math = m;
  return OK;
}
VGPU_API Status cublasGetSmCountTarget(cublasHandle_t h, int* n) {
  HANDLE;
  if (!n) return BAD;
  *n = x->sm_target;
  return OK;
}
VGPU_API Status cublasSetSmCountTarget(cublasHandle_t h, int n) {
  HANDLE;
  if (n < 0) return BAD;
  x->sm_target = n;
  return OK;
}
#define EMULATION(name, type, i)                               \
  VGPU_API Status cublasGet##name(cublasHandle_t h, type* v) { \
    HANDLE;                                                    \
    if (!v) return BAD;                                        \
    *v = (type)x->emulation[i];                                \
    return OK;                                                 \
  }                                                            \
  VGPU_API Status cublasSet##name(cublasHandle_t h, type v) {  \
    HANDLE;                                                    \
    x->emulation[i] = (int)v;                                  \
    return OK;                                                 \
  }
EMULATION(EmulationStrategy, cublasEmulationStrategy_t, 0)
EMULATION(EmulationSpecialValuesSupport, cudaEmulationSpecialValuesSupport, 1)
EMULATION(FixedPointEmulationMantissaControl, cudaEmulationMantissaControl, 2)
EMULATION(FixedPointEmulationMaxMantissaBitCount, int, 3)
EMULATION(FixedPointEmulationMantissaBitOffset, int, 4)
VGPU_API Status cublasGetFixedPointEmulationMantissaBitCountPointer(cublasHandle_t h, int** p) {
  HANDLE;
  if (!p) return BAD;
  *p = x->mantissa_ptr;
  return OK;
}
VGPU_API Status cublasSetFixedPointEmulationMantissaBitCountPointer(cublasHandle_t h, int* p) {
  HANDLE;
  x->mantissa_ptr = p;
  return OK;
}
VGPU_API const char* cublasGetStatusName(Status s) { return status_name(s); }
VGPU_API const char* cublasGetStatusString(Status s) { return status_text(s); }
VGPU_API Status cublasLoggerConfigure(int, int, int, const char*) { return OK; }
static cublasLogCallback g_log;
VGPU_API Status cublasSetLoggerCallback(cublasLogCallback cb) {
  g_log = cb;
  return OK;
}
VGPU_API Status cublasGetLoggerCallback(cublasLogCallback* cb) {
  if (!cb) return BAD;
  *cb = g_log;
  return OK;
}
VGPU_API void cublasXerbla(const char* name, int info) {
  printf(" ** On entry to %s parameter number %d had an illegal value\n", name, info);
}

// Vectors are strided copies of one element per row; matrices are 2D copies.
static Status vector(s64 n, s64 es, const void* a, s64 inca, void* b, s64 incb, cudaMemcpyKind k,
                     cudaStream_t s, bool async) {
  if (n < 0 || es <= 0 || inca <= 0 || incb <= 0) return BAD;
  if (!n) return OK;
  cudaError_t e = cudaMemcpy2DAsync(b, (size_t)(incb * es), a, (size_t)(inca * es), (size_t)es,
                                    (size_t)n, k, s);
  if (!e && !async) e = cudaStreamSynchronize(s);
  return e ? CUBLAS_STATUS_MAPPING_ERROR : OK;
}
static Status matrix(s64 rows, s64 cols, s64 es, const void* a, s64 lda, void* b, s64 ldb,
                     cudaMemcpyKind k, cudaStream_t s, bool async) {
  if (rows < 0 || cols < 0 || es <= 0 || lda <= 0 || ldb <= 0 || lda < rows || ldb < rows)
    return BAD;
  if (!rows || !cols) return OK;
  cudaError_t e = cudaMemcpy2DAsync(b, (size_t)(ldb * es), a, (size_t)(lda * es),
                                    (size_t)(rows * es), (size_t)cols, k, s);
  if (!e && !async) e = cudaStreamSynchronize(s);
  return e ? CUBLAS_STATUS_MAPPING_ERROR : OK;
}
#define COPIES(dir, kind, I, S)                                                                  \
  VGPU_API Status cublas##dir##Vector##S(I n, I es, const void* a, I inca, void* b, I incb) {    \
    return vector(n, es, a, inca, b, incb, kind, nullptr, false);                                \
  }                                                                                              \
  VGPU_API Status cublas##dir##VectorAsync##S(I n, I es, const void* a, I inca, void* b, I incb, \
                                              cudaStream_t s) {                                  \
    return vector(n, es, a, inca, b, incb, kind, s, true);                                       \
  }                                                                                              \
  VGPU_API Status cublas##dir##Matrix##S(I r, I c, I es, const void* a, I lda, void* b, I ldb) { \
    return matrix(r, c, es, a, lda, b, ldb, kind, nullptr, false);                               \
  }                                                                                              \
  VGPU_API Status cublas##dir##MatrixAsync##S(I r, I c, I es, const void* a, I lda, void* b,     \
                                              I ldb, cudaStream_t s) {                           \
    return matrix(r, c, es, a, lda, b, ldb, kind, s, true);                                      \
  }
COPIES(Set, cudaMemcpyHostToDevice, int, );
COPIES(Set, cudaMemcpyHostToDevice, int64_t, _64);
COPIES(Get, cudaMemcpyDeviceToHost, int, );
COPIES(Get, cudaMemcpyDeviceToHost, int64_t, _64);
