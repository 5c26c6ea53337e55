#include "engine/operations/piecewise_linear_encoding.h"

#include "engine/operations/allocate.h"
#include "engine/operations/place.h"
#include "kernels/piecewise_linear_encoding/piecewise_linear_encoding.h"

namespace ebb {

Tensor piecewise_linear_encoding(const Pass& pass, const Tensor& input, const Tensor& edges,
                                 const Tensor& counts) {
  require_same_device("piecewise_linear_encoding", pass,
                      {{"input", input}, {"edges", edges}, {"counts", counts}});
  if (input.rank() != 2 || edges.rank() != 2) {
    fail(
        "piecewise_linear_encoding: input is {} and edges are {}, expected [rows, features] and "
        "[features, bins + 1]",
        to_string(input.shape()), to_string(edges.shape()));
  }
  Tensor output = Tensor::empty({input.extent(0), input.extent(1), edges.extent(1) + 1},
                                input.dtype(), input.device());
  kernels::piecewise_linear_encoding(pass.context, {.input = input.view(),
                                                    .edges = edges.view(),
                                                    .counts = counts.view(),
                                                    .output = output.view()});
  if (!pass.records(input)) return output;
  output = pass.tape->attach(output);
  pass.tape->record("piecewise_linear_encoding", [input, edges, counts,
                                                  output_slot = output.slot()](Tape& tape) {
    const Tensor gradient = tape.take(output_slot);
    if (!gradient.defined()) return;
    const Tensor grad_input = empty_like(input);
    kernels::piecewise_linear_encoding_backward(tape.context(), {.input = input.view(),
                                                                 .edges = edges.view(),
                                                                 .counts = counts.view(),
                                                                 .grad_output = gradient.view(),
                                                                 .grad_input = grad_input.view()});
    tape.add(input.slot(), grad_input);
  });
  return output;
}

}  // namespace ebb
