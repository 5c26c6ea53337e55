#include "kernels/attention/attention.h"

#include <fmt/format.h>

#include "bench/kernels/cudnn_attention.h"
#include "bench/kernels/suite.h"
#include "kernels/attention/attention_reference.h"

namespace ebb::bench {
namespace {

struct AttentionShape {
  std::int64_t batch, heads, tokens, head_dim;
};

/// Nominal operations of the forward direction; the backward one has 2.5 times as many.
double flops_of(const AttentionShape& s) {
  return 4.0 * static_cast<double>(s.batch * s.heads * s.tokens * s.tokens * s.head_dim);
}

void add_inputs(kernels::AttentionInputs& inputs, Operands& operands, const Shape& extents) {
  inputs.query = operands.random(extents);
  inputs.key = operands.random(extents);
  inputs.value = operands.random(extents);
}

kernels::AttentionForward forward_operands(const AttentionShape& s, Operands& operands) {
  const Shape extents{s.batch, s.heads, s.tokens, s.head_dim};
  kernels::AttentionForward p;
  add_inputs(p, operands, extents);
  p.output = operands.result(extents);
  p.log_sum_exp = operands.result_as(operands.statistic(), {s.batch, s.heads, s.tokens});
  return p;
}

kernels::AttentionBackward backward_operands(const AttentionShape& s, Operands& operands) {
  const Shape extents{s.batch, s.heads, s.tokens, s.head_dim};
  kernels::AttentionBackward p;
  add_inputs(p, operands, extents);
  p.output = operands.random(extents);
  // About what scores of such inputs sum to, so that probabilities are below 1.
  const double mean = 0.5 + std::log(static_cast<double>(s.tokens));
  p.log_sum_exp = operands.random_as(operands.statistic(), {s.batch, s.heads, s.tokens}, 0.1, mean);
  p.grad_output = operands.random(extents);
  p.grad_query = operands.result(extents);
  p.grad_key = operands.result(extents);
  p.grad_value = operands.result(extents);
  return p;
}

std::string name_of(const AttentionShape& s) {
  return fmt::format("{}x{}x{}x{}", s.batch, s.heads, s.tokens, s.head_dim);
}

KernelCase forward_case(const AttentionShape& s) {
  return make_case<kernels::AttentionForward>(
      "attention", "forward", name_of(s), flops_of(s), nullptr,
      [s](Operands& operands) { return forward_operands(s, operands); }, kernels::attention,
      kernels::reference::attention<double>);
}

KernelCase backward_case(const AttentionShape& s) {
  return make_case<kernels::AttentionBackward>(
      "attention", "backward", name_of(s), 2.5 * flops_of(s), nullptr,
      [s](Operands& operands) { return backward_operands(s, operands); },
      kernels::attention_backward, kernels::reference::attention_backward<double>);
}

/// The f32 kernels that multiply in TF32.
template <class Parameters>
KernelCase in_tf32(KernelCase kernel_case, const AttentionShape& s,
                   Parameters (*make)(const AttentionShape&, Operands&),
                   void (*kernel)(Context&, const Parameters&)) {
  kernel_case.kernel = [s, make, kernel](Operands& operands) -> std::function<void(Context&)> {
    Parameters parameters = make(s, operands);
    parameters.precision = Precision::tf32;
    return [parameters, kernel](Context& context) { kernel(context, parameters); };
  };
  kernel_case.unsupported = [s](Device device, DType dtype) {
    return kernels::attention_unsupported(device, dtype, s.head_dim, Precision::tf32);
  };
  kernel_case.precision = Precision::tf32;
  return contender(std::move(kernel_case), "tf32");
}

template <class MakeOperands>
KernelCase by_cudnn(KernelCase kernel_case, const AttentionShape& s, MakeOperands* make) {
  kernel_case.kernel = [s, make](Operands& operands) { return cudnn_attention(make(s, operands)); };
  return contender(std::move(kernel_case), "cudnn");
}

}  // namespace

std::vector<KernelCase> attention_cases() {
  std::vector<KernelCase> cases;
  for (const AttentionShape& s :
       {AttentionShape{128, 8, 8, 8}, AttentionShape{32, 8, 20, 16}, AttentionShape{32, 8, 32, 32},
        AttentionShape{8, 8, 64, 64}, AttentionShape{2, 8, 512, 64}}) {
    for (KernelCase kernel_case : {forward_case(s), backward_case(s)}) {
      kernel_case.unsupported = [s](Device device, DType dtype) {
        return kernels::attention_unsupported(device, dtype, s.head_dim);
      };
      cases.push_back(kernel_case);
      const bool is_forward = kernel_case.direction == "forward";
      cases.push_back(
          is_forward ? in_tf32(kernel_case, s, forward_operands, kernels::attention)
                     : in_tf32(kernel_case, s, backward_operands, kernels::attention_backward));
      if constexpr (kBuiltWithCudnn) {
        cases.push_back(is_forward ? by_cudnn(kernel_case, s, forward_operands)
                                   : by_cudnn(kernel_case, s, backward_operands));
      }
    }
  }
  return cases;
}

}  // namespace ebb::bench
