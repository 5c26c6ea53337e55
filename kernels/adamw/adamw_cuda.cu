// AdamW on CUDA: one launch for all parameters. Bound by memory: 28 bytes per element, 36 with the
// average, beside some 40 f32 instructions and the search of an element's segment.
//
// A thread takes packs of four elements (single ones where a buffer is not aligned to 16 bytes) by
// a stride of the whole grid, which is at most 16 blocks a multiprocessor: what a block does first,
// adding up the norm's partial sums and making the step's factors in f64, is paid for by many
// elements. Elements are independent, so the grid changes no bit.
#include "kernels/adamw/adamw_backends.h"
#include "kernels/common/cuda/clipping.cuh"
#include "kernels/common/cuda/denormals.cuh"
#include "kernels/common/cuda/launch.h"
#include "kernels/common/cuda/segments.cuh"
#include "kernels/common/cuda/storage.cuh"

namespace ebb::kernels::cuda {
namespace {

using namespace ebb::cuda;

constexpr int kThreads = 256;

struct Arguments {
  float* parameters;
  const float* gradients;
  float* first_moment;
  float* second_moment;
  float* average;  // may be null
  float first_share, second_kept, second_share, epsilon;
  DeviceClipping clipping;
  StepScalars scalars;
  const StepScalars* device_scalars;  // instead of `scalars`, unless null
};
static_assert(sizeof(Arguments) + sizeof(SegmentTable) <= 4096);

/// What is constant over the elements of a step.
struct Factors {
  double learning_rate;
  float gradient_scale, step_size, inverse_correction, average_share;
};

/// For all threads of the block.
__device__ void make_factors(const Arguments& a, Factors& factors) {
  __shared__ double scratch[kThreads / kWarpSize];
  const StepScalars* scalars = a.device_scalars != nullptr ? a.device_scalars : &a.scalars;
  const double scale = clipped_scale<kThreads>(a.clipping, scalars->gradient_scale, scratch);
  if (threadIdx.x == 0) {
    factors = {.learning_rate = scalars->learning_rate,
               .gradient_scale = static_cast<float>(scale),
               .step_size = static_cast<float>(scalars->learning_rate / scalars->first_correction),
               .inverse_correction = static_cast<float>(1.0 / sqrt(scalars->second_correction)),
               .average_share = static_cast<float>(1.0 - scalars->average_decay)};
  }
  __syncthreads();
}

/// Elements [i, i + kCount).
template <int kCount>
__device__ inline void update(const Arguments& a, const Factors& f, std::int64_t i,
                              float weight_decay) {
  const auto decay = static_cast<float>(f.learning_rate * static_cast<double>(weight_decay));
  float gradients[kCount], first[kCount], second[kCount], parameters[kCount], average[kCount];
  load_pack(a.gradients + i, gradients);
  load_pack(a.first_moment + i, first);
  load_pack(a.second_moment + i, second);
  load_pack(a.parameters + i, parameters);
  if (a.average != nullptr) load_pack(a.average + i, average);
#pragma unroll
  for (int j = 0; j < kCount; ++j) {
    const float gradient = flush_denormal(flush_denormal(gradients[j]) * f.gradient_scale);
    const float old_first = flush_denormal(first[j]);
    first[j] = flush_denormal(fmaf(a.first_share, gradient - old_first, old_first));
    const float square = flush_denormal(gradient * gradient * a.second_share);
    second[j] = flush_denormal(fmaf(flush_denormal(second[j]), a.second_kept, square));
    const float old = flush_denormal(parameters[j]);
    // Subtracting the decay keeps it exact where 1 - decay would be rounded to f32.
    const float decayed = fmaf(-decay, old, old);
    const float divisor = fmaf(sqrtf(second[j]), f.inverse_correction, a.epsilon);
    parameters[j] = flush_denormal(decayed - f.step_size * first[j] / divisor);
  }
  store_pack(a.first_moment + i, first);
  store_pack(a.second_moment + i, second);
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
    adamw_kernel(const __grid_constant__ Arguments a, const __grid_constant__ SegmentTable table) {
  __shared__ Factors shared;
  make_factors(a, shared);
  const Factors factors = shared;
  for_segment_packs<kPack, kThreads>(table, [&]<int kCount>(std::int64_t i, float weight_decay) {
    update<kCount>(a, factors, i, weight_decay);
  });
}

}  // namespace

void adamw(Context& context, const AdamWUpdate& p) {
  const Arguments arguments{.parameters = p.parameters.as<float>(),
                            .gradients = p.gradients.as<float>(),
                            .first_moment = p.first_moment.as<float>(),
                            .second_moment = p.second_moment.as<float>(),
                            .average = p.average.as<float>(),
                            .first_share = static_cast<float>(1.0 - p.beta1),
                            .second_kept = static_cast<float>(p.beta2),
                            .second_share = static_cast<float>(1.0 - p.beta2),
                            .epsilon = static_cast<float>(p.epsilon),
                            .clipping = DeviceClipping(p.clipping),
                            .scalars = adamw_scalars(p),
                            .device_scalars = p.device_scalars};
  const bool aligned =
      aligned_to(16, arguments.parameters, arguments.gradients, arguments.first_moment,
                 arguments.second_moment, arguments.average);
  const auto kernel = aligned ? adamw_kernel<4> : adamw_kernel<1>;
  for_segment_tables(p.segments, [&](const SegmentTable& table) {
    const unsigned grid = grid_for(context, table.span(), kThreads * (aligned ? 4 : 1), 2);
    launch(context, {"adamw", grid, kThreads}, kernel, arguments, table);
  });
}

}  // namespace ebb::kernels::cuda
