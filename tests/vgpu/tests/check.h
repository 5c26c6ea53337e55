// A tiny test harness: CHECK(name, condition) prints "ok"/"FAIL" lines, and CMakeLists.txt has
// ctest look for the latter.
#pragma once
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <cuda_runtime.h>
#include <random>
#include <vector>
#define CHECK(name, cond)                                    \
  do {                                                       \
    if (cond)                                                \
      printf("ok   %s\n", name);                             \
    else                                                     \
      printf("FAIL %s (%s:%d)\n", name, __FILE__, __LINE__); \
    fflush(stdout);                                          \
  } while (0)
#define CHECK_CUDA(x)                                                                  \
  do {                                                                                 \
    cudaError_t e_ = (x);                                                              \
    if (e_ != cudaSuccess) {                                                           \
      printf("FAIL %s -> %s (%s:%d)\n", #x, cudaGetErrorName(e_), __FILE__, __LINE__); \
      fflush(stdout);                                                                  \
      exit(1);                                                                         \
    }                                                                                  \
  } while (0)
template <class T>
struct DeviceBuffer {
  T* p = nullptr;
  size_t n;
  explicit DeviceBuffer(size_t n_) : n(n_) {
    CHECK_CUDA(cudaMalloc(&p, n * sizeof(T)));
    CHECK_CUDA(cudaMemset(p, 0, n * sizeof(T)));
  }
  explicit DeviceBuffer(const std::vector<T>& v) : n(v.size()) {
    CHECK_CUDA(cudaMalloc(&p, n * sizeof(T)));
    CHECK_CUDA(cudaMemcpy(p, v.data(), n * sizeof(T), cudaMemcpyHostToDevice));
  }
  ~DeviceBuffer() { cudaFree(p); }
  DeviceBuffer(const DeviceBuffer&) = delete;
  operator T*() const { return p; }
  std::vector<T> get() const {
    std::vector<T> v(n);
    CHECK_CUDA(cudaMemcpy(v.data(), p, n * sizeof(T), cudaMemcpyDeviceToHost));
    return v;
  }
};
