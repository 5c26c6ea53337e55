#include "engine/operations/periodic_encoding.h"

#include "engine/operations/allocate.h"
#include "engine/operations/place.h"
#include "kernels/periodic_encoding/periodic_encoding.h"

namespace ebb {

Tensor periodic_encoding(const Pass& pass, const Tensor& input, const Tensor& frequencies) {
  require_same_device("periodic_encoding", pass, {{"input", input}, {"frequencies", frequencies}});
  if (input.rank() != 2 || frequencies.rank() != 2) {
    fail(
        "periodic_encoding: input is {} and frequencies are {}, expected [rows, features] and "
        "[features, k]",
        to_string(input.shape()), to_string(frequencies.shape()));
  }
  Tensor output = Tensor::empty({input.extent(0), input.extent(1), 2 * frequencies.extent(1) + 1},
                                input.dtype(), input.device());
  kernels::periodic_encoding(
      pass.context,
      {.input = input.view(), .frequencies = frequencies.view(), .output = output.view()});
  if (!pass.records(input, frequencies)) return output;
  output = pass.tape->attach(output);
  pass.tape->record("periodic_encoding", [input, frequencies, output](Tape& tape) {
    const Tensor gradient = tape.take(output.slot());
    if (!gradient.defined()) return;
    const Tensor grad_input = input.slot() ? empty_like(input) : Tensor();
    Tape::Target target{};
    if (frequencies.slot()) {
      target = tape.target(frequencies.slot(), frequencies.shape(), frequencies.dtype());
    }
    kernels::periodic_encoding_backward(tape.context(), {.input = input.view(),
                                                         .frequencies = frequencies.view(),
                                                         .output = output.view(),
                                                         .grad_output = gradient.view(),
                                                         .grad_input = grad_input.view(),
                                                         .grad_frequencies = target.tensor.view(),
                                                         .accumulate = target.accumulate});
    tape.add(input.slot(), grad_input);
  });
  return output;
}

}  // namespace ebb
