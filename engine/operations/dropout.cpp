#include "engine/operations/dropout.h"

#include "engine/operations/allocate.h"
#include "engine/operations/place.h"
#include "kernels/dropout/dropout.h"

namespace ebb {

Tensor dropout(const Pass& pass, const Tensor& input, const DropoutSpec& spec) {
  require_same_device("dropout", pass, {{"input", input}});
  if (!spec.active()) return input;
  const auto apply = [spec](Context& context, const Tensor& from) {
    const Tensor to = empty_like(from);
    kernels::dropout(context, {.input = from.view(), .dropout = spec, .output = to.view()});
    return to;
  };
  Tensor output = apply(pass.context, input);
  if (!pass.records(input)) return output;
  output = pass.tape->attach(output);
  // Multiplying by the same mask is its own backward direction.
  pass.tape->record("dropout",
                    [apply, input_slot = input.slot(), output_slot = output.slot()](Tape& tape) {
                      const Tensor gradient = tape.take(output_slot);
                      if (gradient.defined()) tape.add(input_slot, apply(tape.context(), gradient));
                    });
  return output;
}

}  // namespace ebb
