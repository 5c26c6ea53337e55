#include "bench/kernels/suite.h"

#include <iterator>

namespace ebb::bench {

std::vector<KernelCase> all_cases() {
  std::vector<KernelCase> cases;
  for (const auto& folder :
       {activation_cases, adamw_cases, attention_cases, dropout_cases, embedding_cases,
        encoding_cases, layer_norm_cases, linear_cases, loss_cases, matrix_product_cases,
        movement_cases, sgd_cases, softmax_cases, unary_cases}) {
    std::vector<KernelCase> added = folder();
    std::move(added.begin(), added.end(), std::back_inserter(cases));
  }
  return cases;
}

}  // namespace ebb::bench
