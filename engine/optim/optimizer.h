// Optimisers: one pass over all parameters per step.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "engine/autograd/parameters.h"
#include "kernels/common/clipping.h"
#include "kernels/common/context.h"
#include "kernels/common/segment.h"
#include "kernels/common/step_scalars.h"

namespace ebb {

/// What changes from step to step.
struct UpdateOptions {
  double learning_rate = 1e-3;
  double gradient_scale = 1.0;  // see clipping_scale
  kernels::Clipping clipping;   // of the gradients where they lie; see GradientStep::clipping
  // In the device's memory; where given, kernels read it in place of the two numbers.
  const StepScalars* device_scalars = nullptr;
};

/// Changes the values of a ParameterSet by its gradients, and keeps a moving average of them.
class Optimizer {
 public:
  /// `weight_decay` applies to parameters that allow it. `average_decay` in [0, 1): of the moving
  /// average of the weights, corrected for its start; 0 keeps none. `parameters` must be
  /// initialised and outlive the optimiser.
  Optimizer(const ParameterSet& parameters, double weight_decay, double average_decay);
  Optimizer(const Optimizer&) = delete;
  Optimizer& operator=(const Optimizer&) = delete;
  virtual ~Optimizer() = default;

  /// One step. `gradients`: flat, in the layout of ParameterSet::buffer().
  void step(Context& context, const Tensor& gradients, const UpdateOptions& options);

  // step() in two parts, for a device that is told the second one once and does it in every step.

  /// Counts a step; gives the numbers that its update needs.
  StepScalars begin_step(double learning_rate, double gradient_scale = 1.0);
  /// The update of the step begun.
  void apply(Context& context, const Tensor& gradients, const UpdateOptions& options);

  std::int64_t steps() const { return steps_; }
  /// The moving average of the weights, flat; the weights themselves when none is kept.
  const Tensor& average() const { return average_.defined() ? average_ : parameters_.buffer(); }

  /// All that step() changes besides the parameters, flat, by name: to be saved, or to be filled
  /// before restore().
  std::map<std::string, Tensor> state() const;
  /// Says that the tensors of state() were filled with those after `steps` steps.
  void restore(std::int64_t steps) { steps_ = steps; }

 protected:
  /// What every kernel needs of a step; average_decay is that of this step.
  struct Update {
    const Tensor& gradients;
    UpdateOptions options;
    double average_decay;
  };
  virtual void update(Context& context, const Update& update) = 0;
  /// Sets what only this optimiser's kernel reads.
  virtual void add_scalars(StepScalars& scalars) const = 0;
  virtual void add_state(std::map<std::string, Tensor>& state) const = 0;

  const ParameterSet& parameters() const { return parameters_; }
  std::span<const kernels::Segment> segments() const { return segments_; }
  View average_view() const { return average_.view(); }

 private:
  double average_decay_of_step() const;
  void require_device(const Context& context, const Tensor& gradients) const;

  const ParameterSet& parameters_;
  std::vector<kernels::Segment> segments_;
  double average_decay_;
  Tensor average_;
  std::int64_t steps_ = 0;
};

struct AdamWOptions {
  double weight_decay = 0.01;
  double average_decay = 0.0;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
};

/// See kernels/adamw/adamw.h for the formula.
class AdamW : public Optimizer {
 public:
  AdamW(const ParameterSet& parameters, const AdamWOptions& options);

 private:
  void update(Context& context, const Update& update) override;
  void add_scalars(StepScalars& scalars) const override;
  void add_state(std::map<std::string, Tensor>& state) const override;

  AdamWOptions options_;
  Tensor first_moment_;
  Tensor second_moment_;
};

struct SgdOptions {
  double weight_decay = 0.0;
  double average_decay = 0.0;
  double momentum = 0.0;
  bool nesterov = false;
};

/// See kernels/sgd/sgd.h for the formula.
class Sgd : public Optimizer {
 public:
  Sgd(const ParameterSet& parameters, const SgdOptions& options);

 private:
  void update(Context& context, const Update& update) override;
  void add_scalars(StepScalars&) const override {}
  void add_state(std::map<std::string, Tensor>& state) const override;

  SgdOptions options_;
  Tensor momentum_;
};

}  // namespace ebb
