// D = epilogue(alpha op(A) op(B) + beta C): one call, checked and ready to run in the order of its
// stream.
#pragma once
#include "tests/vgpu/src/blas/gemm.h"
namespace vgblas {
// Element (i, j) of matrix x of the batch: p[x * stride + i * rs + j * cs], or with `array`
// ((T**)p)[x][i * rs + j * cs].
struct Operand {
  const void* p = nullptr;
  T t = T::F32;
  s64 rs = 1, cs = 0, stride = 0;
  bool array = false;
};
enum class Scalars : u8 { Host, Device, Vectors, AlphaVectorBetaZero, AlphaVectorBetaHost };
enum Epilogue : u32 {
  EPI_NONE = 1,
  EPI_RELU = 2,
  EPI_BIAS = 4,
  EPI_DRELU = 8,
  EPI_BGRAD = 16,
  EPI_GELU = 32,
  EPI_DGELU = 64,
  EPI_AUX = 128,
  EPI_BGRADA = 256,
  EPI_BGRADB = 512
};

struct Matmul {
  std::string name;  // for messages and the report
  s64 m = 0, n = 0, k = 0, batch = 1;
  Acc acc = Acc::F32;
  Round round = Round::None;
  T scale = T::F32;    // scale: type of alpha and beta (F32, F64, F16, I32)
  Operand a, b, c, d;  // a: m x k, b: k x n
  Scalars scalars = Scalars::Host;
  double alpha = 1, beta = 0;                        // on the host
  const void *alpha_p = nullptr, *beta_p = nullptr;  // on the device
  s64 alpha_stride = 0, beta_stride = 0;
  u32 epilogue = EPI_NONE;
  void* bias = nullptr;
  T bias_t = T::F32;
  s64 bias_stride = 0;
  void* aux = nullptr;
  T aux_t = T::F32;
  s64 aux_ld = 0, aux_stride = 0;
  const float *scale_a = nullptr, *scale_b = nullptr, *scale_c = nullptr, *scale_d = nullptr,
              *scale_aux = nullptr;
  bool outer_a = false, outer_b = false;  // scale_a has m, scale_b n values
  float *amax_d = nullptr, *amax_aux = nullptr;
  void* workspace = nullptr;
  size_t workspace_bytes = 0;  // what the algorithm needs: overwritten, as on a GPU

  void set_name();  // from the shape and types
  double flops() const { return 2.0 * (double)m * (double)n * (double)k * (double)batch; }
  bool tensor() const { return acc != Acc::F32 || round != Round::None || a.t != T::F32; }
  int run() const;  // 0 or a cudaError_t
};
double read_scalar(T t, const void* p);  // alpha or beta of the scale type
}  // namespace vgblas
