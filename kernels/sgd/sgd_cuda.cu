// Gradient descent on CUDA, as kernels/adamw/adamw_cuda.cu: one launch for all parameters. Bound by
// memory: 12 bytes per element, 8 more with momentum and 8 more with the average.
#include "kernels/common/cuda/clipping.cuh"
#include "kernels/common/cuda/denormals.cuh"
#include "kernels/common/cuda/launch.h"
#include "kernels/common/cuda/segments.cuh"
#include "kernels/common/cuda/storage.cuh"
#include "kernels/sgd/sgd_backends.h"

namespace ebb::kernels::cuda {
namespace {

using namespace ebb::cuda;

constexpr int kThreads = 256;

struct Arguments {
  float* parameters;
  const float* gradients;
  float* momentum_buffer;  // null without momentum
  float* average;          // may be null
  float momentum;
  bool nesterov;
  DeviceClipping clipping;
  StepScalars scalars;
  const StepScalars* device_scalars;  // instead of `scalars`, unless null
};
static_assert(sizeof(Arguments) + sizeof(SegmentTable) <= 4096);

/// What is constant over the elements of a step.
struct Factors {
  float gradient_scale, learning_rate, average_share;
};

/// For all threads of the block.
__device__ void make_factors(const Arguments& a, Factors& factors) {
  __shared__ double scratch[kThreads / kWarpSize];
  const StepScalars* scalars = a.device_scalars != nullptr ? a.device_scalars : &a.scalars;
  const double scale = clipped_scale<kThreads>(a.clipping, scalars->gradient_scale, scratch);
  if (threadIdx.x == 0) {
    factors = {.gradient_scale = static_cast<float>(scale),
               .learning_rate = static_cast<float>(scalars->learning_rate),
               .average_share = static_cast<float>(1.0 - scalars->average_decay)};
  }
  __syncthreads();
}

/// Elements [i, i + kCount).
template <int kCount>
__device__ inline void update(const Arguments& a, const Factors& f, std::int64_t i,
                              float weight_decay) {
  float gradients[kCount], velocity[kCount], parameters[kCount], average[kCount];
  load_pack(a.gradients + i, gradients);
  load_pack(a.parameters + i, parameters);
  if (a.momentum_buffer != nullptr) load_pack(a.momentum_buffer + i, velocity);
  if (a.average != nullptr) load_pack(a.average + i, average);
#pragma unroll
  for (int j = 0; j < kCount; ++j) {
    const float old = flush_denormal(parameters[j]);
    const float decay = flush_denormal(weight_decay * old);
    const float gradient =
        flush_denormal(fmaf(flush_denormal(gradients[j]), f.gradient_scale, decay));
    float direction = gradient;
    if (a.momentum_buffer != nullptr) {
      velocity[j] = flush_denormal(fmaf(a.momentum, flush_denormal(velocity[j]), gradient));
      direction = a.nesterov ? fmaf(a.momentum, velocity[j], gradient) : velocity[j];
    }
    parameters[j] = flush_denormal(fmaf(-f.learning_rate, direction, old));
  }
  if (a.momentum_buffer != nullptr) store_pack(a.momentum_buffer + i, velocity);
  store_pack(a.parameters + i, parameters);
  if (a.average == nullptr) return;
#pragma unroll
  for (int j = 0; j < kCount; ++j) {
    const float mean = flush_denormal(average[j]);
    average[j] = flush_denormal(fmaf(f.average_share, parameters[j] - mean, mean));
  }
  store_pack(a.average + i, average);
}

template <int kPack>
__global__ void __launch_bounds__(kThreads)
    sgd_kernel(const __grid_constant__ Arguments a, const __grid_constant__ SegmentTable table) {
  __shared__ Factors shared;
  make_factors(a, shared);
  const Factors factors = shared;
  for_segment_packs<kPack, kThreads>(table, [&]<int kCount>(std::int64_t i, float weight_decay) {
    update<kCount>(a, factors, i, weight_decay);
  });
}

}  // namespace

void sgd(Context& context, const SgdUpdate& p) {
  const Arguments arguments{
      .parameters = p.parameters.as<float>(),
      .gradients = p.gradients.as<float>(),
      .momentum_buffer = p.momentum != 0.0 ? p.momentum_buffer.as<float>() : nullptr,
      .average = p.average.as<float>(),
      .momentum = static_cast<float>(p.momentum),
      .nesterov = p.nesterov,
      .clipping = DeviceClipping(p.clipping),
      .scalars = sgd_scalars(p),
      .device_scalars = p.device_scalars};
  const bool aligned = aligned_to(16, arguments.parameters, arguments.gradients,
                                  arguments.momentum_buffer, arguments.average);
  const auto kernel = aligned ? sgd_kernel<4> : sgd_kernel<1>;
  for_segment_tables(p.segments, [&](const SegmentTable& table) {
    const unsigned grid = grid_for(context, table.span(), kThreads * (aligned ? 4 : 1), 2);
    launch(context, {"sgd", grid, kThreads}, kernel, arguments, table);
  });
}

}  // namespace ebb::kernels::cuda
