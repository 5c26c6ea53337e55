#include "engine/operations/elementwise.h"

#include "engine/operations/allocate.h"
#include "engine/operations/place.h"
#include "kernels/elementwise/elementwise.h"
#include "kernels/reduce/reduce.h"

namespace ebb {
namespace {

using kernels::BinaryOperation;

Tensor binary(Context& context, BinaryOperation operation, const Tensor& first,
              const Tensor& second) {
  Tensor output = empty_like(first);
  kernels::binary(context, {.operation = operation,
                            .first = first.view(),
                            .second = second.view(),
                            .output = output.view()});
  return output;
}

Tensor scaled(Context& context, const Tensor& input, double factor) {
  Tensor output = empty_like(input);
  kernels::scale(context, {.input = input.view(), .factor = factor, .output = output.view()});
  return output;
}

// Gives `gradient` to an operand of `shape`, summed over the dimensions that it was repeated over.
void add_repeated(Tape& tape, GradientSlot operand, const Shape& shape, const Tensor& gradient) {
  if (!operand) return;
  if (gradient.shape() == shape) return tape.add(operand, gradient);
  const Tape::Target target = tape.target(operand, shape, gradient.dtype());
  const std::int64_t columns = shape.elements();
  const std::int64_t rows = columns == 0 ? 0 : gradient.elements() / columns;
  kernels::reduce(tape.context(), {.input = gradient.reshape({rows, columns}).view(),
                                   .dimension = 0,
                                   .output = target.tensor.reshape({columns}).view(),
                                   .accumulate = target.accumulate});
}

// add and subtract: neither direction needs the operands' values.
Tensor add_scaled(const Pass& pass, BinaryOperation operation, const Tensor& first,
                  const Tensor& second) {
  const char* name = operation == BinaryOperation::add ? "add" : "subtract";
  require_same_device(name, pass, {{"first", first}, {"second", second}});
  Tensor output = binary(pass.context, operation, first, second);
  if (!pass.records(first, second)) return output;
  output = pass.tape->attach(output);
  pass.tape->record(name, [operation, first_slot = first.slot(), second_slot = second.slot(),
                           second_shape = second.shape(), output_slot = output.slot()](Tape& tape) {
    const Tensor gradient = tape.take(output_slot);
    if (!gradient.defined()) return;
    const bool negate = operation == BinaryOperation::subtract && second_slot;
    add_repeated(tape, second_slot, second_shape,
                 negate ? scaled(tape.context(), gradient, -1.0) : gradient);
    tape.add(first_slot, gradient);
  });
  return output;
}

}  // namespace

Tensor add(const Pass& pass, const Tensor& first, const Tensor& second) {
  return add_scaled(pass, BinaryOperation::add, first, second);
}

Tensor subtract(const Pass& pass, const Tensor& first, const Tensor& second) {
  return add_scaled(pass, BinaryOperation::subtract, first, second);
}

Tensor multiply(const Pass& pass, const Tensor& first, const Tensor& second) {
  require_same_device("multiply", pass, {{"first", first}, {"second", second}});
  Tensor output = binary(pass.context, BinaryOperation::multiply, first, second);
  if (!pass.records(first, second)) return output;
  output = pass.tape->attach(output);
  pass.tape->record("multiply", [first, second, output_slot = output.slot()](Tape& tape) {
    const Tensor gradient = tape.take(output_slot);
    if (!gradient.defined()) return;
    const auto times = [&](const Tensor& factor) {
      return binary(tape.context(), BinaryOperation::multiply, gradient, factor);
    };
    if (second.slot()) add_repeated(tape, second.slot(), second.shape(), times(first));
    if (first.slot()) tape.add(first.slot(), times(second));
  });
  return output;
}

Tensor scale(const Pass& pass, const Tensor& input, double factor) {
  require_same_device("scale", pass, {{"input", input}});
  Tensor output = scaled(pass.context, input, factor);
  if (!pass.records(input)) return output;
  output = pass.tape->attach(output);
  pass.tape->record("scale",
                    [factor, input_slot = input.slot(), output_slot = output.slot()](Tape& tape) {
                      const Tensor gradient = tape.take(output_slot);
                      if (gradient.defined())
                        tape.add(input_slot, scaled(tape.context(), gradient, factor));
                    });
  return output;
}

}  // namespace ebb
