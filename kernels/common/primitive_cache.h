// oneDNN's matrix products of bf16, prepared once per shape: preparing one takes longer than most
// of them run.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "kernels/common/dtype.h"

struct dnnl_memory;

namespace ebb {

/// One kind of product: output [m, n] = (or +=) a [m, k] · b [k, n].
struct PreparedProduct {
  std::int64_t m = 0;
  std::int64_t n = 0;
  std::int64_t k = 0;
  bool transposed_a = false;  // a lies in memory as [k, m]
  bool packed_b = false;      // b is a packed matrix of oneDNN's, else it lies as [k, n]
  bool accumulate = false;

  bool operator==(const PreparedProduct&) const = default;
};

/// Serves one context, so one thread at a time.
class PrimitiveCache {
 public:
  PrimitiveCache();
  PrimitiveCache(const PrimitiveCache&) = delete;
  PrimitiveCache& operator=(const PrimitiveCache&) = delete;
  ~PrimitiveCache();

  /// Computes a product on the calling thread; no extent is 0. `packed_b` stands in for `b` where
  /// the product says so. Throws Error when oneDNN refuses.
  void multiply(const PreparedProduct& product, const BFloat16* a, const BFloat16* b,
                dnnl_memory* packed_b, float* output);

 private:
  struct Entry;
  struct State;

  Entry& entry(const PreparedProduct& product);

  std::unique_ptr<State> state_;
};

}  // namespace ebb
