#include "engine/operations/softmax.h"

#include "engine/operations/allocate.h"
#include "engine/operations/place.h"
#include "kernels/softmax/softmax.h"

namespace ebb {

Tensor softmax(const Pass& pass, const Tensor& input) {
  require_same_device("softmax", pass, {{"input", input}});
  Tensor output = empty_like(input);
  kernels::softmax(pass.context, {.input = input.view(), .output = output.view()});
  if (!pass.records(input)) return output;
  output = pass.tape->attach(output);
  pass.tape->record("softmax", [output, input_slot = input.slot()](Tape& tape) {
    const Tensor gradient = tape.take(output.slot());
    if (!gradient.defined()) return;
    const Tensor grad_input = empty_like(output);
    kernels::softmax_backward(
        tape.context(),
        {.output = output.view(), .grad_output = gradient.view(), .grad_input = grad_input.view()});
    tape.add(input_slot, grad_input);
  });
  return output;
}

}  // namespace ebb
