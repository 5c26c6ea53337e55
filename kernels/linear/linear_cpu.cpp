// The linear layer on the CPU: products of blocks of rows, each followed by its epilogue while the
// block is in the second-level cache. f64 composes the reference operations.
#include <cstddef>
#include <optional>

#include "kernels/activation/activation.h"
#include "kernels/common/parallel.h"
#include "kernels/linear/linear_backends.h"
#include "kernels/matrix_product/matrix_product.h"
#include "kernels/reduce/reduce.h"

namespace ebb::kernels::cpu {
namespace {

// Rows of one block. Its output takes 192 KiB, part of a usual second-level cache, unless rows are
// longer than 256: fewer rows would not repay packing the weight.
std::int64_t block_rows(std::int64_t out) {
  return std::max<std::int64_t>(192, 48 * 1024 / std::max<std::int64_t>(out, 64));
}

// Fewer multiplications than this per thread do not pay for a thread.
constexpr std::int64_t kGrainMultiplications = 256 * 1024;

template <class Pointer>
BasicView<Pointer> transposed(const BasicView<Pointer>& view) {
  return {view.data, view.dtype, Shape{view.shape[1], view.shape[0]},
          Shape{view.strides[1], view.strides[0]}};
}

// Rows [first, first + count) of a dense matrix; an absent view stays absent.
template <class Pointer>
BasicView<Pointer> block_of(const BasicView<Pointer>& view, std::int64_t first,
                            std::int64_t count) {
  if (!view.present()) return view;
  const std::int64_t columns = view.shape[1];
  const auto row_bytes = static_cast<std::int64_t>(size_of(view.dtype)) * columns;
  return {view.template as<std::byte>() + first * row_bytes, view.dtype, Shape{count, columns}};
}

bool has_epilogue(const LinearForward& p) {
  return p.bias.present() || p.activation != Activation::identity || p.dropout.active() ||
         p.derivative.present();
}

// Where the product goes before the epilogue, which ends with output.
const View& product_of(const LinearForward& p) {
  return p.derivative.present() ? p.derivative : p.output;
}

// bias, activation and dropout over rows whose product lies in product_of(p).
void epilogue(Context& context, const LinearForward& p) {
  activation(context, {.input = product_of(p),
                       .bias = p.bias,
                       .kind = p.activation,
                       .dropout = p.dropout,
                       .derivative = p.derivative,
                       .output = p.output});
}

LinearForward block_of(const LinearForward& p, std::int64_t first, std::int64_t count) {
  LinearForward block = p;
  block.input = block_of(p.input, first, count);
  block.derivative = block_of(p.derivative, first, count);
  block.output = block_of(p.output, first, count);
  block.rounded_input = block_of(p.rounded_input, first, count);
  block.dropout.offset += static_cast<std::uint64_t>(first * p.weight.shape[0]);
  return block;
}

void product_of_block(Context& context, const LinearForward& block) {
  if (block.packed_weight != nullptr) {
    return linear_product_bf16(context, block, product_of(block));
  }
  linear_product(block.input, block.weight, product_of(block));
}

}  // namespace

void linear(Context& context, const LinearForward& p) {
  if (p.input.dtype == DType::f64) {
    matrix_product(context, {.a = p.input, .b = transposed(p.weight), .output = product_of(p)});
    if (has_epilogue(p)) epilogue(context, p);
    return;
  }
  const std::int64_t rows = p.input.shape[0];
  const std::int64_t most = block_rows(p.weight.shape[0]);
  const std::int64_t work = std::max<std::int64_t>(most * p.weight.elements(), 1);
  parallel_for(context, blocks_of(rows, most), blocks_of(kGrainMultiplications, work),
               [&](std::int64_t begin, std::int64_t end) {
                 std::optional<Context> own;
                 Context& line = context.threads() == 1 ? context : own.emplace(Device{}, 1);
                 for (std::int64_t i = begin; i < end; ++i) {
                   const std::int64_t first = i * most;
                   const LinearForward block = block_of(p, first, std::min(most, rows - first));
                   product_of_block(line, block);
                   if (has_epilogue(p)) epilogue(line, block);
                 }
               });
}

void linear_backward(Context& context, const LinearBackward& p) {
  ConstView gradient = p.grad_output;
  if (p.derivative.present()) {
    activation_backward(context, {.derivative = p.derivative,
                                  .grad_output = p.grad_output,
                                  .grad_input = p.grad_pre_activation,
                                  .grad_bias = p.grad_bias,
                                  .accumulate = p.accumulate_bias});
    gradient = p.grad_pre_activation;
  } else if (p.grad_bias.present()) {
    reduce(context, {.input = gradient,
                     .dimension = 0,
                     .output = p.grad_bias,
                     .accumulate = p.accumulate_bias});
  }
  if (p.packed_weight != nullptr) return linear_backward_bf16(context, p, gradient);
  if (p.grad_input.present()) {
    matrix_product(
        context,
        {.a = gradient, .b = p.weight, .output = p.grad_input, .accumulate = p.accumulate_input});
  }
  if (p.grad_weight.present()) {
    matrix_product(context, {.a = transposed(gradient),
                             .b = p.input,
                             .output = p.grad_weight,
                             .accumulate = p.accumulate_weight});
  }
}

}  // namespace ebb::kernels::cpu
