#include "engine/operations/reduce.h"

#include <optional>

#include "engine/operations/place.h"
#include "kernels/copy/copy.h"
#include "kernels/elementwise/elementwise.h"
#include "kernels/reduce/reduce.h"

namespace ebb {
namespace {

using kernels::ReduceOperation;

Shape without(const Shape& shape, int dimension) {
  Shape rest;
  for (int i = 0; i < shape.rank(); ++i) {
    if (i != dimension) rest.push_back(shape[i]);
  }
  return rest;
}

int checked_dimension(std::string_view operation, int dimension, int rank, const Tensor& input) {
  const int positive = dimension < 0 ? dimension + rank : dimension;
  if (positive < 0 || positive >= rank) {
    fail("{}: dimension {} is outside of [{}, {}) for input {}", operation, dimension, -rank, rank,
         to_string(input.shape()));
  }
  return positive;
}

// A view of `tensor` as if it were repeated along `dimension` of `shape`, or along all dimensions.
ConstView repeated(const Tensor& tensor, const Shape& shape, std::optional<int> dimension) {
  Shape strides;
  for (int i = 0, from = 0; i < shape.rank(); ++i) {
    const bool repeats = !dimension || i == *dimension;
    strides.push_back(repeats ? 0 : tensor.strides()[from++]);
  }
  return {tensor.view().data, tensor.dtype(), shape, strides};
}

Tensor reduced(const Pass& pass, ReduceOperation operation, const Tensor& input,
               std::optional<int> dimension) {
  require_same_device(operation == ReduceOperation::mean ? "mean" : "sum", pass,
                      {{"input", input}});
  const Shape shape = dimension ? without(input.shape(), *dimension) : Shape{};
  Tensor output = Tensor::empty(shape, input.dtype(), input.device());
  kernels::reduce(pass.context, {.operation = operation,
                                 .input = input.view(),
                                 .dimension = dimension,
                                 .output = output.view()});
  if (!pass.records(input)) return output;
  output = pass.tape->attach(output);
  pass.tape->record(
      operation == ReduceOperation::mean ? "mean" : "sum",
      [operation, dimension, before = input.shape(), input_slot = input.slot(),
       output_slot = output.slot()](Tape& tape) {
        Tensor gradient = tape.take(output_slot);
        if (!gradient.defined()) return;
        if (operation == ReduceOperation::mean) {
          const std::int64_t terms = dimension ? before[*dimension] : before.elements();
          const Tensor share = Tensor::empty(gradient.shape(), gradient.dtype(), gradient.device());
          kernels::scale(tape.context(), {.input = gradient.view(),
                                          .factor = 1.0 / static_cast<double>(terms),
                                          .output = share.view()});
          gradient = share;
        }
        const Tape::Target target = tape.target(input_slot, before, gradient.dtype());
        kernels::copy(tape.context(), {.input = repeated(gradient, before, dimension),
                                       .output = target.tensor.view(),
                                       .accumulate = target.accumulate});
      });
  return output;
}

}  // namespace

Tensor sum(const Pass& pass, const Tensor& input) {
  return reduced(pass, ReduceOperation::sum, input, {});
}

Tensor mean(const Pass& pass, const Tensor& input) {
  return reduced(pass, ReduceOperation::mean, input, {});
}

Tensor sum(const Pass& pass, const Tensor& input, int dimension) {
  return reduced(pass, ReduceOperation::sum, input,
                 checked_dimension("sum", dimension, input.rank(), input));
}

Tensor mean(const Pass& pass, const Tensor& input, int dimension) {
  return reduced(pass, ReduceOperation::mean, input,
                 checked_dimension("mean", dimension, input.rank(), input));
}

Tensor repeat(const Pass& pass, const Tensor& input, int dimension, std::int64_t count) {
  require_same_device("repeat", pass, {{"input", input}});
  dimension = checked_dimension("repeat", dimension, input.rank() + 1, input);
  Shape shape;
  for (int i = 0; i < input.rank() + 1; ++i) {
    shape.push_back(i == dimension ? count : input.extent(i < dimension ? i : i - 1));
  }
  Tensor output = Tensor::empty(shape, input.dtype(), input.device());
  kernels::copy(pass.context,
                {.input = repeated(input, shape, dimension), .output = output.view()});
  if (!pass.records(input)) return output;
  output = pass.tape->attach(output);
  pass.tape->record("repeat", [dimension, before = input.shape(), input_slot = input.slot(),
                               output_slot = output.slot()](Tape& tape) {
    const Tensor gradient = tape.take(output_slot);
    if (!gradient.defined()) return;
    const Tape::Target target = tape.target(input_slot, before, gradient.dtype());
    kernels::reduce(tape.context(), {.input = gradient.view(),
                                     .dimension = dimension,
                                     .output = target.tensor.view(),
                                     .accumulate = target.accumulate});
  });
  return output;
}

}  // namespace ebb
