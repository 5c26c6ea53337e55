#include "bench/kernels/product_contenders.h"
#include "kernels/matrix_product/gemm_cuda.h"
#include "kernels/matrix_product/ladder/ladder.h"

namespace ebb::bench {
namespace {

namespace gemm = kernels::gemm;

gemm::Problem problem_of(const kernels::MatrixProduct& p) {
  return gemm::problem_of(p.a, p.b, p.output, p.accumulate);
}

}  // namespace

void own_product(Context& context, const kernels::MatrixProduct& operands) {
  const gemm::Problem problem = problem_of(operands);
  void* workspace = context.workspace().acquire(gemm::workspace_bytes(problem));
  gemm::best_rung(context, problem, static_cast<float*>(workspace));
}

void naive_product(Context& context, const kernels::MatrixProduct& operands) {
  gemm::naive(context, problem_of(operands));
}

void tiled_product(Context& context, const kernels::MatrixProduct& operands) {
  gemm::tiled(context, problem_of(operands));
}

void cublaslt_product(Context& context, const kernels::MatrixProduct& operands) {
  if (!gemm::multiply_by_library(context, problem_of(operands))) {
    fail<UnsupportedError>("cuBLASLt has no algorithm for these operands");
  }
}

}  // namespace ebb::bench
