#include "engine/operations/embedding.h"

#include "engine/operations/allocate.h"
#include "engine/operations/place.h"
#include "kernels/embedding/embedding.h"

namespace ebb {

Tensor embedding(const Pass& pass, const Tensor& table, const Tensor& indices) {
  require_same_device("embedding", pass, {{"table", table}, {"indices", indices}});
  if (table.rank() != 2) {
    fail("embedding: table is {}, expected [count, dim]", to_string(table.shape()));
  }
  Shape shape = indices.shape();
  shape.push_back(table.extent(1));
  Tensor output = empty_as(table, shape);
  kernels::embedding(pass.context,
                     {.table = table.view(), .indices = indices.view(), .output = output.view()});
  if (!pass.records(table)) return output;
  output = pass.tape->attach(output);
  pass.tape->record("embedding", [=, output_slot = output.slot()](Tape& tape) {
    const Tensor gradient = tape.take(output_slot);
    if (!gradient.defined()) return;
    const Tape::Target target = tape.target(table.slot(), table.shape(), table.dtype());
    kernels::embedding_backward(tape.context(), {.indices = indices.view(),
                                                 .grad_output = gradient.view(),
                                                 .grad_table = target.tensor.view(),
                                                 .accumulate = target.accumulate});
  });
  return output;
}

}  // namespace ebb
