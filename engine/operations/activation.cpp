#include "engine/operations/activation.h"

#include "engine/operations/allocate.h"
#include "engine/operations/place.h"

namespace ebb {

Tensor activate(const Pass& pass, const Tensor& input, kernels::Activation kind) {
  require_same_device("activate", pass, {{"input", input}});
  Tensor output = empty_like(input);
  const Tensor derivative = pass.records(input) ? empty_like(input) : Tensor();
  kernels::activation(pass.context, {.input = input.view(),
                                     .kind = kind,
                                     .derivative = derivative.view(),
                                     .output = output.view()});
  if (!derivative.defined()) return output;
  output = pass.tape->attach(output);
  pass.tape->record("activate", [input, derivative, output_slot = output.slot()](Tape& tape) {
    const Tensor gradient = tape.take(output_slot);
    if (!gradient.defined()) return;
    const Tensor grad_input = empty_like(input);
    kernels::activation_backward(tape.context(), {.derivative = derivative.view(),
                                                  .grad_output = gradient.view(),
                                                  .grad_input = grad_input.view()});
    tape.add(input.slot(), grad_input);
  });
  return output;
}

}  // namespace ebb
