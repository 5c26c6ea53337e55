// The tensor-core kernel with the epilogue of the linear layer, in bf16 and f16, for weights as
// layers have them: one of its four layouts.
#include "kernels/linear/linear_epilogue.cuh"
#include "kernels/linear/linear_fused.h"
#include "kernels/matrix_product/ladder/tensor_core.cuh"

namespace ebb::kernels::cuda {
namespace {

template <class T, class Stored>
void run(const Context& context, const gemm::Problem& product, const LinearForward& p) {
  gemm::launch_tensor_core<T, true, true>(context, product, gemm::split_of(product),
                                          LinearEpilogue<Stored>(p));
}

}  // namespace

void fused_linear_bf16(const Context& context, const gemm::Problem& product,
                       const LinearForward& p) {
  if (p.output.dtype == DType::f32) return run<BFloat16, float>(context, product, p);
  run<BFloat16, BFloat16>(context, product, p);
}

void fused_linear_f16(const Context& context, const gemm::Problem& product,
                      const LinearForward& p) {
  run<Float16, Float16>(context, product, p);
}

}  // namespace ebb::kernels::cuda
