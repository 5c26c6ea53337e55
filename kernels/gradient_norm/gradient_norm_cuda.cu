// The gradient's norm on CUDA. A block makes one partial sum: of 1024 elements where that gives at
// most 1024 of them, else of as many thousands as it takes. A thread takes four neighbours of every
// 1024, in four sums.
//
// Per element 4 bytes moved and two f64 instructions (a conversion, a multiply-add), which stay
// below memory also where f64 runs at 1/64 of the rate. Memory that is not aligned to 16 bytes is
// read element by element, with the same sums.
#include "kernels/common/cuda/clipping.cuh"
#include "kernels/common/cuda/launch.h"
#include "kernels/common/cuda/storage.cuh"
#include "kernels/gradient_norm/gradient_norm_backends.h"

namespace ebb::kernels::cuda {
namespace {

using namespace ebb::cuda;

constexpr int kThreads = 256;
constexpr int kPack = kPackOf<float>;

template <bool kAligned>
__global__ void __launch_bounds__(kThreads)
    gradient_norm_kernel(const float* gradient, double* squares, std::int64_t n,
                         std::int64_t part_size) {
  __shared__ double scratch[kThreads / kWarpSize];
  const std::int64_t begin = blockIdx.x * part_size;
  const std::int64_t end = min(n, begin + part_size);
  double sums[kPack] = {};
#pragma unroll 4
  for (std::int64_t i = begin + threadIdx.x * kPack; i < end; i += kThreads * kPack) {
    float values[kPack];
    if (kAligned && i + kPack <= end) {
      load_pack(gradient + i, values);
    } else {
#pragma unroll
      for (int j = 0; j < kPack; ++j) values[j] = i + j < end ? gradient[i + j] : 0.0F;
    }
#pragma unroll
    for (int j = 0; j < kPack; ++j) {
      const auto value = static_cast<double>(values[j]);
      sums[j] = fma(value, value, sums[j]);
    }
  }
  const double sum = (sums[0] + sums[1]) + (sums[2] + sums[3]);
  const double total = sum_over_block<kThreads>(sum, scratch);
  if (threadIdx.x == 0) squares[blockIdx.x] = total;
}

}  // namespace

void gradient_norm(Context& context, const GradientNorm& p) {
  const std::int64_t n = p.gradient.elements();
  const auto* gradient = p.gradient.as<float>();
  const auto kernel =
      aligned_to(16, gradient) ? gradient_norm_kernel<true> : gradient_norm_kernel<false>;
  launch(context, {"gradient_norm", p.squares.elements(), kThreads}, kernel, gradient,
         p.squares.as<double>(), n, gradient_norm_part_size(n));
}

}  // namespace ebb::kernels::cuda
