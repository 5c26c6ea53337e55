// A tiny test harness: CHECK(name, condition) prints "ok"/"FAIL" lines, and CMakeLists.txt has ctest
// look for the latter.
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
#define CU(x)                                                                          \
  do {                                                                                 \
    cudaError_t e_ = (x);                                                              \
    if (e_ != cudaSuccess) {                                                           \
      printf("FAIL %s -> %s (%s:%d)\n", #x, cudaGetErrorName(e_), __FILE__, __LINE__); \
      fflush(stdout);                                                                  \
      exit(1);                                                                         \
    }                                                                                  \
  } while (0)
template <class T>
struct Buf {
  T* p = nullptr;
  size_t n;
  explicit Buf(size_t n_) : n(n_) {
    CU(cudaMalloc(&p, n * sizeof(T)));
    CU(cudaMemset(p, 0, n * sizeof(T)));
  }
  explicit Buf(const std::vector<T>& v) : n(v.size()) {
    CU(cudaMalloc(&p, n * sizeof(T)));
    CU(cudaMemcpy(p, v.data(), n * sizeof(T), cudaMemcpyHostToDevice));
  }
  ~Buf() { cudaFree(p); }
  Buf(const Buf&) = delete;
  operator T*() const { return p; }
  std::vector<T> get() const {
    std::vector<T> v(n);
    CU(cudaMemcpy(v.data(), p, n * sizeof(T), cudaMemcpyDeviceToHost));
    return v;
  }
};
