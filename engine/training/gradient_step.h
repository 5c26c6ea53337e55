// One training step over a divided batch: losses and gradients of all shards, added in a fixed
// order, so that the result has the same bits for any number of threads.
#pragma once

#include <memory>
#include <utility>

#include "engine/tensor/staging_buffer.h"
#include "engine/training/lanes.h"
#include "engine/training/step_graphs.h"
#include "kernels/common/clipping.h"
#include "kernels/common/ranges.h"

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
  /// shares add up), finds the gradients and adds them up. Throws what `loss` throws. On CUDA all
  /// of it may still be to be done on return.
  template <class Loss>
  void find(const ShardPlan& plan, const PassSettings& settings, Loss&& loss) {
    start(plan);
    lanes_.for_each_shard(plan, settings, [&](const Pass& pass, RowRange range) {
      const Tensor share = forward(pass, range, loss);
      keep_loss(pass.context, range.begin / plan.rows_per_shard, share);
      const NamedRange named(pass.context.device(), "backward");
      pass.tape->backward(share);
    });
    finish(plan);
  }

  /// Has later run_as_graph() work. Throws UnsupportedError on the CPU, and where operations are
  /// looked at for anomalies, which needs the host.
  void use_graphs();
  bool uses_graphs() const { return graphs_ != nullptr; }

  /// A whole step as a CUDA graph: find(), then update(scalars on the device), as both are when the
  /// first two steps of this plan with the batch at `inputs` come. Later ones repeat on the device
  /// what these did, with the values that `scalars` and the batch have by then: neither function is
  /// called again. Both must read on the device, not from the host, what changes between steps.
  template <class Loss, class Update>
  void run_as_graph(const void* inputs, const ShardPlan& plan, PassSettings settings,
                    StepScalars scalars, Loss&& loss, Update&& update) {
    scalars.dropout_step = settings.step;
    graphs_->run(
        {inputs, plan.rows, plan.rows_per_shard}, scalars, [this] { return scratch(); }, figures_,
        [&](const StepScalars* on_device) {
          settings.device_scalars = on_device;
          find(plan, settings, loss);
          update(on_device);
        });
  }

  /// What find() found. On CUDA it waits for that: ask once per step, after all of the step is
  /// given to the device.
  StepResult result();

  /// find() and result().
  template <class Loss>
  StepResult run(const ShardPlan& plan, const PassSettings& settings, Loss&& loss) {
    find(plan, settings, std::forward<Loss>(loss));
    return result();
  }

  /// For an optimiser that is to limit the gradients' norm to `limit`: it finds the norm where they
  /// are, without the host. Valid until the next find().
  kernels::Clipping clipping(double limit) const;

  /// The gradients that find() found, flat, in the layout of ParameterSet::buffer(); valid until
  /// the next find().
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
  template <class Loss>
  static Tensor forward(const Pass& pass, RowRange range, Loss& loss) {
    const NamedRange named(pass.context.device(), "forward");
    return loss(pass, range);
  }

  std::vector<const void*> scratch();
  void start(const ShardPlan& plan);
  void keep_loss(Context& context, std::int64_t shard, const Tensor& share);
  void finish(const ShardPlan& plan);

  std::unique_ptr<StepGraphs> graphs_;  // before tensors that lie in its pool
  Lanes lanes_;
  Tensor gradients_;
  // f64, what the host will want to know: partial sums of the squares of the gradients, then the
  // losses by shard.
  Tensor figures_;
  std::int64_t parts_ = 0;  // partial sums
  StagingBuffer staging_;
};

}  // namespace ebb
