// One training step over a divided batch: losses and gradients of all shards, added in a fixed
// order, so that the result has the same bits for any number of threads.
#pragma once

#include "engine/training/lanes.h"

namespace ebb {

/// What a step found.
struct StepResult {
  double loss = 0.0;
  double gradient_norm = 0.0;  // Euclidean norm of all parameter gradients
};

class GradientStep {
 public:
  /// Throws UnsupportedError on a precision that the device lacks.
  GradientStep(const ParameterSet& parameters, Device device, int threads,
               Precision precision = Precision::f32);

  /// Calls loss(pass, range) on every shard for its share of the batch's loss (a recorded scalar;
  /// shares add up), finds the gradients and adds them up. Throws what `loss` throws.
  template <class Loss>
  StepResult run(const ShardPlan& plan, const PassSettings& settings, Loss&& loss) {
    start(plan);
    lanes_.for_each_shard(plan, settings, [&](const Pass& pass, RowRange range) {
      const Tensor share = loss(pass, range);
      losses_[static_cast<std::size_t>(range.begin / plan.rows_per_shard)] = share.item();
      pass.tape->backward(share);
    });
    return finish(plan);
  }

  /// The gradients that run() found, flat, in the layout of ParameterSet::buffer().
  const Tensor& gradients() const { return gradients_; }

  /// Whether run() looks at every operation for NaN and infinities; see Tape::detect_anomalies.
  void detect_anomalies(bool detect);
  /// The first anomaly of the first shard that run() found one in; null if there is none.
  const Anomaly* anomaly();

  Context& team() { return lanes_.team(); }

  /// See Lanes.
  void set_profiling(bool on) { lanes_.set_profiling(on); }
  Profile take_profile() { return lanes_.take_profile(); }

 private:
  void start(const ShardPlan& plan);
  StepResult finish(const ShardPlan& plan);

  Lanes lanes_;
  std::vector<double> losses_;  // by shard
  Tensor gradients_;
};

}  // namespace ebb
