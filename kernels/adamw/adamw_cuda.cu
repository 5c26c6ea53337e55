// AdamW on CUDA: one launch for all parameters (kernels/common/cuda/optimizer_step.cuh). Bound by
// memory: 28 bytes per element, 36 with the average, beside some 40 f32 instructions and the search
// of an element's segment.
#include "kernels/adamw/adamw_backends.h"
#include "kernels/common/cuda/denormals.cuh"
#include "kernels/common/cuda/optimizer_step.cuh"
#include "kernels/common/cuda/storage.cuh"

namespace ebb::kernels::cuda {
namespace {

using namespace ebb::cuda;

struct AdamW {
  struct Factors {
    double learning_rate;
    float gradient_scale, step_size, inverse_correction, average_share;
  };

  __device__ Factors factors(const StepScalars& scalars, double gradient_scale) const {
    return {.learning_rate = scalars.learning_rate,
            .gradient_scale = static_cast<float>(gradient_scale),
            .step_size = static_cast<float>(scalars.learning_rate / scalars.first_correction),
            .inverse_correction = static_cast<float>(1.0 / sqrt(scalars.second_correction)),
            .average_share = static_cast<float>(1.0 - scalars.average_decay)};
  }

  template <int kCount>
  __device__ void update(const Factors& f, std::int64_t i, float weight_decay) const {
    const auto decay = static_cast<float>(f.learning_rate * static_cast<double>(weight_decay));
    float gradient_pack[kCount], first[kCount], second[kCount], values[kCount], means[kCount];
    load_pack(gradients + i, gradient_pack);
    load_pack(first_moment + i, first);
    load_pack(second_moment + i, second);
    load_pack(parameters + i, values);
    if (average != nullptr) load_pack(average + i, means);
#pragma unroll
    for (int j = 0; j < kCount; ++j) {
      const float gradient = flush_denormal(flush_denormal(gradient_pack[j]) * f.gradient_scale);
      const float old_first = flush_denormal(first[j]);
      first[j] = flush_denormal(fmaf(first_share, gradient - old_first, old_first));
      const float square = flush_denormal(gradient * gradient * second_share);
      second[j] = flush_denormal(fmaf(flush_denormal(second[j]), second_kept, square));
      const float old = flush_denormal(values[j]);
      // Subtracting the decay keeps it exact where 1 - decay would be rounded to f32.
      const float decayed = fmaf(-decay, old, old);
      const float divisor = fmaf(sqrtf(second[j]), f.inverse_correction, epsilon);
      values[j] = flush_denormal(decayed - f.step_size * first[j] / divisor);
    }
    store_pack(first_moment + i, first);
    store_pack(second_moment + i, second);
    store_pack(parameters + i, values);
    if (average == nullptr) return;
    move_average(values, f.average_share, means);
    store_pack(average + i, means);
  }

  float* parameters;
  const float* gradients;
  float* first_moment;
  float* second_moment;
  float* average;  // may be null
  float first_share, second_kept, second_share, epsilon;
  StepArguments step;
};

}  // namespace

void adamw(Context& context, const AdamWUpdate& p) {
  const AdamW optimizer{.parameters = p.parameters.as<float>(),
                        .gradients = p.gradients.as<float>(),
                        .first_moment = p.first_moment.as<float>(),
                        .second_moment = p.second_moment.as<float>(),
                        .average = p.average.as<float>(),
                        .first_share = static_cast<float>(1.0 - p.beta1),
                        .second_kept = static_cast<float>(p.beta2),
                        .second_share = static_cast<float>(1.0 - p.beta2),
                        .epsilon = static_cast<float>(p.epsilon),
                        .step = {.clipping = DeviceClipping(p.clipping),
                                 .scalars = adamw_scalars(p),
                                 .device_scalars = p.device_scalars}};
  const bool aligned =
      aligned_to(16, optimizer.parameters, optimizer.gradients, optimizer.first_moment,
                 optimizer.second_moment, optimizer.average);
  launch_step(context, "adamw", p.segments, aligned, optimizer);
}

}  // namespace ebb::kernels::cuda
