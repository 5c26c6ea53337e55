// The register-tiled kernel with the epilogue of the linear layer, for weights as layers have them:
// one of its four layouts, so that it compiles beside the plain ones.
#include "kernels/linear/linear_epilogue.cuh"
#include "kernels/linear/linear_fused.h"
#include "kernels/matrix_product/ladder/register_tiled.cuh"

namespace ebb::kernels::cuda {

void fused_linear_f32(const Context& context, const gemm::Problem& product,
                      const LinearForward& p) {
  gemm::launch_register_tiled<true, true>(context, product, gemm::split_of(product),
                                          LinearEpilogue<float>(p));
}

}  // namespace ebb::kernels::cuda
