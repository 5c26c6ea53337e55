#include "engine/training/gradient_step.h"

#include <array>
#include <cmath>

#include "engine/operations/allocate.h"
#include "kernels/reduce/reduce.h"

namespace ebb {

GradientStep::GradientStep(const ParameterSet& parameters, Device device, int threads,
                           Precision precision)
    : lanes_(device, threads, &parameters, precision),
      gradients_(empty_like(parameters.buffer())) {}

void GradientStep::detect_anomalies(bool detect) {
  for (std::int64_t lane = 0; lane < Lanes::kMost; ++lane) {
    lanes_.tape(lane).detect_anomalies(detect);
  }
}

// Lanes take runs of neighbouring shards, each in order, whatever thread they run on.
const Anomaly* GradientStep::anomaly() {
  for (std::int64_t lane = 0; lane < Lanes::kMost; ++lane) {
    if (const Anomaly* found = lanes_.tape(lane).anomaly()) return found;
  }
  return nullptr;
}

void GradientStep::start(const ShardPlan& plan) {
  // Also what a step that threw left behind is forgotten here.
  for (std::int64_t lane = 0; lane < Lanes::kMost; ++lane) lanes_.tape(lane).clear();
  losses_.assign(static_cast<std::size_t>(plan.shards()), 0.0);
}

StepResult GradientStep::finish(const ShardPlan& plan) {
  StepResult result;
  for (const double loss : losses_) result.loss += loss;
  std::array<ConstView, Lanes::kMost> found;
  for (std::int64_t lane = 0; lane < plan.lanes; ++lane) {
    found[static_cast<std::size_t>(lane)] = lanes_.tape(lane).gradients().view();
  }
  const std::span<const ConstView> inputs(found.data(), static_cast<std::size_t>(plan.lanes));
  kernels::sum_buffers(lanes_.team(), {.inputs = inputs, .output = gradients_.view()});
  result.gradient_norm = std::sqrt(kernels::sum_of_squares(lanes_.team(), gradients_.view()));
  return result;
}

}  // namespace ebb
