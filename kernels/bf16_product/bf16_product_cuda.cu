// Products of bf16 on CUDA: tensor cores, by cuBLASLt or by our own kernel, with f32 sums and
// results. A packed matrix is a rounded one as it lies in memory: either order costs the same.
#include "kernels/bf16_product/bf16_product_backends.h"
#include "kernels/elementwise/elementwise.h"
#include "kernels/matrix_product/gemm_cuda.h"

namespace ebb::kernels::cuda {

void round_to_bf16(Context& context, const RoundToBf16& p) {
  cast(context, {.input = p.input, .output = p.output});
}

void bf16_product(Context& context, const Bf16Product& p) {
  const ConstView b = p.packed_b != nullptr ? p.packed_b->values() : p.b;
  const gemm::Problem product = gemm::problem_of(p.a, b, p.output, p.accumulate);
  auto* workspace =
      static_cast<float*>(context.workspace().acquire(gemm::workspace_bytes(product)));
  gemm::multiply(context, product, workspace);
}

std::string bf16_product_unsupported(Device device) {
  return gemm::unsupported(device, DType::bf16);
}

}  // namespace ebb::kernels::cuda
