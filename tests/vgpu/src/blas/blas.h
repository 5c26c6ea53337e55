// What lib/libcublas.so.13 and lib/libcublasLt.so.13 share. The engine (gemm, matmul, numeric) is
// in libcublasLt.
#pragma once
#include <cuda_runtime_api.h>

#include "tests/vgpu/src/blas/matmul.h"
#include "tests/vgpu/src/blas/nvidia_types.h"
#include "tests/vgpu/src/runtime/hostop.h"
#define VGPU_API extern "C" __attribute__((visibility("default")))
namespace vgblas {
using Status = cublasStatus_t;
constexpr Status OK = CUBLAS_STATUS_SUCCESS, BAD = CUBLAS_STATUS_INVALID_VALUE,
                 UNSUP = CUBLAS_STATUS_NOT_SUPPORTED;
constexpr u64 kCublas = 0x73616c6275637667ull, kLt = 0x746c616c62756376ull;
constexpr int ILLEGAL_ADDRESS = 700;

// cublasHandle_t and cublasLtHandle_t (a cublasHandle_t may be used as the latter). Never freed: a
// stale one is noticed.
struct Handle {
  u64 magic;
  cudaStream_t stream = nullptr;
  cublasPointerMode_t pointer_mode = CUBLAS_POINTER_MODE_HOST;
  cublasMath_t math = CUBLAS_DEFAULT_MATH;
  cublasAtomicsMode_t atomics = CUBLAS_ATOMICS_NOT_ALLOWED;
  void* workspace = nullptr;
  size_t workspace_bytes = 0;
  int sm_target = 0;
  int emulation[6] = {0, 0xffff, 0, 0, 0, 0};
  int* mantissa_ptr = nullptr;
};
inline Handle* handle_of(const void* h, bool lt) {
  auto* x = (Handle*)h;
  return x && (x->magic == kCublas || (lt && x->magic == kLt)) ? x : nullptr;
}
bool device_alive();  // no pending device error
const char* status_name(Status s);
const char* status_text(Status s);
T type_of(cudaDataType_t t);  // None: not one that vgpu computes with
int compute_capability();

// f() in the order of the stream: now, or whenever the graph that is being captured runs. f returns
// 0 or a cudaError_t.
template <class F>
Status submit(cudaStream_t s, const std::string& name, double flops, bool tensor, F f) {
  auto* p = new F(std::move(f));
  int e = __cudaVgpuHostOp(
      s, name.c_str(), (unsigned long long)flops, tensor, [](void* q) { return (int)(*(F*)q)(); },
      p, [](void* q) { delete (F*)q; });
  return e ? CUBLAS_STATUS_EXECUTION_FAILED : OK;
}
inline bool reach(const void* p, s64 bytes, const std::string& who, const char* operand) {
  return bytes <= 0 || __cudaVgpuReachable(p, (unsigned long long)bytes, who.c_str(), operand);
}
}  // namespace vgblas
