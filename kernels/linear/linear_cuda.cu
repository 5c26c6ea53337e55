// The linear layer on CUDA. Forward, by our own kernels: one launch, with bias, activation and
// dropout in the epilogue of the product (linear_epilogue.cuh). By cuBLASLt, and for a weight
// packed from [in, out]: a product to f32 sums in workspace, then one pass that applies the same
// epilogue.
//
// Backward: grad_pre_activation and grad_bias in one pass, then a product for each gradient. With a
// packed weight the operands of products are rounded to bf16, sums and results are f32.
#include "kernels/elementwise/elementwise.h"
#include "kernels/linear/linear_backends.h"
#include "kernels/linear/linear_fused.h"
#include "kernels/matrix_product/gemm_cuda.h"
#include "kernels/reduce/reduce.h"

namespace ebb::kernels::cuda {
namespace {

template <class Pointer>
BasicView<Pointer> transposed(const BasicView<Pointer>& view) {
  return {view.data, view.dtype, Shape{view.shape[1], view.shape[0]},
          Shape{view.strides[1], view.strides[0]}};
}

bool has_epilogue(const LinearForward& p) {
  return p.bias.present() || p.activation != Activation::identity || p.dropout.active() ||
         p.derivative.present();
}

/// The scratch memory of one call, asked for at once, in pieces aligned to 256 bytes.
class Scratch {
 public:
  /// The bytes of the pieces, in order.
  Scratch(Context& context, std::initializer_list<std::size_t> pieces) {
    std::size_t bytes = 0;
    for (const std::size_t piece : pieces) bytes += aligned(piece);
    next_ = static_cast<char*>(context.workspace().acquire(bytes));
  }

  template <class T>
  T* take(std::size_t bytes) {
    return reinterpret_cast<T*>(std::exchange(next_, next_ + aligned(bytes)));
  }

 private:
  static std::size_t aligned(std::size_t bytes) { return (bytes + 255) / 256 * 256; }

  char* next_;
};

/// Bytes of a matrix in scratch memory.
std::size_t bytes_of(const Shape& shape, DType dtype) {
  return static_cast<std::size_t>(shape.elements()) * size_of(dtype);
}

/// Whether the epilogue runs after the product, on f32 sums in scratch memory.
bool keeps_sums(const gemm::Problem& product, const LinearForward& p) {
  return has_epilogue(p) && (gemm::prefers_library() || !fits_fused_linear(product));
}

/// `workspace`: workspace_bytes(product); `sums`: room for the product, where it keeps_sums().
void multiply(Context& context, const gemm::Problem& product, const LinearForward& p,
              float* workspace, float* sums) {
  if (!has_epilogue(p)) return gemm::multiply(context, product, workspace);
  if (!keeps_sums(product, p)) return fused_linear(context, product, p, workspace);
  gemm::Problem kept = product;
  kept.output = {.data = sums, .dtype = DType::f32, .leading = product.n};
  gemm::multiply(context, kept, workspace);
  finish_linear(context, product, p, 1, sums);
}

/// `weight`: [in, out]. With a packed one the input is rounded first, to p.rounded_input or scratch
/// memory.
void linear_product(Context& context, const LinearForward& p, const ConstView& weight) {
  const bool round = p.packed_weight != nullptr;
  const bool round_to_scratch = round && !p.rounded_input.present();
  // Where operands lie does not matter for the sizes of scratch memory.
  const gemm::Problem shape = gemm::problem_of(p.input, weight, p.output, false);
  const std::size_t rounded_bytes =
      round_to_scratch ? bytes_of(p.input.shape, DType::bf16) : std::size_t{0};
  const std::size_t product_bytes = gemm::workspace_bytes(shape);
  const std::size_t sum_bytes =
      keeps_sums(shape, p) ? bytes_of(p.output.shape, DType::f32) : std::size_t{0};
  Scratch scratch(context, {rounded_bytes, product_bytes, sum_bytes});

  ConstView input = p.input;
  auto* memory = scratch.take<BFloat16>(rounded_bytes);
  if (round) {
    const View rounded =
        round_to_scratch ? View(memory, DType::bf16, p.input.shape) : p.rounded_input;
    cast(context, {.input = p.input, .output = rounded});
    input = rounded;
  }
  auto* workspace = scratch.take<float>(product_bytes);
  auto* sums = scratch.take<float>(sum_bytes);
  multiply(context, gemm::problem_of(input, weight, p.output, false), p, workspace, sums);
}

/// The gradient of pre_activation, which is grad_output itself without a derivative; and grad_bias.
ConstView pre_activation_gradient(Context& context, const LinearBackward& p) {
  if (p.derivative.present()) {
    activation_backward(context, {.derivative = p.derivative,
                                  .grad_output = p.grad_output,
                                  .grad_input = p.grad_pre_activation,
                                  .grad_bias = p.grad_bias,
                                  .accumulate = p.accumulate_bias});
    return p.grad_pre_activation;
  }
  if (p.grad_bias.present()) {
    reduce(context, {.input = p.grad_output,
                     .dimension = 0,
                     .output = p.grad_bias,
                     .accumulate = p.accumulate_bias});
  }
  return p.grad_output;
}

}  // namespace

void linear(Context& context, const LinearForward& p) {
  linear_product(context, p,
                 p.packed_weight != nullptr ? p.packed_weight->values() : transposed(p.weight));
}

void linear_backward(Context& context, const LinearBackward& p) {
  ConstView gradient = pre_activation_gradient(context, p);
  const bool packed = p.packed_weight != nullptr;
  const ConstView weight = packed ? p.packed_weight->values() : p.weight;
  const auto input_product = [&] {
    return gemm::problem_of(gradient, weight, p.grad_input, p.accumulate_input);
  };
  const auto weight_product = [&] {
    return gemm::problem_of(transposed(gradient), p.input, p.grad_weight, p.accumulate_weight);
  };
  std::size_t product_bytes = 0;
  if (p.grad_input.present()) product_bytes = gemm::workspace_bytes(input_product());
  if (p.grad_weight.present()) {
    product_bytes = std::max(product_bytes, gemm::workspace_bytes(weight_product()));
  }
  const std::size_t rounded_bytes = packed ? bytes_of(gradient.shape, DType::bf16) : 0;
  Scratch scratch(context, {rounded_bytes, product_bytes});
  auto* rounded = scratch.take<BFloat16>(rounded_bytes);
  auto* workspace = scratch.take<float>(product_bytes);
  if (packed) {
    const View output(rounded, DType::bf16, gradient.shape);
    cast(context, {.input = gradient, .output = output});
    gradient = output;
  }
  if (p.grad_input.present()) gemm::multiply(context, input_product(), workspace);
  if (p.grad_weight.present()) gemm::multiply(context, weight_product(), workspace);
}

}  // namespace ebb::kernels::cuda
