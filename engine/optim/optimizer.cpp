#include "engine/optim/optimizer.h"

#include <cmath>

#include "engine/operations/allocate.h"
#include "engine/operations/place.h"
#include "kernels/adamw/adamw.h"
#include "kernels/common/ranges.h"
#include "kernels/sgd/sgd.h"

namespace ebb {
namespace {

Tensor zeros_like(const Tensor& tensor) {
  return Tensor::zeros(tensor.shape(), tensor.dtype(), tensor.device());
}

}  // namespace

Optimizer::Optimizer(const ParameterSet& parameters, double weight_decay, double average_decay)
    : parameters_(parameters), average_decay_(average_decay) {
  if (!parameters.buffer().defined()) fail("optimizer: initialize() the parameters first");
  for (const Parameter& parameter : parameters.parameters()) {
    segments_.push_back(
        {.begin = parameter.offset,
         .count = parameter.shape.elements(),
         .weight_decay = static_cast<float>(parameter.weight_decay ? weight_decay : 0.0)});
  }
  if (average_decay_ > 0.0) average_ = zeros_like(parameters.buffer());
}

// Corrected for its start, the average of t steps gives the newest weights the share
// (1 - decay) / (1 - decay^t), which is 1 at the first.
double Optimizer::average_decay_of_step() const {
  if (average_decay_ <= 0.0) return 1.0;
  const double share =
      (1.0 - average_decay_) / (1.0 - std::pow(average_decay_, static_cast<double>(steps_)));
  return 1.0 - share;
}

void Optimizer::require_device(const Context& context, const Tensor& gradients) const {
  require_same_device(
      "optimizer", context,
      {{"the tensor of parameters", parameters_.buffer()}, {"the tensor of gradients", gradients}});
}

void Optimizer::step(Context& context, const Tensor& gradients, const UpdateOptions& options) {
  require_device(context, gradients);
  ++steps_;
  apply(context, gradients, options);
}

StepScalars Optimizer::begin_step(double learning_rate, double gradient_scale) {
  ++steps_;
  StepScalars scalars{.learning_rate = learning_rate,
                      .gradient_scale = gradient_scale,
                      .average_decay = average_decay_of_step()};
  add_scalars(scalars);
  return scalars;
}

void Optimizer::apply(Context& context, const Tensor& gradients, const UpdateOptions& options) {
  require_device(context, gradients);
  const NamedRange range(context.device(), "optimiser");
  update(context, {gradients, options, average_decay_of_step()});
}

std::map<std::string, Tensor> Optimizer::state() const {
  std::map<std::string, Tensor> state;
  if (average_.defined()) state.emplace("average", average_);
  add_state(state);
  return state;
}

AdamW::AdamW(const ParameterSet& parameters, const AdamWOptions& options)
    : Optimizer(parameters, options.weight_decay, options.average_decay),
      options_(options),
      first_moment_(zeros_like(parameters.buffer())),
      second_moment_(zeros_like(parameters.buffer())) {}

void AdamW::update(Context& context, const Update& update) {
  kernels::adamw(context, {.parameters = parameters().buffer().view(),
                           .gradients = update.gradients.view(),
                           .first_moment = first_moment_.view(),
                           .second_moment = second_moment_.view(),
                           .average = average_view(),
                           .average_decay = update.average_decay,
                           .segments = segments(),
                           .learning_rate = update.options.learning_rate,
                           .beta1 = options_.beta1,
                           .beta2 = options_.beta2,
                           .epsilon = options_.epsilon,
                           .step = steps(),
                           .gradient_scale = update.options.gradient_scale,
                           .clipping = update.options.clipping,
                           .device_scalars = update.options.device_scalars});
}

void AdamW::add_scalars(StepScalars& scalars) const {
  const StepScalars own =
      kernels::adamw_scalars({.beta1 = options_.beta1, .beta2 = options_.beta2, .step = steps()});
  scalars.first_correction = own.first_correction;
  scalars.second_correction = own.second_correction;
}

void AdamW::add_state(std::map<std::string, Tensor>& state) const {
  state.emplace("first_moment", first_moment_);
  state.emplace("second_moment", second_moment_);
}

Sgd::Sgd(const ParameterSet& parameters, const SgdOptions& options)
    : Optimizer(parameters, options.weight_decay, options.average_decay), options_(options) {
  if (options.momentum > 0.0) momentum_ = zeros_like(parameters.buffer());
}

void Sgd::update(Context& context, const Update& update) {
  kernels::sgd(context, {.parameters = parameters().buffer().view(),
                         .gradients = update.gradients.view(),
                         .momentum_buffer = momentum_.view(),
                         .average = average_view(),
                         .average_decay = update.average_decay,
                         .segments = segments(),
                         .learning_rate = update.options.learning_rate,
                         .momentum = options_.momentum,
                         .nesterov = options_.nesterov,
                         .gradient_scale = update.options.gradient_scale,
                         .clipping = update.options.clipping,
                         .device_scalars = update.options.device_scalars});
}

void Sgd::add_state(std::map<std::string, Tensor>& state) const {
  if (momentum_.defined()) state.emplace("momentum", momentum_);
}

}  // namespace ebb
