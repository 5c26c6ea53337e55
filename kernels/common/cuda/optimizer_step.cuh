// One launch of an optimiser for all parameters.
//
// A thread takes packs of four elements (single ones where a buffer is not aligned to 16 bytes) by
// a stride of the whole grid, which is at most 16 blocks a multiprocessor: what a block does first,
// adding up the norm's partial sums and making the step's factors in f64, is paid for by many
// elements. Elements are independent, so the grid changes no bit.
#pragma once

#include <span>

#include "kernels/common/cuda/clipping.cuh"
#include "kernels/common/cuda/denormals.cuh"
#include "kernels/common/cuda/launch.h"
#include "kernels/common/cuda/segments.cuh"
#include "kernels/common/step_scalars.h"

namespace ebb::cuda {

inline constexpr int kStepThreads = 256;

/// What every optimiser needs of a step beside its buffers.
struct StepArguments {
  DeviceClipping clipping;
  StepScalars scalars;
  const StepScalars* device_scalars;  // instead of `scalars`, unless null
};

/// The moving average of the parameters, brought on to `values`.
template <int kCount>
__device__ inline void move_average(const float (&values)[kCount], float share,
                                    float (&average)[kCount]) {
#pragma unroll
  for (int j = 0; j < kCount; ++j) {
    const float mean = flush_denormal(average[j]);
    average[j] = flush_denormal(fmaf(share, values[j] - mean, mean));
  }
}

/// Optimizer: holds the buffers and `StepArguments step`, and provides
///   Factors                                    what is constant over the elements of a step;
///   factors(scalars, gradient_scale)           these, of the clipped scale;
///   update<kCount>(factors, i, weight_decay)   elements [i, i + kCount).
template <int kPack, class Optimizer>
__global__ void __launch_bounds__(kStepThreads)
    step_kernel(const __grid_constant__ Optimizer optimizer,
                const __grid_constant__ SegmentTable table) {
  __shared__ double scratch[kStepThreads / kWarpSize];
  __shared__ typename Optimizer::Factors shared;
  const StepArguments& step = optimizer.step;
  const StepScalars* scalars = step.device_scalars != nullptr ? step.device_scalars : &step.scalars;
  const double scale = clipped_scale<kStepThreads>(step.clipping, scalars->gradient_scale, scratch);
  if (threadIdx.x == 0) shared = optimizer.factors(*scalars, scale);
  __syncthreads();
  const typename Optimizer::Factors factors = shared;
  for_segment_packs<kPack, kStepThreads>(
      table, [&]<int kCount>(std::int64_t i, float weight_decay) {
        optimizer.template update<kCount>(factors, i, weight_decay);
      });
}

/// `aligned`: all buffers begin at multiples of 16 bytes.
template <class Optimizer>
void launch_step(const Context& context, const char* name,
                 std::span<const kernels::Segment> segments, bool aligned,
                 const Optimizer& optimizer) {
  static_assert(sizeof(Optimizer) + sizeof(SegmentTable) <= 4096);
  const auto kernel = aligned ? step_kernel<4, Optimizer> : step_kernel<1, Optimizer>;
  for_segment_tables(segments, [&](const SegmentTable& table) {
    const unsigned grid = grid_for(context, table.span(), kStepThreads * (aligned ? 4 : 1), 2);
    launch(context, {name, grid, kStepThreads}, kernel, optimizer, table);
  });
}

}  // namespace ebb::cuda
