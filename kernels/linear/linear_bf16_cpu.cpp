// The products of the linear layer in bf16. Activations are rounded once and multiplied twice: the
// input in both directions, the gradient for grad_input and for grad_weight.
#include "kernels/bf16_product/bf16_product.h"
#include "kernels/linear/linear_backends.h"

namespace ebb::kernels::cpu {
namespace {

View scratch(Context& context, const Shape& shape) {
  const auto count = static_cast<std::size_t>(shape.elements());
  return {context.workspace().acquire_array<BFloat16>(count), DType::bf16, shape};
}

}  // namespace

void linear_product_bf16(Context& context, const LinearForward& block, const View& output) {
  const View rounded =
      block.rounded_input.present() ? block.rounded_input : scratch(context, block.input.shape);
  round_to_bf16(context, {.input = block.input, .output = rounded});
  bf16_product(context, {.a = rounded, .packed_b = block.packed_weight, .b = {}, .output = output});
}

// Each product is one call: rows are few where this runs, in a shard, and the bounds must not
// depend on the number of threads.
void linear_backward_bf16(Context& context, const LinearBackward& p, const ConstView& gradient) {
  const View rounded = scratch(context, gradient.shape);
  round_to_bf16(context, {.input = gradient, .output = rounded});
  if (p.grad_input.present()) {
    bf16_product(context, {.a = rounded,
                           .packed_b = p.packed_weight,
                           .b = {},
                           .output = p.grad_input,
                           .accumulate = p.accumulate_input});
  }
  if (p.grad_weight.present()) {
    const Shape transposed{rounded.shape[1], rounded.shape[0]};
    bf16_product(context, {.a = {rounded.data, DType::bf16, transposed,
                                 Shape{rounded.strides[1], rounded.strides[0]}},
                           .b = p.input,
                           .output = p.grad_weight,
                           .accumulate = p.accumulate_weight});
  }
}

}  // namespace ebb::kernels::cpu
