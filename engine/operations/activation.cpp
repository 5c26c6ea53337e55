#include "engine/operations/activation.h"

#include "engine/operations/allocate.h"

namespace ebb {

Tensor activate(const Pass& pass, const Tensor& input, kernels::Activation kind) {
  Tensor output = empty_like(input);
  kernels::activation(pass.context, {.input = input.view(), .kind = kind, .output = output.view()});
  if (!pass.records(input)) return output;
  output = pass.tape->attach(output);
  pass.tape->record("activate", [input, kind, output_slot = output.slot()](Tape& tape) {
    const Tensor gradient = tape.take(output_slot);
    if (!gradient.defined()) return;
    const Tensor grad_input = empty_like(input);
    kernels::activation_backward(tape.context(), {.pre_activation = input.view(),
                                                  .grad_output = gradient.view(),
                                                  .kind = kind,
                                                  .grad_input = grad_input.view()});
    tape.add(input.slot(), grad_input);
  });
  return output;
}

}  // namespace ebb
