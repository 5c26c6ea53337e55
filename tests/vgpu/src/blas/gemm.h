// Blocked matrix multiplication on the host: packs blocks of the operands into panels of the
// accumulation type (f32, f64 or i32), multiplies the panels with AVX-512, hands finished blocks of
// accumulators to a Sink.
#pragma once
#include "tests/vgpu/src/blas/numeric.h"
namespace vgblas {
struct View {
  const void* p = nullptr;
  T t = T::F32;
  s64 rs = 1, cs = 0;
};  // element (i, j) at p[i * rs + j * cs]
inline const void* at(const View& v, s64 i, s64 j) {
  return (const u8*)v.p + (i * v.rs + j * v.cs) * size_of(v.t);
}

// Takes the accumulators of rows i0.. and columns j0.. of the product, column-major, `ld` apart.
// Called once per block; blocks never overlap; calls come from several threads (`part` < parts()
// names the piece of work).
struct Sink {
  virtual void put(const void* acc, s64 ld, s64 i0, s64 mi, s64 j0, s64 nj, int part) = 0;
  virtual ~Sink() {}
};
struct Product {
  s64 m, n, k;
  View a, b;
  Sink* sink;
};  // a: m x k, b: k x n

enum class Acc : u8 { F32, F64, I32 };
// All products of a batch; `k` = 0 gives zero accumulators. Uses VGPU_THREADS threads.
void multiply(Acc acc, Round r, const std::vector<Product>& batch);
int parts();  // most pieces that one product is cut into
}  // namespace vgblas
