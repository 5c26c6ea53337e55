// Which library multiplies matrices on CUDA, and what cuBLASLt has prepared for one context.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "kernels/common/context.h"

namespace ebb::cuda {

/// EBB_GEMM=own takes the kernels in kernels/matrix_product/ladder/, EBB_GEMM=cublaslt NVIDIA's
/// library. Without it: cuBLASLt where it can be loaded and started, else our own. Throws Error on
/// another value. Read anew by every call, so that tests can change it.
enum class ProductLibrary { own, cublaslt };
ProductLibrary product_library();

/// Why the library asked for cannot be used; empty where it can.
std::string product_library_unavailable();

/// What cuBLASLt does beside a product, with a vector of the output's type, in its terms.
enum class LibraryEpilogue {
  none,
  bias,       // adds vector [m] to every column of d
  sums_of_b,  // writes the sums of b's columns over k to vector [n]
};

/// One kind of product in cuBLASLt's terms, column-major: d [m, n] = (or +=) a [m, k] · b [k, n].
struct LibraryProduct {
  std::int64_t m = 0;
  std::int64_t n = 0;
  std::int64_t k = 0;
  std::int64_t batch = 1;
  bool transposed_a = false;
  bool transposed_b = false;
  int type = 0;         // of a and b, cuBLASLt's number
  int output_type = 0;  // of d
  LibraryEpilogue epilogue = LibraryEpilogue::none;
  std::int64_t leading_a = 0;
  std::int64_t leading_b = 0;
  std::int64_t leading_d = 0;
  std::int64_t stride_a = 0;  // from one matrix of the batch to the next
  std::int64_t stride_b = 0;
  std::int64_t stride_d = 0;
  std::uint32_t alignment_a = 16;  // of the pointers, in bytes
  std::uint32_t alignment_b = 16;
  std::uint32_t alignment_d = 16;
  std::uint32_t alignment_vector = 16;  // the epilogue's

  bool operator==(const LibraryProduct&) const = default;
};

/// cuBLASLt's handle, scratch memory and the algorithms found so far. Serves one context.
class PreparedProducts {
 public:
  explicit PreparedProducts(Device device);
  PreparedProducts(const PreparedProducts&) = delete;
  PreparedProducts& operator=(const PreparedProducts&) = delete;
  ~PreparedProducts();

  /// Whether cuBLASLt takes the product. f32 is f32: no TF32. `vector`: the epilogue's, of the
  /// alignment that it will have.
  bool takes(const LibraryProduct& product, const void* vector = nullptr);

  /// Asks for a product that it takes() on `stream`.
  void multiply(CudaStream stream, const LibraryProduct& product, const void* a, const void* b,
                void* d, bool accumulate, const void* vector = nullptr);

 private:
  struct Entry;
  struct State;

  Entry& entry(const LibraryProduct& product, const void* vector);

  std::unique_ptr<State> state_;
};

}  // namespace ebb::cuda
