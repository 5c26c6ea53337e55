// The linear layer by our own kernels: the product with the epilogue in it, or, where a long k is
// divided, the parts of the product and then the pass that adds them, which has the epilogue. That
// pass moves 4 bytes for each part of an element and sizeof(T) for each result.
#include "kernels/linear/linear_epilogue.cuh"
#include "kernels/linear/linear_fused.h"
#include "kernels/matrix_product/ladder/ladder.h"

namespace ebb::kernels::cuda {

void fused_linear(const Context& context, const gemm::Problem& product, const LinearForward& p,
                  float* workspace) {
  const gemm::Split split = gemm::split_of(product);
  if (split.parts > 1) {
    gemm::best_rung_parts(context, product, split, workspace);
    return finish_linear(context, product, p, split.parts, workspace);
  }
  if (product.a.dtype == DType::f32) return fused_linear_f32(context, product, p);
  if (product.a.dtype == DType::bf16) return fused_linear_bf16(context, product, p);
  fused_linear_f16(context, product, p);
}

void finish_linear(const Context& context, const gemm::Problem& product, const LinearForward& p,
                   std::int64_t parts, const float* sums) {
  ebb::cuda::for_storage(p.output.dtype, [&]<class T>(std::type_identity<T>) {
    gemm::launch_reduce(context, product, parts, sums, LinearEpilogue<T>(p));
  });
}

}  // namespace ebb::kernels::cuda
