#include "engine/operations/views.h"

#include "engine/operations/allocate.h"
#include "engine/operations/place.h"
#include "kernels/copy/copy.h"
#include "kernels/elementwise/elementwise.h"

namespace ebb {
namespace {

// Records a view: `undo` turns the gradient of the view into that of the input.
template <class Undo>
Tensor record_view(const Pass& pass, const char* name, const Tensor& input, const Tensor& view,
                   Undo undo) {
  if (!pass.records(input)) return view;
  const Tensor output = pass.tape->attach(view);
  pass.tape->record(name,
                    [undo, input_slot = input.slot(), output_slot = output.slot()](Tape& tape) {
                      const Tensor gradient = tape.take(output_slot);
                      if (gradient.defined()) tape.add(input_slot, undo(tape.context(), gradient));
                    });
  return output;
}

void copy(Context& context, const Tensor& from, const Tensor& to, bool accumulate = false) {
  kernels::copy(context, {.input = from.view(), .output = to.view(), .accumulate = accumulate});
}

Tensor packed(Context& context, const Tensor& tensor) {
  if (tensor.contiguous()) return tensor;
  Tensor dense = empty_like(tensor);
  copy(context, tensor, dense);
  return dense;
}

// The shape of `inputs` one after the other along `dimension`.
Shape joined_shape(std::span<const Tensor> inputs, int dimension) {
  const Tensor& first = inputs.front();
  if (dimension < -first.rank() || dimension >= first.rank()) {
    fail("concat: dimension {} is outside of {}", dimension, to_string(first.shape()));
  }
  Shape shape = first.shape();
  shape[dimension] = 0;
  for (const Tensor& input : inputs) {
    Shape expected = first.shape();
    if (input.rank() == first.rank()) expected[dimension] = input.extent(dimension);
    if (input.shape() != expected || input.dtype() != first.dtype()) {
      fail("concat: {} {} cannot follow {} {} along dimension {}", name_of(input.dtype()),
           to_string(input.shape()), name_of(first.dtype()), to_string(first.shape()), dimension);
    }
    shape[dimension] += input.extent(dimension);
  }
  return shape;
}

}  // namespace

Tensor reshape(const Pass& pass, const Tensor& input, const Shape& shape) {
  return record_view(pass, "reshape", input, input.reshape(shape),
                     [before = input.shape()](Context& context, const Tensor& gradient) {
                       return packed(context, gradient).reshape(before);
                     });
}

Tensor transpose(const Pass& pass, const Tensor& input, int first, int second) {
  return record_view(pass, "transpose", input, input.transpose(first, second),
                     [first, second](Context& context, const Tensor& gradient) {
                       return packed(context, gradient.transpose(first, second));
                     });
}

Tensor slice(const Pass& pass, const Tensor& input, int dimension, std::int64_t begin,
             std::int64_t count) {
  const Tensor view = input.slice(dimension, begin, count);
  if (!pass.records(input)) return view;
  const Tensor output = pass.tape->attach(view);
  pass.tape->record("slice", [=, input_slot = input.slot(), shape = input.shape(),
                              output_slot = output.slot()](Tape& tape) {
    const Tensor gradient = tape.take(output_slot);
    if (!gradient.defined()) return;
    const Tape::Target target = tape.target(input_slot, shape, gradient.dtype());
    if (!target.accumulate) kernels::fill(tape.context(), {.output = target.tensor.view()});
    copy(tape.context(), gradient, target.tensor.slice(dimension, begin, count), target.accumulate);
  });
  return output;
}

Tensor contiguous(const Pass& pass, const Tensor& input) {
  if (input.contiguous()) return input;
  require_same_device("contiguous", pass, {{"input", input}});
  return record_view(pass, "contiguous", input, packed(pass.context, input).with_slot({}),
                     [](Context&, const Tensor& gradient) { return gradient; });
}

Tensor leading(const Pass& pass, const Tensor& input, std::int64_t count) {
  if (count == input.extent(1)) return input;
  return contiguous(pass, slice(pass, input, 1, 0, count));
}

Tensor concat(const Pass& pass, std::span<const Tensor> inputs, int dimension) {
  if (inputs.empty()) fail("concat: no tensors given");
  for (const Tensor& input : inputs) require_same_device("concat", pass, {{"an input", input}});
  const Shape shape = joined_shape(inputs, dimension);
  if (dimension < 0) dimension += shape.rank();
  Tensor output = empty_as(inputs.front(), shape);
  std::int64_t begin = 0;
  for (const Tensor& input : inputs) {
    copy(pass.context, input, output.slice(dimension, begin, input.extent(dimension)));
    begin += input.extent(dimension);
  }
  if (!pass.records(inputs)) return output;
  struct Part {
    GradientSlot slot;
    std::int64_t count;
  };
  const std::span<Part> parts = pass.tape->allocate<Part>(inputs.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    parts[i] = {inputs[i].slot(), inputs[i].extent(dimension)};
  }
  output = pass.tape->attach(output);
  pass.tape->record("concat", [parts, dimension, output_slot = output.slot()](Tape& tape) {
    const Tensor gradient = tape.take(output_slot);
    if (!gradient.defined()) return;
    std::int64_t first = 0;
    for (const Part& part : parts) {
      const Tensor share = gradient.slice(dimension, first, part.count);
      first += part.count;
      if (!part.slot) continue;
      const Tape::Target target = tape.target(part.slot, share.shape(), share.dtype());
      copy(tape.context(), share, target.tensor, target.accumulate);
    }
  });
  return output;
}

}  // namespace ebb
