// The gemm family: plain, batched, strided, grouped; all types.
#include "tests/vgpu/src/blas/cublas_api.h"
namespace vgblas {
namespace {
struct Shape {
  cublasOperation_t ta, tb;
  s64 m, n, k, lda, ldb, ldc;
};
// Number of the first illegal argument as the reference gemm counts them, or 0.
int wrong(const Shape& s) {
  if (!op_ok(s.ta)) return 1;
  if (!op_ok(s.tb)) return 2;
  if (s.m < 0) return 3;
  if (s.n < 0) return 4;
  if (s.k < 0) return 5;
  if (s.lda < std::max<s64>(1, s.ta == CUBLAS_OP_N ? s.m : s.k)) return 8;
  if (s.ldb < std::max<s64>(1, s.tb == CUBLAS_OP_N ? s.k : s.n)) return 10;
  if (s.ldc < std::max<s64>(1, s.m)) return 13;
  return 0;
}
// Operand types, compute type -> how to compute; false: not in NVIDIA's table.
bool plan(const Handle* h, T a, T b, T c, cublasComputeType_t ct, Matmul& q) {
  if (a != b) return false;
  const int math = h->math & 15;
  q.round = Round::None;
  q.acc = Acc::F32;
  q.scale = T::F32;
  switch (ct) {
    case CUBLAS_COMPUTE_16F:
    case CUBLAS_COMPUTE_16F_PEDANTIC:
      q.scale = T::F16;
      return a == T::F16 && c == T::F16;
    case CUBLAS_COMPUTE_32I:
    case CUBLAS_COMPUTE_32I_PEDANTIC:
      q.scale = T::I32;
      q.acc = Acc::I32;
      return a == T::I8 && c == T::I32;
    case CUBLAS_COMPUTE_32F:
    case CUBLAS_COMPUTE_32F_PEDANTIC:
      if (a == T::I8) {
        q.acc = Acc::I32;
        return c == T::F32;
      }
      if (a == T::F32 && ct == CUBLAS_COMPUTE_32F)
        q.round = math == CUBLAS_TF32_TENSOR_OP_MATH ? Round::TF32
                  : math == CUBLAS_TENSOR_OP_MATH    ? Round::F16
                                                     : Round::None;
      return a == T::F32 ? c == T::F32 : (a == T::F16 || a == T::BF16) && (c == a || c == T::F32);
    case CUBLAS_COMPUTE_32F_FAST_16F:
      q.round = Round::F16;
      return a == T::F32 && c == T::F32;
    case CUBLAS_COMPUTE_32F_FAST_16BF:
      q.round = Round::BF16;
      return a == T::F32 && c == T::F32;
    case CUBLAS_COMPUTE_32F_FAST_TF32:
      q.round = Round::TF32;
      return a == T::F32 && c == T::F32;
    case CUBLAS_COMPUTE_32F_EMULATED_16BFX9:
      return a == T::F32 && c == T::F32;
    case CUBLAS_COMPUTE_64F:
    case CUBLAS_COMPUTE_64F_PEDANTIC:
    case CUBLAS_COMPUTE_64F_EMULATED_FIXEDPOINT:
      q.scale = T::F64;
      q.acc = Acc::F64;
      return a == T::F64 && c == T::F64;
    default:
      return false;
  }
}
Operand operand(const void* p, T t, s64 ld, bool trans, s64 stride, bool array) {
  return {p, t, trans ? ld : 1, trans ? 1 : ld, stride, array};
}
enum { ONE, STRIDED, ARRAY };
Status gemm(Handle* h, const char* routine, const Shape& s, const void* alpha, const void* A, T at,
            s64 sa, const void* B, T bt, s64 sb, const void* beta, void* C, T c, s64 sc, s64 batch,
            int how, cublasComputeType_t ct) {
  if (int i = wrong(s)) return illegal(routine, i);
  if (batch < 0) return illegal(routine, how == ARRAY ? 14 : 17);
  if (!alpha) return illegal(routine, 6);
  if (!beta) return illegal(routine, 11);
  Matmul q;
  if (!plan(h, at, bt, c, ct, q)) return UNSUP;
  if (!s.m || !s.n || !batch) return OK;
  if (at == T::I8 && how != ARRAY && ((u64)A % 4 || (u64)B % 4)) return UNSUP;
  if (at == T::I8 && (s.lda % 4 || s.ldb % 4)) return UNSUP;
  if (!C) return illegal(routine, 12);
  q.m = s.m;
  q.n = s.n;
  q.k = s.k;
  q.batch = batch;
  q.a = operand(A, at, s.lda, s.ta != CUBLAS_OP_N, how == STRIDED ? sa : 0, how == ARRAY);
  q.b = operand(B, bt, s.ldb, s.tb != CUBLAS_OP_N, how == STRIDED ? sb : 0, how == ARRAY);
  q.c = q.d = operand(C, c, s.ldc, false, how == STRIDED ? sc : 0, how == ARRAY);
  if (h->pointer_mode == CUBLAS_POINTER_MODE_DEVICE) {
    q.scalars = Scalars::Device;
    q.alpha_p = alpha;
    q.beta_p = beta;
  } else {
    q.alpha = read_scalar(q.scale, alpha);
    q.beta = read_scalar(q.scale, beta);
  }
  q.set_name();
  const auto name = q.name;
  const double f = q.flops();
  const bool tensor = q.tensor();
  return submit(h->stream, name, f, tensor, [q = std::move(q)] { return q.run(); });
}
bool algo_ok(cublasGemmAlgo_t a) {
  return (a >= -1 && a <= 23) || (a >= 99 && a <= 115) || a == 999;
}
constexpr cublasComputeType_t F32 = CUBLAS_COMPUTE_32F, F64 = CUBLAS_COMPUTE_64F,
                              F16 = CUBLAS_COMPUTE_16F;
}  // namespace
}  // namespace vgblas
using namespace vgblas;
#define OPS cublasHandle_t h, cublasOperation_t ta, cublasOperation_t tb
#define SHAPE \
  Shape { ta, tb, m, n, k, lda, ldb, ldc }
#define TYPED(N, V2, E, TY, CT, I, S)                                                             \
  VGPU_API Status cublas##N##gemm##V2##S(OPS, I m, I n, I k, const E* al, const E* A, I lda,      \
                                         const E* B, I ldb, const E* be, E* C, I ldc) {           \
    HANDLE;                                                                                       \
    return gemm(x, #N "GEMM ", SHAPE, al, A, TY, 0, B, TY, 0, be, C, TY, 0, 1, ONE, CT);          \
  }                                                                                               \
  VGPU_API Status cublas##N##gemmBatched##S(OPS, I m, I n, I k, const E* al, const E* const A[],  \
                                            I lda, const E* const B[], I ldb, const E* be,        \
                                            E* const C[], I ldc, I count) {                       \
    HANDLE;                                                                                       \
    return gemm(x, #N "GEMM_BATCHED ", SHAPE, al, A, TY, 0, B, TY, 0, be, (void*)C, TY, 0, count, \
                ARRAY, CT);                                                                       \
  }                                                                                               \
  VGPU_API Status cublas##N##gemmStridedBatched##S(                                               \
      OPS, I m, I n, I k, const E* al, const E* A, I lda, long long sa, const E* B, I ldb,        \
      long long sb, const E* be, E* C, I ldc, long long sc, I count) {                            \
    HANDLE;                                                                                       \
    return gemm(x, #N "GEMM_STRIDED_BATCHED ", SHAPE, al, A, TY, sa, B, TY, sb, be, C, TY, sc,    \
                count, STRIDED, CT);                                                              \
  }
TYPED(S, _v2, float, T::F32, F32, int, );
TYPED(S, _v2, float, T::F32, F32, int64_t, _64);
TYPED(D, _v2, double, T::F64, F64, int, );
TYPED(D, _v2, double, T::F64, F64, int64_t, _64);
TYPED(H, , __half, T::F16, F16, int, );
TYPED(H, , __half, T::F16, F16, int64_t, _64);
#define EX(I, S)                                                                                  \
  VGPU_API Status cublasSgemmEx##S(OPS, I m, I n, I k, const float* al, const void* A,            \
                                   cudaDataType at, I lda, const void* B, cudaDataType bt, I ldb, \
                                   const float* be, void* C, cudaDataType ct, I ldc) {            \
    HANDLE;                                                                                       \
    return gemm(x, "SGEMM_EX ", SHAPE, al, A, type_of(at), 0, B, type_of(bt), 0, be, C,           \
                type_of(ct), 0, 1, ONE, F32);                                                     \
  }                                                                                               \
  VGPU_API Status cublasGemmEx##S(OPS, I m, I n, I k, const void* al, const void* A,              \
                                  cudaDataType at, I lda, const void* B, cudaDataType bt, I ldb,  \
                                  const void* be, void* C, cudaDataType ct, I ldc,                \
                                  cublasComputeType_t comp, cublasGemmAlgo_t algo) {              \
    HANDLE;                                                                                       \
    if (!algo_ok(algo)) return BAD;                                                               \
    return gemm(x, "GEMM_EX ", SHAPE, al, A, type_of(at), 0, B, type_of(bt), 0, be, C,            \
                type_of(ct), 0, 1, ONE, comp);                                                    \
  }                                                                                               \
  VGPU_API Status cublasGemmBatchedEx##S(                                                         \
      OPS, I m, I n, I k, const void* al, const void* const A[], cudaDataType at, I lda,          \
      const void* const B[], cudaDataType bt, I ldb, const void* be, void* const C[],             \
      cudaDataType ct, I ldc, I count, cublasComputeType_t comp, cublasGemmAlgo_t algo) {         \
    HANDLE;                                                                                       \
    if (!algo_ok(algo)) return BAD;                                                               \
    return gemm(x, "GEMM_BATCHED_EX ", SHAPE, al, A, type_of(at), 0, B, type_of(bt), 0, be,       \
                (void*)C, type_of(ct), 0, count, ARRAY, comp);                                    \
  }                                                                                               \
  VGPU_API Status cublasGemmStridedBatchedEx##S(                                                  \
      OPS, I m, I n, I k, const void* al, const void* A, cudaDataType at, I lda, long long sa,    \
      const void* B, cudaDataType bt, I ldb, long long sb, const void* be, void* C,               \
      cudaDataType ct, I ldc, long long sc, I count, cublasComputeType_t comp,                    \
      cublasGemmAlgo_t algo) {                                                                    \
    HANDLE;                                                                                       \
    if (!algo_ok(algo)) return BAD;                                                               \
    return gemm(x, "GEMM_STRIDED_BATCHED_EX ", SHAPE, al, A, type_of(at), sa, B, type_of(bt), sb, \
                be, C, type_of(ct), sc, count, STRIDED, comp);                                    \
  }
EX(int, );
EX(int64_t, _64);

// Groups: host arrays with a shape per group, device arrays with a pointer per matrix.
template <class I>
static Status grouped(Handle* x, const cublasOperation_t ta[], const cublasOperation_t tb[],
                      const I m[], const I n[], const I k[], const void* al, const void* const A[],
                      T at, const I lda[], const void* const B[], T bt, const I ldb[],
                      const void* be, void* const C[], T ct, const I ldc[], I groups,
                      const I size[], cublasComputeType_t comp) {
  if (groups < 0) return illegal("GEMM_GROUPED_BATCHED", 16);
  if (!groups) return OK;
  if (!ta || !tb || !m || !n || !k || !al || !be || !lda || !ldb || !ldc || !size || !A || !B || !C)
    return BAD;
  Matmul probe;
  if (!plan(x, at, bt, ct, comp, probe)) return UNSUP;
  for (I g = 0; g < groups; g++) {
    if (int i = wrong({ta[g], tb[g], m[g], n[g], k[g], lda[g], ldb[g], ldc[g]}))
      return illegal("GEMM_GROUPED_BATCHED", i);
    if (size[g] < 0) return illegal("GEMM_GROUPED_BATCHED", 17);
  }
  const int es = size_of(probe.scale);
  s64 first = 0;
  for (I g = 0; g < groups; first += size[g], g++)
    if (Status s = gemm(x, "GEMM_GROUPED_BATCHED",
                        {ta[g], tb[g], m[g], n[g], k[g], lda[g], ldb[g], ldc[g]},
                        (const u8*)al + g * es, A + first, at, 0, B + first, bt, 0,
                        (const u8*)be + g * es, (void*)(C + first), ct, 0, size[g], ARRAY, comp))
      return s;
  return OK;
}
#define GOPS cublasHandle_t h, const cublasOperation_t ta[], const cublasOperation_t tb[]
#define GROUPED(N, E, TY, CT, I, S)                                                                \
  VGPU_API Status cublas##N##gemmGroupedBatched##S(                                                \
      GOPS, const I m[], const I n[], const I k[], const E al[], const E* const A[],               \
      const I lda[], const E* const B[], const I ldb[], const E be[], E* const C[], const I ldc[], \
      I groups, const I size[]) {                                                                  \
    HANDLE;                                                                                        \
    return grouped<I>(x, ta, tb, m, n, k, al, (const void* const*)A, TY, lda,                      \
                      (const void* const*)B, TY, ldb, be, (void* const*)C, TY, ldc, groups, size,  \
                      CT);                                                                         \
  }
GROUPED(S, float, T::F32, F32, int, );
GROUPED(S, float, T::F32, F32, int64_t, _64);
GROUPED(D, double, T::F64, F64, int, );
GROUPED(D, double, T::F64, F64, int64_t, _64);
#define GROUPEDX(I, S)                                                                             \
  VGPU_API Status cublasGemmGroupedBatchedEx##S(                                                   \
      GOPS, const I m[], const I n[], const I k[], const void* al, const void* const A[],          \
      cudaDataType_t at, const I lda[], const void* const B[], cudaDataType_t bt, const I ldb[],   \
      const void* be, void* const C[], cudaDataType_t ct, const I ldc[], I groups, const I size[], \
      cublasComputeType_t comp) {                                                                  \
    HANDLE;                                                                                        \
    return grouped<I>(x, ta, tb, m, n, k, al, A, type_of(at), lda, B, type_of(bt), ldb, be, C,     \
                      type_of(ct), ldc, groups, size, comp);                                       \
  }
GROUPEDX(int, );
GROUPEDX(int64_t, _64);
