// The matrix product on CUDA: the fitting rung of our own ladder.
#include "kernels/matrix_product/ladder/ladder.h"
#include "kernels/matrix_product/matrix_product_backends.h"

namespace ebb::kernels::cuda {

void matrix_product(Context& context, const MatrixProduct& parameters) {
  const gemm::Problem p =
      gemm::problem_of(parameters.a, parameters.b, parameters.output, parameters.accumulate);
  auto* workspace = static_cast<float*>(context.workspace().acquire(gemm::workspace_bytes(p)));
  gemm::register_tiled(context, p, workspace);
}

}  // namespace ebb::kernels::cuda
