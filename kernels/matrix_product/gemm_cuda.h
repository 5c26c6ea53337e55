// The one launcher behind every matrix product on CUDA. For .cu files.
#pragma once

#include "kernels/matrix_product/gemm.h"

namespace ebb::kernels::gemm {

/// Why products of `dtype` cannot run on a CUDA device that is there; empty where they can.
std::string unsupported(Device device, DType dtype);

/// Whether cuBLASLt is to multiply (EBB_GEMM).
bool prefers_library();

/// By cuBLASLt, where it takes the problem; false where it does not. Throws UnsupportedError where
/// the library cannot be loaded.
bool multiply_by_library(Context& context, const Problem& p);

/// By cuBLASLt where it is to multiply and takes the problem (no empty extents, no batches that are
/// not evenly spaced, no lines that overlap), else by the fitting rung of our own ladder.
/// `workspace`: workspace_bytes(p).
void multiply(Context& context, const Problem& p, float* workspace);

}  // namespace ebb::kernels::gemm
