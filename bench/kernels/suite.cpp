#include "bench/kernels/suite.h"

#include <iterator>

namespace ebb::bench {

KernelCase contender(KernelCase kernel_case, const std::string& name) {
  kernel_case.contender = name;
  kernel_case.unsupported = [inner = kernel_case.unsupported](Device device, DType dtype) {
    return device.is_cuda() ? inner(device, dtype) : "only CUDA has contenders";
  };
  return kernel_case;
}

std::vector<KernelCase> all_cases() {
  std::vector<KernelCase> cases;
  for (const auto& folder :
       {activation_cases, adamw_cases, attention_cases, bf16_product_cases, dropout_cases,
        embedding_cases, encoding_cases, layer_norm_cases, linear_cases, loss_cases,
        matrix_product_cases, movement_cases, sgd_cases, softmax_cases, unary_cases}) {
    std::vector<KernelCase> added = folder();
    std::move(added.begin(), added.end(), std::back_inserter(cases));
  }
  return cases;
}

}  // namespace ebb::bench
