// The one launcher behind every matrix product on CUDA. For .cu files.
#pragma once

#include "kernels/common/cuda/product_library.h"
#include "kernels/matrix_product/gemm.h"

namespace ebb::kernels::gemm {

/// Why products of `dtype` cannot run on a CUDA device that is there; empty where they can.
std::string unsupported(Device device, DType dtype);

/// Whether cuBLASLt is to multiply (EBB_GEMM).
bool prefers_library();

/// What cuBLASLt is to do beside a product. Its matrices are ours transposed: `bias` adds vector
/// [n] to every row of the output, `sums_of_b` writes the sums of a's rows over k to vector [m].
struct Beside {
  ebb::cuda::LibraryEpilogue epilogue = ebb::cuda::LibraryEpilogue::none;
  void* vector = nullptr;  // of the output's dtype
};

/// Whether cuBLASLt takes the problem. Throws UnsupportedError where the library cannot be loaded.
bool library_takes(Context& context, const Problem& p, const Beside& beside);

/// By cuBLASLt, where it takes the problem; false where it does not. Throws UnsupportedError where
/// the library cannot be loaded.
bool multiply_by_library(Context& context, const Problem& p, const Beside& beside = {});

/// By cuBLASLt where it is to multiply and takes the problem (no empty extents, no batches that are
/// not evenly spaced, no lines that overlap), else by the fitting rung of our own ladder.
/// `workspace`: workspace_bytes(p).
void multiply(Context& context, const Problem& p, float* workspace);

}  // namespace ebb::kernels::gemm
