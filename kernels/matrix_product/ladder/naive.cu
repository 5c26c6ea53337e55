// First rung of the ladder: a thread computes an element as the formula says, neighbours of a row
// by neighbouring threads.
//
// 2 k loads per element: where b's lines run along n, a warp reads one line of b and one element of
// a per step, so 2 of some 3 instructions wait for memory that has been read many times before.
#include "kernels/common/cuda/launch.h"
#include "kernels/common/cuda/storage.cuh"
#include "kernels/matrix_product/ladder/ladder.h"
#include "kernels/matrix_product/ladder/strided.cuh"

namespace ebb::kernels::gemm {
namespace {

constexpr int kThreads = 128;

template <class T>
__global__ void __launch_bounds__(kThreads) naive_kernel(const StridedProblem<T> p) {
  const std::int64_t index = std::int64_t{blockIdx.x} * kThreads + threadIdx.x;
  if (index >= p.pairs * p.m * p.n) return;
  const std::int64_t pair = index / (p.m * p.n);
  const std::int64_t row = index / p.n % p.m;
  const std::int64_t column = index % p.n;
  float sum = 0.0F;
  for (std::int64_t step = 0; step < p.k; ++step) {
    sum = fmaf(p.a.at(p.batch, pair, row, step), p.b.at(p.batch, pair, step, column), sum);
  }
  p.put(pair, row, column, sum);
}

}  // namespace

void naive(const Context& context, const Problem& problem) {
  ebb::cuda::for_storage(problem.a.dtype, [&]<class T>(std::type_identity<T>) {
    const StridedProblem<T> p(problem);
    const std::int64_t blocks = blocks_of(p.pairs * p.m * p.n, kThreads);
    ebb::cuda::launch(context, {"matrix_product", blocks, kThreads}, naive_kernel<T>, p);
  });
}

}  // namespace ebb::kernels::gemm
