#include "engine/operations/views.h"

#include <vector>

#include "engine/operations/allocate.h"
#include "kernels/copy/copy.h"

namespace ebb {
namespace {

// Records a view: `undo` turns the gradient of the view into that of the input.
template <class Undo>
Tensor record_view(const Pass& pass, const Tensor& input, const Tensor& view, Undo undo) {
  if (!pass.records(input)) return view;
  const Tensor output = pass.tape->attach(view);
  pass.tape->record([undo, input_slot = input.slot(), output_slot = output.slot()](Tape& tape) {
    const Tensor gradient = tape.take(output_slot);
    if (gradient.defined()) tape.add(input_slot, undo(tape.context(), gradient));
  });
  return output;
}

void copy(Context& context, const Tensor& from, const Tensor& to) {
  kernels::copy(context, {.input = from.view(), .output = to.view()});
}

Tensor packed(Context& context, const Tensor& tensor) {
  if (tensor.contiguous()) return tensor;
  Tensor dense = Tensor::empty(tensor.shape(), tensor.dtype());
  copy(context, tensor, dense);
  return dense;
}

}  // namespace

Tensor reshape(const Pass& pass, const Tensor& input, const Shape& shape) {
  return record_view(pass, input, input.reshape(shape),
                     [before = input.shape()](Context& context, const Tensor& gradient) {
                       return packed(context, gradient).reshape(before);
                     });
}

Tensor transpose(const Pass& pass, const Tensor& input, int first, int second) {
  return record_view(pass, input, input.transpose(first, second),
                     [first, second](Context& context, const Tensor& gradient) {
                       return packed(context, gradient.transpose(first, second));
                     });
}

Tensor slice(const Pass& pass, const Tensor& input, int dimension, std::int64_t begin,
             std::int64_t count) {
  return record_view(
      pass, input, input.slice(dimension, begin, count),
      [=, before = input.shape(), dtype = input.dtype()](Context& context, const Tensor& gradient) {
        const Tensor whole = Tensor::zeros(before, dtype);
        copy(context, gradient, whole.slice(dimension, begin, count));
        return whole;
      });
}

Tensor contiguous(const Pass& pass, const Tensor& input) {
  if (input.contiguous()) return input;
  return record_view(pass, input, packed(pass.context, input).with_slot({}),
                     [](Context&, const Tensor& gradient) { return gradient; });
}

Tensor concat(const Pass& pass, std::span<const Tensor> inputs, int dimension) {
  if (inputs.empty()) fail("concat: no tensors given");
  const Tensor& first = inputs.front();
  if (dimension < 0) dimension += first.rank();
  if (dimension < 0 || dimension >= first.rank()) {
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
  Tensor output = Tensor::empty(shape, first.dtype());
  bool records = false;
  std::int64_t begin = 0;
  for (const Tensor& input : inputs) {
    copy(pass.context, input, output.slice(dimension, begin, input.extent(dimension)));
    begin += input.extent(dimension);
    records = records || pass.records(input);
  }
  if (!records) return output;
  output = pass.tape->attach(output);
  // One closure per input, so that nothing but fixed-size values is kept. They run in any order
  // after everything that used the output, since it was attached before.
  begin = 0;
  pass.tape->record([output_slot = output.slot()](Tape& tape) { tape.take(output_slot); });
  for (const Tensor& input : inputs) {
    const std::int64_t count = input.extent(dimension);
    if (pass.records(input)) {
      pass.tape->record([=, input_slot = input.slot(), output_slot = output.slot()](Tape& tape) {
        const Tensor gradient = tape.peek(output_slot);
        if (!gradient.defined()) return;
        tape.add(input_slot, packed(tape.context(), gradient.slice(dimension, begin, count)));
      });
    }
    begin += count;
  }
  return output;
}

}  // namespace ebb
