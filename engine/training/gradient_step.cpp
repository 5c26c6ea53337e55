#include "engine/training/gradient_step.h"

#include <array>
#include <cmath>

#include "engine/operations/allocate.h"
#include "kernels/elementwise/elementwise.h"
#include "kernels/gradient_norm/gradient_norm.h"
#include "kernels/reduce/reduce.h"

namespace ebb {

GradientStep::GradientStep(const ParameterSet& parameters, Device device, int threads,
                           Precision precision)
    : lanes_(device, threads, &parameters, precision),
      gradients_(empty_like(parameters.buffer())),
      parts_(kernels::gradient_norm_parts(parameters.buffer().elements())),
      staging_(device) {}

void GradientStep::use_graphs() { graphs_ = std::make_unique<StepGraphs>(lanes_.device()); }

// Where the scratch memory of all that a step runs lies now.
std::vector<const void*> GradientStep::scratch() {
  std::vector<const void*> places{team().workspace().acquire(0)};
  for (std::int64_t lane = 0; lane < lanes_.count(); ++lane) {
    places.push_back(lanes_.tape(lane).context().workspace().acquire(0));
  }
  return places;
}

void GradientStep::detect_anomalies(bool detect) {
  if (detect && uses_graphs()) {
    fail<UnsupportedError>("anomalies are looked for by the host, which a CUDA graph does without");
  }
  for (std::int64_t lane = 0; lane < lanes_.count(); ++lane) {
    lanes_.tape(lane).detect_anomalies(detect);
  }
}

// Lanes take runs of neighbouring shards, each in order, whatever thread they run on.
const Anomaly* GradientStep::anomaly() {
  for (std::int64_t lane = 0; lane < lanes_.count(); ++lane) {
    if (const Anomaly* found = lanes_.tape(lane).anomaly()) return found;
  }
  return nullptr;
}

void GradientStep::start(const ShardPlan& plan) {
  // Also what a step that threw left behind is forgotten here.
  for (std::int64_t lane = 0; lane < lanes_.count(); ++lane) lanes_.tape(lane).clear();
  const std::int64_t figures = parts_ + plan.shards();
  if (!figures_.defined() || figures_.elements() != figures) {
    figures_ = Tensor::empty({figures}, DType::f64, lanes_.device());
  }
}

void GradientStep::keep_loss(Context& context, std::int64_t shard, const Tensor& share) {
  if (share.elements() != 1)
    fail("GradientStep: loss is {}, expected a scalar", to_string(share.shape()));
  kernels::cast(context, {.input = share.reshape({1}).view(),
                          .output = figures_.slice(0, parts_ + shard, 1).view()});
}

void GradientStep::finish(const ShardPlan& plan) {
  if (lanes_.count() == 1) {
    gradients_ = lanes_.tape(0).gradients();
  } else {
    std::array<ConstView, Lanes::kMost> found;
    for (std::int64_t lane = 0; lane < plan.lanes; ++lane) {
      found[static_cast<std::size_t>(lane)] = lanes_.tape(lane).gradients().view();
    }
    const std::span<const ConstView> inputs(found.data(), static_cast<std::size_t>(plan.lanes));
    kernels::sum_buffers(lanes_.team(), {.inputs = inputs, .output = gradients_.view()});
  }
  kernels::gradient_norm(lanes_.team(), {.gradient = gradients_.view(),
                                         .squares = figures_.slice(0, 0, parts_).view()});
}

StepResult GradientStep::result() {
  staging_.download(figures_);
  const auto* figures = reinterpret_cast<const double*>(staging_.downloaded());
  StepResult result;
  double squares = 0.0;
  for (std::int64_t i = 0; i < parts_; ++i) squares += figures[i];
  for (std::int64_t i = parts_; i < figures_.elements(); ++i) result.loss += figures[i];
  result.gradient_norm = std::sqrt(squares);
  return result;
}

kernels::Clipping GradientStep::clipping(double limit) const {
  return {.squares = figures_.slice(0, 0, parts_).view(), .limit = limit};
}

}  // namespace ebb
