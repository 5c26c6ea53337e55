// The matrix product on CUDA: cuBLASLt, or our own ladder (gemm_cuda.h).
#include "kernels/matrix_product/gemm_cuda.h"
#include "kernels/matrix_product/matrix_product_backends.h"

namespace ebb::kernels::cuda {

void matrix_product(Context& context, const MatrixProduct& parameters) {
  const gemm::Problem p =
      gemm::problem_of(parameters.a, parameters.b, parameters.output, parameters.accumulate);
  auto* workspace = static_cast<float*>(context.workspace().acquire(gemm::workspace_bytes(p)));
  gemm::multiply(context, p, workspace);
}

std::string matrix_product_unsupported(Device device, DType dtype) {
  return gemm::unsupported(device, dtype);
}

}  // namespace ebb::kernels::cuda
