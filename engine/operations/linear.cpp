#include "engine/operations/linear.h"

#include "engine/operations/allocate.h"
#include "engine/operations/place.h"
#include "kernels/linear/linear.h"
#include "kernels/matrix_product/matrix_product.h"

namespace ebb {
namespace {

Shape with_last(const Shape& shape, std::int64_t last) {
  Shape changed = shape;
  changed[-1] = last;
  return changed;
}

Tensor as_rows(const Tensor& tensor) {
  const std::int64_t columns = tensor.extent(-1);
  return tensor.reshape({columns == 0 ? 0 : tensor.elements() / columns, columns});
}

}  // namespace

Tensor linear(const Pass& pass, const Tensor& input, const Tensor& weight, const Tensor& bias,
              Activation activation, const DropoutSpec& dropout, const PackedWeight& packed) {
  require_same_device("linear", pass, {{"input", input}, {"weight", weight}, {"bias", bias}});
  if (input.rank() == 0) fail("linear: input is a scalar, expected [..., in]");
  const Tensor rows = as_rows(input);
  const Tensor output = empty_as(input, {rows.extent(0), weight.extent(0)});
  const bool records = pass.records(input, weight, bias);
  const bool curved = activation != Activation::identity || dropout.active();
  const Tensor derivative = records && curved ? empty_like(output) : Tensor();
  // What the backward direction multiplies: in bf16 the rounded rows, at half the memory.
  Tensor kept = rows;
  Tensor rounded;
  if (records && packed.forward != nullptr) {
    kept = rounded = Tensor::empty(rows.shape(), DType::bf16, rows.device());
  }
  kernels::linear(pass.context, {.input = rows.view(),
                                 .weight = weight.view(),
                                 .bias = bias.view(),
                                 .activation = activation,
                                 .dropout = dropout,
                                 .derivative = derivative.view(),
                                 .output = output.view(),
                                 .packed_weight = packed.forward,
                                 .rounded_input = rounded.view()});
  Tensor result = output.reshape(with_last(input.shape(), weight.extent(0)));
  if (!records) return result;
  result = pass.tape->attach(result);
  pass.tape->record("linear", [=, shape = input.shape(), output_slot = result.slot(),
                               kept = kept.with_slot(input.slot()),
                               backward_weight = packed.backward](Tape& tape) {
    const Tensor gradient = tape.take(output_slot);
    if (!gradient.defined()) return;
    kernels::LinearBackward p{.input = kept.view(),
                              .weight = weight.view(),
                              .derivative = derivative.view(),
                              .grad_output = as_rows(gradient).view(),
                              .packed_weight = backward_weight};
    Tensor grad_pre_activation;
    if (derivative.defined()) {
      grad_pre_activation = empty_as(weight, {kept.extent(0), weight.extent(0)});
      p.grad_pre_activation = grad_pre_activation.view();
    }
    if (kept.slot()) {
      const Tape::Target target = tape.target(kept.slot(), shape, weight.dtype());
      p.grad_input = as_rows(target.tensor).view();
      p.accumulate_input = target.accumulate;
    }
    if (weight.slot()) {
      const Tape::Target target = tape.target(weight.slot(), weight.shape(), weight.dtype());
      p.grad_weight = target.tensor.view();
      p.accumulate_weight = target.accumulate;
    }
    if (bias.slot()) {
      const Tape::Target target = tape.target(bias.slot(), bias.shape(), bias.dtype());
      p.grad_bias = target.tensor.view();
      p.accumulate_bias = target.accumulate;
    }
    kernels::linear_backward(tape.context(), p);
  });
  return result;
}

Tensor matmul(const Pass& pass, const Tensor& a, const Tensor& b) {
  require_same_device("matmul", pass, {{"a", a}, {"b", b}});
  if (a.rank() < 2 || b.rank() < 2) {
    fail("matmul: a is {} and b is {}, expected [..., m, k] and [..., k, n]", to_string(a.shape()),
         to_string(b.shape()));
  }
  Tensor output = empty_as(a, with_last(a.shape(), b.extent(-1)));
  kernels::matrix_product(pass.context, {.a = a.view(), .b = b.view(), .output = output.view()});
  if (!pass.records(a, b)) return output;
  output = pass.tape->attach(output);
  pass.tape->record("matmul", [=, output_slot = output.slot()](Tape& tape) {
    const Tensor gradient = tape.take(output_slot);
    if (!gradient.defined()) return;
    if (a.slot()) {
      const Tape::Target target = tape.target(a.slot(), a.shape(), a.dtype());
      kernels::matrix_product(tape.context(), {.a = gradient.view(),
                                               .b = b.transpose(-1, -2).view(),
                                               .output = target.tensor.view(),
                                               .accumulate = target.accumulate});
    }
    if (b.slot()) {
      const Tape::Target target = tape.target(b.slot(), b.shape(), b.dtype());
      kernels::matrix_product(tape.context(), {.a = a.transpose(-1, -2).view(),
                                               .b = gradient.view(),
                                               .output = target.tensor.view(),
                                               .accumulate = target.accumulate});
    }
  });
  return output;
}

}  // namespace ebb
