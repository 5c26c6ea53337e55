// Gradient descent on CUDA: one launch for all parameters
// (kernels/common/cuda/optimizer_step.cuh). Bound by memory: 12 bytes per element, 8 more with
// momentum and 8 more with the average.
#include "kernels/common/cuda/denormals.cuh"
#include "kernels/common/cuda/optimizer_step.cuh"
#include "kernels/common/cuda/storage.cuh"
#include "kernels/sgd/sgd_backends.h"

namespace ebb::kernels::cuda {
namespace {

using namespace ebb::cuda;

struct GradientDescent {
  struct Factors {
    float gradient_scale, learning_rate, average_share;
  };

  __device__ Factors factors(const StepScalars& scalars, double gradient_scale) const {
    return {.gradient_scale = static_cast<float>(gradient_scale),
            .learning_rate = static_cast<float>(scalars.learning_rate),
            .average_share = static_cast<float>(1.0 - scalars.average_decay)};
  }

  template <int kCount>
  __device__ void update(const Factors& f, std::int64_t i, float weight_decay) const {
    float gradient_pack[kCount], velocity[kCount], values[kCount], means[kCount];
    load_pack(gradients + i, gradient_pack);
    load_pack(parameters + i, values);
    if (momentum_buffer != nullptr) load_pack(momentum_buffer + i, velocity);
    if (average != nullptr) load_pack(average + i, means);
#pragma unroll
    for (int j = 0; j < kCount; ++j) {
      const float old = flush_denormal(values[j]);
      const float decay = flush_denormal(weight_decay * old);
      const float gradient =
          flush_denormal(fmaf(flush_denormal(gradient_pack[j]), f.gradient_scale, decay));
      float direction = gradient;
      if (momentum_buffer != nullptr) {
        velocity[j] = flush_denormal(fmaf(momentum, flush_denormal(velocity[j]), gradient));
        direction = nesterov ? fmaf(momentum, velocity[j], gradient) : velocity[j];
      }
      values[j] = flush_denormal(fmaf(-f.learning_rate, direction, old));
    }
    if (momentum_buffer != nullptr) store_pack(momentum_buffer + i, velocity);
    store_pack(parameters + i, values);
    if (average == nullptr) return;
    move_average(values, f.average_share, means);
    store_pack(average + i, means);
  }

  float* parameters;
  const float* gradients;
  float* momentum_buffer;  // null without momentum
  float* average;          // may be null
  float momentum;
  bool nesterov;
  StepArguments step;
};

}  // namespace

void sgd(Context& context, const SgdUpdate& p) {
  const GradientDescent optimizer{
      .parameters = p.parameters.as<float>(),
      .gradients = p.gradients.as<float>(),
      .momentum_buffer = p.momentum != 0.0 ? p.momentum_buffer.as<float>() : nullptr,
      .average = p.average.as<float>(),
      .momentum = static_cast<float>(p.momentum),
      .nesterov = p.nesterov,
      .step = {.clipping = DeviceClipping(p.clipping),
               .scalars = sgd_scalars(p),
               .device_scalars = p.device_scalars}};
  const bool aligned = aligned_to(16, optimizer.parameters, optimizer.gradients,
                                  optimizer.momentum_buffer, optimizer.average);
  launch_step(context, "sgd", p.segments, aligned, optimizer);
}

}  // namespace ebb::kernels::cuda
