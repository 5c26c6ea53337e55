// Typed host matrices, double-precision references and error bounds for the tests of cuBLAS.
#pragma once
#include <cmath>
#include <cublas_v2.h>
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_fp8.h>
#include <functional>
#include <string>

#include "tests/vgpu/tests/check.h"
inline size_t size_of(cudaDataType t) {
  switch (t) {
    case CUDA_R_64F:
      return 8;
    case CUDA_R_32F:
    case CUDA_R_32I:
      return 4;
    case CUDA_R_16F:
    case CUDA_R_16BF:
      return 2;
    default:
      return 1;
  }
}
inline const char* name_of(cudaDataType t) {
  switch (t) {
    case CUDA_R_64F:
      return "f64";
    case CUDA_R_32F:
      return "f32";
    case CUDA_R_32I:
      return "i32";
    case CUDA_R_16F:
      return "f16";
    case CUDA_R_16BF:
      return "bf16";
    case CUDA_R_8F_E4M3:
      return "e4m3";
    case CUDA_R_8F_E5M2:
      return "e5m2";
    default:
      return "i8";
  }
}
inline double get(cudaDataType t, const void* p, size_t i) {
  switch (t) {
    case CUDA_R_64F:
      return ((double*)p)[i];
    case CUDA_R_32F:
      return ((float*)p)[i];
    case CUDA_R_32I:
      return ((int*)p)[i];
    case CUDA_R_16F:
      return __half2float(((__half*)p)[i]);
    case CUDA_R_16BF:
      return __bfloat162float(((__nv_bfloat16*)p)[i]);
    case CUDA_R_8F_E4M3:
      return (float)((__nv_fp8_e4m3*)p)[i];
    case CUDA_R_8F_E5M2:
      return (float)((__nv_fp8_e5m2*)p)[i];
    default:
      return ((int8_t*)p)[i];
  }
}
inline void put(cudaDataType t, void* p, size_t i, double v) {
  switch (t) {
    case CUDA_R_64F:
      ((double*)p)[i] = v;
      break;
    case CUDA_R_32F:
      ((float*)p)[i] = (float)v;
      break;
    case CUDA_R_32I:
      ((int*)p)[i] = (int)lrint(v);
      break;
    case CUDA_R_16F:
      ((__half*)p)[i] = __float2half_rn((float)v);
      break;
    case CUDA_R_16BF:
      ((__nv_bfloat16*)p)[i] = __float2bfloat16_rn((float)v);
      break;
    case CUDA_R_8F_E4M3:
      ((__nv_fp8_e4m3*)p)[i] = __nv_fp8_e4m3((float)v);
      break;
    case CUDA_R_8F_E5M2:
      ((__nv_fp8_e5m2*)p)[i] = __nv_fp8_e5m2((float)v);
      break;
    default:
      ((int8_t*)p)[i] = (int8_t)lrint(v);
  }
}
inline std::mt19937& rng() {
  static std::mt19937 g(12345);
  return g;
}
inline double uniform() { return std::uniform_real_distribution<double>(-1, 1)(rng()); }
// n elements of type t on host and device; the device copy goes when the object does.
struct Arr {
  cudaDataType t;
  size_t n;
  std::vector<uint8_t> h;
  void* d = nullptr;
  Arr(cudaDataType t_, size_t n_, double scale = 1) : t(t_), n(n_), h(n_ * size_of(t_) + 16) {
    for (size_t i = 0; i < n; i++)
      put(t, h.data(), i,
          t == CUDA_R_8I || t == CUDA_R_32I ? floor(uniform() * 100) : uniform() * scale);
    CHECK_CUDA(cudaMalloc(&d, n * size_of(t) + (n ? 0 : 16)));
    up();
  }
  Arr(const Arr&) = delete;
  ~Arr() { cudaFree(d); }
  void up() { CHECK_CUDA(cudaMemcpy(d, h.data(), n * size_of(t), cudaMemcpyHostToDevice)); }
  std::vector<uint8_t> down() const {
    std::vector<uint8_t> o(n * size_of(t) + 16);
    CHECK_CUDA(cudaMemcpy(o.data(), d, n * size_of(t), cudaMemcpyDeviceToHost));
    return o;
  }
  void fill(double v) {
    for (size_t i = 0; i < n; i++) put(t, h.data(), i, v);
    up();
  }
  double operator[](size_t i) const { return get(t, h.data(), i); }
};
// Largest relative rounding of a result of type t (half an ulp).
inline double half_ulp(cudaDataType t) {
  switch (t) {
    case CUDA_R_64F:
      return 0x1p-53;
    case CUDA_R_32F:
      return 0x1p-24;
    case CUDA_R_16F:
      return 0x1p-11;
    case CUDA_R_16BF:
      return 0x1p-8;
    case CUDA_R_8F_E4M3:
      return 0x1p-4;
    case CUDA_R_8F_E5M2:
      return 0x1p-3;
    default:
      return 0;
  }
}
inline double smallest(cudaDataType t) {
  switch (t) {
    case CUDA_R_16F:
      return 0x1p-25;
    case CUDA_R_8F_E4M3:
      return 0x1p-10;
    case CUDA_R_8F_E5M2:
      return 0x1p-17;
    default:
      return 0;
  }
}
// |got - want| within one rounding to t of a value that carries `err` of accumulated error.
inline bool near(cudaDataType t, double got, double want, double err) {
  return std::fabs(got - want) <= err + half_ulp(t) * (std::fabs(want) + err) + smallest(t);
}
#define OKS(x)                                                                            \
  do {                                                                                    \
    auto s_ = (x);                                                                        \
    if (s_ != CUBLAS_STATUS_SUCCESS) {                                                    \
      printf("FAIL %s -> %s (%s:%d)\n", #x, cublasGetStatusName(s_), __FILE__, __LINE__); \
      fflush(stdout);                                                                     \
    }                                                                                     \
  } while (0)
#define STATUS(name, x, want)                                                             \
  do {                                                                                    \
    auto s_ = (x);                                                                        \
    if (s_ == (want))                                                                     \
      printf("ok   %s\n", name);                                                          \
    else                                                                                  \
      printf("FAIL %s: %s (%s:%d)\n", name, cublasGetStatusName(s_), __FILE__, __LINE__); \
    fflush(stdout);                                                                       \
  } while (0)
