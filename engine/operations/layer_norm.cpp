#include "engine/operations/layer_norm.h"

#include "engine/operations/allocate.h"
#include "engine/operations/place.h"
#include "kernels/layer_norm/layer_norm.h"

namespace ebb {
namespace {

// What both forms keep for their backward direction.
struct SavedLayerNorm {
  Tensor sum;
  Tensor gamma;
  Tensor beta;
  Tensor mean;
  Tensor inverse_deviation;
  DropoutSpec dropout;
};

Tensor empty_rows(const Tensor& tensor) {
  const std::int64_t columns = tensor.extent(-1);
  return Tensor::empty({columns == 0 ? 0 : tensor.elements() / columns},
                       accumulation_dtype(tensor.dtype()), tensor.device());
}

// Runs the backward kernel; grad_sum may be undefined. Gives the gradient of the sum to `residual`
// and, through dropout, to `input`.
void backward(Tape& tape, const SavedLayerNorm& saved, const Tensor& grad_output,
              const Tensor& grad_sum, GradientSlot residual, GradientSlot input) {
  const Tensor grad_residual = empty_like(saved.sum);
  const Tensor grad_input = saved.dropout.active() ? empty_like(saved.sum) : Tensor();
  const auto parameter_target = [&](const Tensor& parameter) {
    if (parameter.slot())
      return tape.target(parameter.slot(), parameter.shape(), parameter.dtype());
    return Tape::Target{empty_like(parameter), false};
  };
  const Tape::Target grad_gamma = parameter_target(saved.gamma);
  const Tape::Target grad_beta = parameter_target(saved.beta);
  kernels::layer_norm_backward(tape.context(), {.sum = saved.sum.view(),
                                                .gamma = saved.gamma.view(),
                                                .mean = saved.mean.view(),
                                                .inverse_deviation = saved.inverse_deviation.view(),
                                                .grad_output = grad_output.view(),
                                                .grad_sum = grad_sum.view(),
                                                .dropout = saved.dropout,
                                                .grad_residual = grad_residual.view(),
                                                .grad_input = grad_input.view(),
                                                .grad_gamma = grad_gamma.tensor.view(),
                                                .grad_beta = grad_beta.tensor.view(),
                                                .accumulate_gamma = grad_gamma.accumulate,
                                                .accumulate_beta = grad_beta.accumulate});
  tape.add(residual, grad_residual);
  tape.add(input, saved.dropout.active() ? grad_input : grad_residual);
}

}  // namespace

Tensor layer_norm(const Pass& pass, const Tensor& input, const Tensor& gamma, const Tensor& beta,
                  double epsilon) {
  require_same_device("layer_norm", pass, {{"input", input}, {"gamma", gamma}, {"beta", beta}});
  if (input.rank() == 0) fail("layer_norm: input is a scalar, expected [..., columns]");
  Tensor output = empty_like(input);
  const bool records = pass.records(input, gamma, beta);
  SavedLayerNorm saved{.sum = input, .gamma = gamma, .beta = beta};
  if (records) {
    saved.mean = empty_rows(input);
    saved.inverse_deviation = empty_rows(input);
  }
  kernels::layer_norm(pass.context, {.input = input.view(),
                                     .gamma = gamma.view(),
                                     .beta = beta.view(),
                                     .epsilon = epsilon,
                                     .output = output.view(),
                                     .mean = saved.mean.view(),
                                     .inverse_deviation = saved.inverse_deviation.view()});
  if (!records) return output;
  output = pass.tape->attach(output);
  pass.tape->record("layer_norm", [saved, output_slot = output.slot()](Tape& tape) {
    const Tensor gradient = tape.take(output_slot);
    if (gradient.defined()) backward(tape, saved, gradient, {}, {}, saved.sum.slot());
  });
  return output;
}

ResidualNorm add_layer_norm(const Pass& pass, const Tensor& residual, const Tensor& input,
                            const Tensor& gamma, const Tensor& beta, const DropoutSpec& dropout,
                            double epsilon) {
  require_same_device("add_layer_norm", pass,
                      {{"residual", residual}, {"input", input}, {"gamma", gamma}, {"beta", beta}});
  if (input.rank() == 0) fail("layer_norm: input is a scalar, expected [..., columns]");
  ResidualNorm result{empty_like(input), empty_like(input)};
  const bool records = pass.records(residual, input, gamma, beta);
  SavedLayerNorm saved{.sum = result.sum, .gamma = gamma, .beta = beta, .dropout = dropout};
  if (records) {
    saved.mean = empty_rows(input);
    saved.inverse_deviation = empty_rows(input);
  }
  kernels::layer_norm(pass.context, {.input = input.view(),
                                     .residual = residual.view(),
                                     .dropout = dropout,
                                     .gamma = gamma.view(),
                                     .beta = beta.view(),
                                     .epsilon = epsilon,
                                     .sum = result.sum.view(),
                                     .output = result.output.view(),
                                     .mean = saved.mean.view(),
                                     .inverse_deviation = saved.inverse_deviation.view()});
  if (!records) return result;
  result.sum = pass.tape->attach(result.sum);
  result.output = pass.tape->attach(result.output);
  pass.tape->record("add_layer_norm", [saved, residual = residual.slot(), input = input.slot(),
                                       sum_slot = result.sum.slot(),
                                       output_slot = result.output.slot()](Tape& tape) {
    const Tensor grad_sum = tape.take(sum_slot);
    Tensor grad_output = tape.take(output_slot);
    if (!grad_output.defined() && !grad_sum.defined()) return;
    // Nothing read the normalised form: its gradient is zero.
    if (!grad_output.defined()) {
      grad_output = Tensor::zeros(grad_sum.shape(), grad_sum.dtype(), grad_sum.device());
    }
    backward(tape, saved, grad_output, grad_sum, residual, input);
  });
  return result;
}

}  // namespace ebb
