// The linear layer on CUDA. Forward, by our own kernels: one launch, with bias, activation and
// dropout in the epilogue of the product (linear_epilogue.cuh). By cuBLASLt: one call with a bias
// alone; with more, as for a weight packed from [in, out], a product to f32 sums in workspace, then
// one pass that applies the same epilogue (cuBLASLt has neither dropout nor the GELU of erf).
//
// Backward: grad_pre_activation and grad_bias in one pass, then a product for each gradient. Where
// there was neither activation nor dropout, cuBLASLt sums grad_bias beside grad_weight. With a
// packed weight the operands of products are rounded to bf16, sums and results are f32.
#include "kernels/common/workspace_parts.h"
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

/// The scratch memory of one call, asked for at once, in pieces.
class Scratch {
 public:
  /// The bytes of the pieces, in order.
  Scratch(Context& context, std::initializer_list<std::size_t> pieces) {
    WorkspaceParts all;
    for (const std::size_t piece : pieces) all.take<std::byte>(static_cast<std::int64_t>(piece));
    parts_ = WorkspaceParts(context.workspace().acquire(all.bytes()));
  }

  template <class T>
  T* take(std::size_t bytes) {
    return reinterpret_cast<T*>(parts_.take<std::byte>(static_cast<std::int64_t>(bytes)));
  }

 private:
  WorkspaceParts parts_;
};

/// Bytes of a matrix in scratch memory.
std::size_t bytes_of(const Shape& shape, DType dtype) {
  return static_cast<std::size_t>(shape.elements()) * size_of(dtype);
}

/// For cuBLASLt, which reads it.
gemm::Beside bias_of(const LinearForward& p) {
  return {ebb::cuda::LibraryEpilogue::bias, const_cast<void*>(p.bias.data)};
}

gemm::Beside bias_gradient_of(const LinearBackward& p) {
  return {ebb::cuda::LibraryEpilogue::sums_of_b, p.grad_bias.data};
}

/// Where the epilogue of a forward direction runs.
enum class EpilogueIn { nowhere, library, our_product, pass_over_sums };

/// `product`: with pointers of the alignment that the operands will have.
EpilogueIn place_of_epilogue(Context& context, const gemm::Problem& product,
                             const LinearForward& p) {
  if (!has_epilogue(p)) return EpilogueIn::nowhere;
  if (!gemm::prefers_library()) {
    return fits_fused_linear(product) ? EpilogueIn::our_product : EpilogueIn::pass_over_sums;
  }
  const bool bias_alone =
      p.activation == Activation::identity && !p.dropout.active() && !p.derivative.present();
  return bias_alone && gemm::library_takes(context, product, bias_of(p))
             ? EpilogueIn::library
             : EpilogueIn::pass_over_sums;
}

/// `workspace`: workspace_bytes(product); `sums`: room for the product where the epilogue is a
/// pass_over_sums.
void multiply(Context& context, const gemm::Problem& product, const LinearForward& p,
              EpilogueIn place, float* workspace, float* sums) {
  switch (place) {
    case EpilogueIn::nowhere:
      return gemm::multiply(context, product, workspace);
    case EpilogueIn::library:
      gemm::multiply_by_library(context, product, bias_of(p));
      return;
    case EpilogueIn::our_product:
      return fused_linear(context, product, p, workspace);
    case EpilogueIn::pass_over_sums:
      gemm::Problem kept = product;
      kept.output = {.data = sums, .dtype = DType::f32, .leading = product.n};
      gemm::multiply(context, kept, workspace);
      return finish_linear(context, product, p, 1, sums);
  }
}

/// `weight`: [in, out]. With a packed one the input is rounded first, to p.rounded_input or scratch
/// memory.
void linear_product(Context& context, const LinearForward& p, const ConstView& weight) {
  const bool round = p.packed_weight != nullptr;
  const bool round_to_scratch = round && !p.rounded_input.present();
  // Scratch memory, not yet there, has every alignment, as null has.
  const ConstView operand =
      round ? View(p.rounded_input.data, DType::bf16, p.input.shape) : p.input;
  const gemm::Problem shape = gemm::problem_of(operand, weight, p.output, false);
  const EpilogueIn place = place_of_epilogue(context, shape, p);
  const std::size_t rounded_bytes =
      round_to_scratch ? bytes_of(p.input.shape, DType::bf16) : std::size_t{0};
  const std::size_t product_bytes = gemm::workspace_bytes(shape);
  const std::size_t sum_bytes =
      place == EpilogueIn::pass_over_sums ? bytes_of(p.output.shape, DType::f32) : std::size_t{0};
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
  multiply(context, gemm::problem_of(input, weight, p.output, false), p, place, workspace, sums);
}

/// Whether cuBLASLt, which multiplies for grad_weight, is to sum grad_bias beside it: of the same
/// numbers (with a packed weight the product reads rounded ones), and anew.
bool sums_bias_beside_weight(Context& context, const LinearBackward& p,
                             const gemm::Problem& weight_product) {
  return p.grad_bias.present() && !p.derivative.present() && p.packed_weight == nullptr &&
         !p.accumulate_bias && gemm::prefers_library() &&
         gemm::library_takes(context, weight_product, bias_gradient_of(p));
}

/// The gradient of pre_activation, which is grad_output itself without a derivative; and grad_bias
/// where it is wanted.
ConstView pre_activation_gradient(Context& context, const LinearBackward& p, bool wants_bias) {
  if (p.derivative.present()) {
    activation_backward(context, {.derivative = p.derivative,
                                  .grad_output = p.grad_output,
                                  .grad_input = p.grad_pre_activation,
                                  .grad_bias = p.grad_bias,
                                  .accumulate = p.accumulate_bias});
    return p.grad_pre_activation;
  }
  if (wants_bias && p.grad_bias.present()) {
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
  const auto weight_product_of = [&](const ConstView& gradient) {
    return gemm::problem_of(transposed(gradient), p.input, p.grad_weight, p.accumulate_weight);
  };
  const bool bias_beside_weight =
      p.grad_weight.present() &&
      sums_bias_beside_weight(context, p, weight_product_of(p.grad_output));
  ConstView gradient = pre_activation_gradient(context, p, !bias_beside_weight);
  const bool packed = p.packed_weight != nullptr;
  const ConstView weight = packed ? p.packed_weight->values() : p.weight;
  const auto input_product = [&] {
    return gemm::problem_of(gradient, weight, p.grad_input, p.accumulate_input);
  };
  const auto weight_product = [&] { return weight_product_of(gradient); };
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
  if (bias_beside_weight) {
    gemm::multiply_by_library(context, weight_product(), bias_gradient_of(p));
  } else if (p.grad_weight.present()) {
    gemm::multiply(context, weight_product(), workspace);
  }
}

}  // namespace ebb::kernels::cuda
