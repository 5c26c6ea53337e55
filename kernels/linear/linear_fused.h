// The linear layer's epilogue on CUDA: within our own kernels, or after a product. For .cu files.
#pragma once

#include "kernels/linear/linear.h"
#include "kernels/matrix_product/gemm.h"

namespace ebb::kernels::cuda {

/// Whether fused_linear() takes the product: both operands' lines run along k.
inline bool fits_fused_linear(const gemm::Problem& product) {
  return product.a.lines_along_k && product.b.lines_along_k;
}

/// output and derivative of `p` in one launch (where k is divided, in two). `workspace`:
/// workspace_bytes(product).
void fused_linear(const Context& context, const gemm::Problem& product, const LinearForward& p,
                  float* workspace);

/// output and derivative of `p` from the product's sums, [parts, rows, out].
void finish_linear(const Context& context, const gemm::Problem& product, const LinearForward& p,
                   std::int64_t parts, const float* sums);

// One launch, by dtype of the product's operands; of bf16, results are f32 where p's are.
void fused_linear_f32(const Context& context, const gemm::Problem& product, const LinearForward& p);
void fused_linear_bf16(const Context& context, const gemm::Problem& product,
                       const LinearForward& p);
void fused_linear_f16(const Context& context, const gemm::Problem& product, const LinearForward& p);

}  // namespace ebb::kernels::cuda
