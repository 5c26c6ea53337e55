#include "engine/operations/unary.h"

#include "engine/operations/allocate.h"
#include "engine/operations/place.h"
#include "kernels/unary/unary.h"

namespace ebb {
namespace {

using kernels::UnaryFunction;

Tensor apply(const Pass& pass, const Tensor& input, UnaryFunction function, const char* name) {
  require_same_device(name, pass, {{"input", input}});
  Tensor output = empty_like(input);
  kernels::unary(pass.context,
                 {.function = function, .input = input.view(), .output = output.view()});
  if (!pass.records(input)) return output;
  output = pass.tape->attach(output);
  pass.tape->record(name, [function, input, output](Tape& tape) {
    const Tensor gradient = tape.take(output.slot());
    if (!gradient.defined()) return;
    const Tensor grad_input = empty_like(input);
    kernels::unary_backward(tape.context(), {.function = function,
                                             .input = input.view(),
                                             .output = output.view(),
                                             .grad_output = gradient.view(),
                                             .grad_input = grad_input.view()});
    tape.add(input.slot(), grad_input);
  });
  return output;
}

}  // namespace

Tensor exp(const Pass& pass, const Tensor& input) {
  return apply(pass, input, UnaryFunction::exponential, "exp");
}

Tensor log(const Pass& pass, const Tensor& input) {
  return apply(pass, input, UnaryFunction::logarithm, "log");
}

Tensor sqrt(const Pass& pass, const Tensor& input) {
  return apply(pass, input, UnaryFunction::square_root, "sqrt");
}

Tensor reciprocal(const Pass& pass, const Tensor& input) {
  return apply(pass, input, UnaryFunction::reciprocal, "reciprocal");
}

}  // namespace ebb
